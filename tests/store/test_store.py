"""Watches, deliveries, pruning, copies, the lead, and a process that dies between saving and sending."""

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from stored_alerts import CHANNELS, FIRING, OPENED, save_steps

from bot.alerts import Step, Transition
from bot.errors import ConfigError, UserError
from bot.store import Store, Watch, open_engine, open_store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_channel_watches_a_scope_once(store: Store) -> None:
    """Adding twice says so; removing what is not there says so; each channel has its own."""
    assert store.add_watch("C1", "cluster:111122223333/eu-west-1/prod-eu", "prod-eu", "U1", NOW)
    assert not store.add_watch("C1", "cluster:111122223333/eu-west-1/prod-eu", "prod-eu", "U2", NOW)
    assert store.add_watch("C2", "all", "all", "U1", NOW + timedelta(seconds=1))
    assert [watch.scope for watch in store.watches()] == ["cluster:111122223333/eu-west-1/prod-eu", "all"]
    assert store.watches("C2") == (
        Watch(channel="C2", scope="all", label="all", created_by="U1", created_at=NOW + timedelta(seconds=1)),
    )
    assert store.remove_watch("C2", "all")
    assert not store.remove_watch("C2", "all")


def test_a_delivery_is_taken_once(store: Store) -> None:
    """The second arrival of an event is not the first; after a day its key is forgotten."""
    assert store.first_time("Ev1", NOW)
    assert not store.first_time("Ev1", NOW)
    assert store.prune(NOW + timedelta(hours=23)) == 0
    assert store.prune(NOW + timedelta(hours=25)) == 1
    assert store.first_time("Ev1", NOW)


def test_a_delivery_that_reaches_several_threads_is_taken_once(store: Store) -> None:
    """Ten arrivals at once: one is the first."""
    answers: list[bool] = []
    threads = [Thread(target=lambda: answers.append(store.first_time("Ev1", NOW))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 9 + [True]


def test_pruning_keeps_open_alerts_and_what_is_still_to_be_sent(store: Store) -> None:
    """A resolved alert goes after 90 days, unless Slack has not heard of it; an open one stays."""
    (first, _) = save_steps(
        store, [OPENED, Step(alert=replace(FIRING, scope_key="subnet:2"), transition=Transition.OPENED)], CHANNELS, NOW
    )
    assert first.alert is not None
    ended = replace(first.alert, resolved_at=NOW, resolution="recovered", revision=2)
    save_steps(store, [Step(alert=ended, transition=Transition.RESOLVED)], {}, NOW)
    much_later = NOW + timedelta(days=91)
    assert store.prune(much_later) == 0
    for item in store.claim(NOW, "sender"):
        store.mark_sent(item, NOW, item.channel, "1.1")
    store.prune(much_later)
    assert store.alert(1001) is None
    assert store.alert_events(1001) == ()
    assert store.alert(1002) is not None


def test_a_store_answers_whether_it_is_healthy(store: Store) -> None:
    """A database that answers is healthy."""
    assert store.healthy()


def test_a_database_that_went_away_is_not_healthy(tmp_path: Path) -> None:
    """When the file can no longer be opened the store says so in place of raising."""
    (tmp_path / "data").mkdir()
    store = open_store(f"sqlite:///{tmp_path}/data/eksip.db")
    store.close()
    (tmp_path / "data").rename(tmp_path / "moved")
    assert not store.healthy()


def test_a_copy_is_complete_and_never_overwrites(store: Store, tmp_path: Path) -> None:
    """On SQLite the copy opens and holds what was saved, a second copy to the same file is refused; PostgreSQL has
    its own tool, and the answer names it."""
    store.add_watch("C1", "all", "all", "U1", NOW)
    copy = tmp_path / "copy.db"
    if store.engine.dialect.name == "postgresql":
        with pytest.raises(UserError, match="pg_dump"):
            store.backup(copy)
        return
    store.backup(copy)
    with pytest.raises(UserError, match=r"exists already"):
        store.backup(copy)
    with pytest.raises(UserError, match="cannot be written"):
        store.backup(tmp_path / "nowhere" / "copy.db")
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    restored = open_store(f"sqlite:///{copy}")
    assert [watch.channel for watch in restored.watches()] == ["C1"]
    restored.close()


def test_sqlite_is_opened_for_safety(tmp_path: Path) -> None:
    """Write-ahead log, full synchronisation, foreign keys and a busy timeout are on for every connection."""
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_writer_waits_its_turn(tmp_path: Path) -> None:
    """While another process writes to the SQLite file, a save waits for it in place of failing."""
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    other = sqlite3.connect(tmp_path / "eksip.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers: list[bool] = []
    saving = Thread(target=lambda: answers.append(store.first_time("Ev1", NOW)))
    saving.start()
    saving.join(0.3)
    assert answers == []
    other.execute("COMMIT")
    saving.join()
    other.close()
    store.close()
    assert answers == [True]


def test_one_process_serves_from_a_sqlite_file(tmp_path: Path) -> None:
    """A second one is refused with a sentence; when the first stops, it may."""
    stores = [open_store(f"sqlite:///{tmp_path}/eksip.db") for _ in range(2)]
    first, second = (store.serving(f"process-{n}") for n, store in enumerate(stores))
    assert first.lead()
    assert first.lead()
    with pytest.raises(ConfigError, match=r"Another eksip serves from .*eksip\.db already"):
        second.lead()
    first.stop()
    assert second.lead()
    second.stop()
    for store in stores:
        store.close()


def test_replicas_on_postgresql_have_one_leader(postgresql_database: str) -> None:
    """One leads and keeps the lead; after it stops the other takes over with a higher fence, and the first is told."""
    store = Store(open_engine(postgresql_database))
    first, second = store.serving("replica-a"), store.serving("replica-b")
    assert first.lead()
    before = [fence for fence in [first.fence] if fence is not None]
    assert first.lead()
    assert [first.fence] == before
    assert not second.lead()
    first.stop()
    assert second.lead()
    assert [second.fence] == [fence + 1 for fence in before]
    assert not first.lead()
    second.stop()
    store.close()


_DIES = """
import sys, time
from datetime import UTC, datetime
from dataclasses import replace
from bot.store import open_store
sys.path.insert(0, sys.argv[2])
from stored_alerts import CHANNELS, NOW, OPENED, save_steps
store = open_store(sys.argv[1])
save_steps(store, [OPENED], CHANNELS, NOW)
if sys.argv[3] == "claims":
    store.claim(NOW, "dead", limit=1)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("moment", [pytest.param("saves", id="after saving"), pytest.param("claims", id="sending")])
def test_a_killed_process_loses_no_message(address: str, moment: str) -> None:
    """SIGKILL between save and send: the messages are claimable; one that was being sent counts as ambiguous."""
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES, address, str(Path(__file__).parents[1]), moment],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    store = open_store(address)
    items = store.claim(NOW + timedelta(seconds=31), "next")
    assert [(item.alert_id, item.channel) for item in items] == [(1001, "C1"), (1001, "C2")]
    died_sending = [item.ambiguous_since for item in items]
    assert died_sending == ([NOW, None] if moment == "claims" else [None, None])
    store.close()
