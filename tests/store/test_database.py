"""DATABASE_URL in its forms, and its mistakes told without the password."""

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store.database import database_url, open_engine
from bot.store.migrate import upgrade


@pytest.mark.parametrize(
    ("address", "driver"),
    [
        pytest.param("sqlite:///eksip.db", "sqlite", id="relative file"),
        pytest.param("sqlite:////var/lib/eksip.db", "sqlite", id="absolute file"),
        pytest.param("postgres://u:p@host/eksip", "postgresql+psycopg", id="the short form"),
        pytest.param("postgresql://u:p@host:5433/eksip?sslmode=require", "postgresql+psycopg", id="the long form"),
        pytest.param(" postgresql+psycopg://host/eksip\n", "postgresql+psycopg", id="our own form, with white space"),
    ],
)
def test_accepted_addresses(address: str, driver: str) -> None:
    """SQLite files and PostgreSQL under every usual spelling."""
    assert database_url(address).drivername == driver


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param("", "not a database address", id="empty"),
        pytest.param("hunter2", "not a database address", id="no address at all"),
        pytest.param("postgres://u:hunter2@host:port/eksip", "not a database address", id="a port that is no number"),
        pytest.param("mysql://u:hunter2@host/eksip", "`mysql` is not supported", id="another database"),
        pytest.param("postgresql://u:hunter2@host", "names no database", id="no database"),
        pytest.param("sqlite://", "SQLite needs a file", id="no file"),
        pytest.param("sqlite:///:memory:", "SQLite needs a file", id="memory"),
        pytest.param("sqlite:////nowhere/at/all/eksip.db", "there is no directory /nowhere/at/all", id="no directory"),
        pytest.param("sqlite:////", "is a directory", id="a directory"),
        pytest.param("sqlite:////proc/eksip.db", "/proc", id="a directory that takes no files"),
        pytest.param("postgres://u:hunter2@127.0.0.1:1/eksip", "cannot be reached", id="nobody listens"),
    ],
)
def test_unusable_addresses_are_told_without_their_password(address: str, said: str) -> None:
    """Each mistake has its sentence, and none repeats the password."""
    with pytest.raises(ConfigError) as caught:
        open_engine(address)
    assert said in caught.value.message
    assert "hunter2" not in caught.value.message
    assert caught.value.message.startswith("DATABASE_URL")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """A text file in place of the database is refused with a sentence, and left as it was."""
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n" * 100)
    with pytest.raises(ConfigError, match=r"notes\.txt"):
        upgrade(f"sqlite:///{path}")
    assert path.read_text().startswith("shopping list")
