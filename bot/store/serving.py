"""Who serves: one process on SQLite, one leader among the replicas on PostgreSQL."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bot.errors import ConfigError
from bot.store.database import Database, sqlite_path
from bot.store.locks import LockFile
from bot.store.tables import LEASE

LEADER = "serve"
LEASE_LASTS = timedelta(seconds=15)
"""How long a leader that went silent keeps its place; it renews every third of this."""

_TAKE = text(
    "INSERT INTO lease (name, owner, fence, until) "
    "VALUES (:name, :owner, 1, clock_timestamp() + make_interval(secs => :seconds)) "
    "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, "
    "fence = lease.fence + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END "
    "WHERE lease.owner = excluded.owner OR lease.until < clock_timestamp() RETURNING fence"
)


class Serving:
    """This process's place as the one that polls and sends.

    On SQLite `lead` locks a file beside the database, which ends with the process however it ends. On PostgreSQL it
    takes or renews the lease row, by the database's clock, and must be called every LEASE_LASTS / 3.
    """

    def __init__(self, engine: Engine, owner: str) -> None:
        self.owner = owner
        self.fence: int | None = None
        self._database = Database(engine)
        self._path = sqlite_path(engine)
        self._file: LockFile | None = None

    def lead(self) -> bool:
        """Take or keep the lead; False while another replica has it (PostgreSQL).

        Raises: ConfigError when another process serves from the same SQLite file.
        """
        if self._path is not None:
            self._lock_file(self._path)
            return True
        with self._database.writing() as connection:
            found = connection.execute(
                _TAKE, {"name": LEADER, "owner": self.owner, "seconds": LEASE_LASTS.total_seconds()}
            ).scalar()
        self.fence = None if found is None else int(found)
        return self.fence is not None

    def stop(self) -> None:
        """Give the lead away, so that nobody has to wait for it to run out."""
        if self._file is not None:
            self._file.release()
            self._file = None
        if self.fence is not None:
            with self._database.writing() as connection:
                mine = LEASE.c.name == LEADER, LEASE.c.owner == self.owner
                connection.execute(LEASE.update().where(*mine).values(until=text("clock_timestamp()")))
            self.fence = None

    def _lock_file(self, path: Path) -> None:
        if self._file is not None:
            return
        try:
            self._file = LockFile(Path(f"{path}.serve.lock"), wait=False)
        except BlockingIOError as exc:
            raise ConfigError(
                [f"Another eksip serves from {path} already: stop it first, or give this one its own DATABASE_URL."]
            ) from exc
