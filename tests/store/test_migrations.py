"""Migrations: from nothing to today's tables, once, by one process, also from an installed package."""

import importlib.resources
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.errors import ConfigError
from bot.store import history_tables  # noqa: F401 (its tables belong to METADATA)
from bot.store.database import Database, open_engine
from bot.store.migrate import head, upgrade
from bot.store.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/eksip.db"
    address: str = request.getfixturevalue("postgresql_database")
    engine = open_engine(address)
    with Database(engine).writing() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return address


def _is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith(("sample_p", "sample_default"))


def test_the_migrations_make_exactly_the_tables(empty: str) -> None:
    """After an upgrade from nothing Alembic finds no difference between the database and the tables in the code."""
    assert upgrade(empty) == head()
    engine = open_engine(empty)
    with engine.connect() as connection:
        opts = {"compare_server_default": True, "include_name": _is_no_partition}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == head()
    engine.dispose()


def test_a_second_upgrade_changes_nothing(empty: str) -> None:
    """Running it again keeps what is stored."""
    upgrade(empty)
    engine = open_engine(empty)
    with Database(engine).writing() as connection:
        connection.execute(text("INSERT INTO counter (name, value) VALUES ('alert_id', 4821)"))
    assert upgrade(empty) == head()
    with Database(engine).reading() as connection:
        assert connection.execute(text("SELECT value FROM counter")).scalar() == 4821
    engine.dispose()


def test_replicas_that_start_together_upgrade_once(empty: str) -> None:
    """Three upgrades at the same moment all succeed."""
    done: list[str] = []
    threads = [Thread(target=lambda: done.append(upgrade(empty))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [head()] * 3


def test_a_database_of_a_newer_version_is_refused(empty: str) -> None:
    """An older program says so and touches nothing."""
    upgrade(empty)
    engine = open_engine(empty)
    with Database(engine).writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version"):
        upgrade(empty)
    with Database(engine).writing() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})
    engine.dispose()


def test_the_migrations_are_package_data() -> None:
    """The entry point and every revision are found as resources of the package, wherever it is installed."""
    root = importlib.resources.files("bot.store") / "migrations"
    assert (root / "env.py").is_file()
    assert sorted(path.name for path in (root / "versions").iterdir() if path.name.startswith("r")) == [
        "r0001_first_tables.py",
        "r0002_message_outbox.py",
        "r0003_alert_subjects.py",
        "r0004_history.py",
        "r0005_due_reads.py",
        "r0006_forecast_log.py",
        "r0007_runs_out.py",
        "r0008_conversation.py",
        "r0009_digests.py",
        "r0010_broadcast.py",
        "r0011_card_members.py",
        "r0012_subnet_occupancy.py",
        "r0013_chances.py",
    ]
