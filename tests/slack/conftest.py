"""The sender's desk, for the tests of what it does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivering import Clock, Desk

from bot.demo.workspace import Workspace
from bot.store import open_store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an empty outbox."""
    clock = Clock()
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    with Workspace(now=clock) as workspace:
        yield Desk(store=store, workspace=workspace, clock=clock)
    store.close()
