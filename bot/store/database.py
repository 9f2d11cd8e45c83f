"""The database behind the store: which one, how it is opened, and its read and write transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, Select, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError

from bot.errors import ConfigError, EksipError
from bot.store.write_turns import WriteTurns

BUSY_MILLISECONDS = 5000
"""How long a SQLite writer waits for another process: longer than any transaction of ours takes."""

TURN_SECONDS = 30.0
"""How long a SQLite writer waits for the threads of this process that asked before it."""

CONNECT_SECONDS = 5
"""How long a connection to PostgreSQL may take before the server counts as unreachable."""

_WRITES = "eksip_writes"
_EXAMPLE = "for example sqlite:///eksip.db or postgresql://user@host/eksip"


class WriteTimeoutError(EksipError):
    """The database was busy with other writers of this process for too long; nothing was written."""


def database_url(text: str) -> URL:
    """The address of the database: a SQLite file, or PostgreSQL through psycopg (`postgres://` is accepted).

    Raises: ConfigError that never repeats the address, since it may hold a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as exc:
        raise ConfigError([f"DATABASE_URL is not a database address; write it {_EXAMPLE}."]) from exc
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        if not url.database:
            raise ConfigError([f"DATABASE_URL names no database; write it {_EXAMPLE}."])
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ConfigError([f"DATABASE_URL: `{url.drivername}` is not supported; write it {_EXAMPLE}."])
    if not url.database or url.database == ":memory:":
        raise ConfigError(["DATABASE_URL: SQLite needs a file, for example sqlite:///eksip.db."])
    return url


def open_engine(address: str) -> Engine:
    """An engine for the database, tried once.

    Raises: ConfigError when the address is unusable, the file cannot be written or the server cannot be reached.
    """
    url = database_url(address)
    engine = _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgresql_engine(url)
    try:
        with engine.connect():
            pass
    except DatabaseError as exc:
        engine.dispose()
        raise ConfigError([_unreachable(url, exc)]) from exc
    return engine


def sqlite_path(engine: Engine) -> Path | None:
    """The file of a SQLite database; None on PostgreSQL."""
    if engine.dialect.name != "sqlite" or engine.url.database is None:
        return None
    return Path(engine.url.database)


class Database:
    """Transactions on one database; safe to use from several threads."""

    def __init__(self, engine: Engine, *, turn_seconds: float = TURN_SECONDS) -> None:
        self.engine = engine
        self._turn_seconds = turn_seconds
        self._turns = _turns_of(engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back when anything is raised.

        On SQLite it takes the write lock at once: a read that later turns into a write could not wait its turn. Threads
        of this process get it in the order in which they ask, so one must not ask again inside.
        Raises: WriteTimeoutError when the turn did not come in time (TURN_SECONDS).
        """
        turns = self._turns
        if turns is not None and not turns.take(self._turn_seconds):
            raise WriteTimeoutError(
                f"The database was busy with other writes for {self._turn_seconds:g} s, and {turns.waiting} more wait; "
                "nothing was written."
            )
        try:
            with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
                yield connection
        finally:
            if turns is not None:
                turns.pass_on()

    def may_find(self, query: Select[Any]) -> bool:
        """Whether a claim by this query is worth a transaction that writes: on SQLite it is asked by a read first.

        PostgreSQL lets many write at once, so there the claim itself is the only question.
        """
        if self._turns is None:
            return True
        with self.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


_TURNS: WeakKeyDictionary[Engine, WriteTurns] = WeakKeyDictionary()
_TURNS_LOCK = threading.Lock()


def _turns_of(engine: Engine) -> WriteTurns | None:
    """The turns of everything that shares this engine; None on PostgreSQL, which has many writers at once."""
    if engine.dialect.name != "sqlite":
        return None
    with _TURNS_LOCK:
        return _TURNS.setdefault(engine, WriteTurns())


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT of the connection's own dialect, which both know with ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _sqlite_engine(url: URL) -> Engine:
    path = Path(url.database or "")
    if path.is_dir():
        raise ConfigError([f"DATABASE_URL: {path} is a directory, not a file."])
    if not path.parent.is_dir():
        raise ConfigError([f"DATABASE_URL: there is no directory {path.parent} to keep {path.name} in."])
    engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN comes late and is never IMMEDIATE; with None it keeps out and `_begin` decides.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
    except ModuleNotFoundError as exc:
        raise ConfigError(
            ["DATABASE_URL names PostgreSQL, and its driver is missing: install eksip[postgres]."]
        ) from exc


def _unreachable(url: URL, error: DatabaseError) -> str:
    if url.get_backend_name() == "sqlite":
        return f"DATABASE_URL: {url.database} cannot be opened for writing: {error.orig}."
    reason = " ".join(str(error.orig).split())
    if url.password:
        reason = reason.replace(str(url.password), "***")
    return f"DATABASE_URL: PostgreSQL at {url.render_as_string(hide_password=True)} cannot be reached: {reason}"
