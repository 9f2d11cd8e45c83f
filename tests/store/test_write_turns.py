"""Writers of one process on SQLite: each gets its turn in order, and asking for work that is not there needs none."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from bot.store import Store
from bot.store.database import Database, WriteTimeoutError, open_engine
from bot.store.migrate import upgrade_engine
from bot.store.tables import FIRST_TIME
from bot.store.write_turns import WriteTurns

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(name="impatient")
def _impatient(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite whose writers give up soon."""
    engine = open_engine(f"sqlite:///{tmp_path / 'eksip.db'}")
    upgrade_engine(engine)
    store = Store(engine, turn_seconds=0.05)
    yield store
    store.close()


@pytest.mark.timeout(60)
def test_the_turn_goes_to_whoever_has_waited_longest() -> None:
    turns, order = WriteTurns(), list[int]()

    def take(number: int) -> None:
        assert turns.take(30)
        order.append(number)
        turns.pass_on()

    assert turns.take(0)
    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        while turns.waiting <= number:
            time.sleep(0.001)
    turns.pass_on()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    turns = WriteTurns()
    assert turns.take(0)
    assert not turns.take(0.01)
    assert turns.waiting == 0
    turns.pass_on()
    assert turns.take(0)


@pytest.mark.timeout(60)
def test_many_threads_write_through_one_engine_and_none_is_refused(impatient: Store) -> None:
    """Also through several objects on the engine; none of them sleeps while another overtakes it."""
    failures: list[BaseException] = []

    def write(name: int) -> None:
        database = Database(impatient.engine, turn_seconds=50)
        try:
            for number in range(15):
                with database.writing() as connection:
                    connection.execute(insert(FIRST_TIME).values(key=f"{name}-{number}", at=NOW))
        except Exception as exc:  # told to the test below
            failures.append(exc)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with impatient.reading() as connection:
        assert connection.execute(select(func.count()).select_from(FIRST_TIME)).scalar() == 12 * 15


def test_a_writer_whose_turn_does_not_come_says_so_and_the_next_one_writes(impatient: Store) -> None:
    other = Database(impatient.engine)
    with other.writing(), pytest.raises(WriteTimeoutError, match=r"busy with other writes for 0\.05 s"):
        impatient.first_time("a", NOW)
    assert impatient.first_time("a", NOW)


def test_a_failed_write_passes_its_turn_on(impatient: Store) -> None:
    with pytest.raises(ZeroDivisionError), impatient.writing():
        raise ZeroDivisionError
    assert impatient.first_time("a", NOW)


def test_where_nothing_is_due_nobody_waits_for_a_writer(impatient: Store) -> None:
    """While another thread writes for long, asking for work is answered at once by a read."""
    with Database(impatient.engine).writing():
        assert impatient.claim(NOW, "me", per_channel=1) == ()
        assert impatient.claim_messages(NOW, "me", per_channel=1) == ()
        assert impatient.claim_boards(NOW, NOW + MINUTE, 5) == ()
        assert impatient.claim_reads("me", NOW, limit=5, lasts=MINUTE) == ()
        impatient.finish_reads("me", ())
        assert impatient.save_subnets(()) == {}
        assert impatient.save_clusters(()) == {}
        impatient.save_account_blind_spots((), of={"111111111111"})
        impatient.save_account_blind_spots(())
