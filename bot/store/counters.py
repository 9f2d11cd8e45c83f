"""Numbers that are given out once: of alerts, of silences."""

from sqlalchemy import Connection

from bot.store.database import insert_into
from bot.store.tables import COUNTER


def next_number(connection: Connection, name: str, first: int) -> int:
    """The next number of this name, `first` at first; never the same one twice."""
    statement = insert_into(connection, COUNTER).values(name=name, value=first)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": COUNTER.c.value + 1})
    return int(connection.execute(statement.returning(COUNTER.c.value)).scalar_one())
