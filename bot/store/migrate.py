"""Bringing the database to the tables of this version, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from bot.errors import ConfigError
from bot.store.database import Database, open_engine, sqlite_path
from bot.store.locks import LockFile

ADVISORY_LOCK = 0x656B736970
"""The key under which PostgreSQL lets one process migrate at a time: the letters "eksip"."""


def upgrade(address: str) -> str:
    """Bring the database to this version's tables; the name of the revision it is at afterwards.

    Raises: ConfigError when the database cannot be used, or was made by a newer version.
    """
    engine = open_engine(address)
    try:
        return upgrade_engine(engine)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine) -> str:
    """The same, on an open engine."""
    with _one_at_a_time(engine), Database(engine).writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = _config(connection)
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise ConfigError(
                ["The database was made by a newer version of eksip; run that version, or restore a backup."]
            ) from exc
        return head()


def head() -> str:
    """The newest revision this version knows."""
    found = ScriptDirectory.from_config(_config(None)).get_current_head()
    if found is None:
        raise ConfigError(["This installation of eksip holds no migrations; install it again."])
    return found


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Holds a lock beside a SQLite file; PostgreSQL has its own, taken in the transaction."""
    path = sqlite_path(engine)
    if path is None:
        yield
        return
    lock = LockFile(Path(f"{path}.upgrade.lock"), wait=True)
    try:
        yield
    finally:
        lock.release()
