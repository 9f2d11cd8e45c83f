"""Alembic's entry point: runs the revisions on the connection that `bot.store.migrate` opened and locked."""

from alembic import context
from sqlalchemy import Connection

from bot.store.tables import METADATA

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
