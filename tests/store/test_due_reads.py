"""Due reads: each claimed by one owner at a time, kept until it is finished, and never dropped."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import Store, open_engine
from bot.store.due_reads import DueRead, Finished, Lane, Source

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""The clock of SQLite's only process; PostgreSQL has its own, and due times here lie hours beside either."""

EVERY = timedelta(minutes=5)
LASTS = timedelta(minutes=1)
EU = Source(account_id="111122223333", region="eu-west-1", lane=Lane.SUBNETS)
US = Source(account_id="111122223333", region="us-east-1", lane=Lane.SUBNETS)
EKS = Source(account_id="111122223333", region="eu-west-1", lane=Lane.CLUSTERS)


def claim(store: Store, owner: str = "one", *, limit: int = 10, now: datetime = NOW) -> tuple[DueRead, ...]:
    """What the owner gets."""
    return store.claim_reads(owner, now, limit=limit, lasts=LASTS)


def finish(store: Store, read: DueRead, owner: str = "one", *, succeeded: bool = True) -> None:
    """Give a read back, due again in an hour."""
    due_at = read.started_at + timedelta(hours=1)
    store.finish_reads(owner, [Finished(source=read.source, succeeded=succeeded, due_at=due_at)])


def test_a_new_source_is_due_at_once_and_planned_once(store: Store) -> None:
    """Planned again it keeps its turn and its interval."""
    store.plan_reads([EU, US], EVERY, NOW)
    reads = claim(store)
    assert {read.source for read in reads} == {EU, US}
    assert {(read.every, read.last_ok_at, read.failures) for read in reads} == {(EVERY, None, 0)}
    for read in reads:
        finish(store, read)
    store.plan_reads([EU, US], timedelta(hours=2), NOW)
    assert claim(store) == ()
    assert store.planned(Lane.SUBNETS) == {("111122223333", "eu-west-1"): EVERY, ("111122223333", "us-east-1"): EVERY}


def test_a_claimed_read_belongs_to_one_owner(store: Store) -> None:
    """Another gets what is left, and nothing of what is held."""
    store.plan_reads([EU, US], EVERY, NOW)
    (first,) = claim(store, "one", limit=1)
    (second,) = claim(store, "two")
    assert {first.source, second.source} == {EU, US}
    assert claim(store, "three") == ()


def test_what_a_silent_owner_held_goes_to_another_and_not_back(store: Store) -> None:
    """After its claim ran out its late result changes nothing of the new owner's."""
    store.plan_reads([EU], EVERY, NOW)
    (lost,) = store.claim_reads("one", NOW, limit=1, lasts=timedelta(0))
    (taken,) = claim(store, "two")
    assert taken.source == EU
    finish(store, lost, "one", succeeded=False)
    assert claim(store, "three") == ()
    finish(store, taken, "two")
    store.hasten_reads([Lane.SUBNETS], NOW)
    assert [read.failures for read in claim(store)] == [0]


def test_a_living_owner_keeps_its_claims(store: Store) -> None:
    """Renewed, they outlast what they were given for."""
    store.plan_reads([EU], EVERY, NOW)
    store.claim_reads("one", NOW, limit=1, lasts=timedelta(0))
    store.renew_claims("one", [EU], NOW, lasts=LASTS)
    assert claim(store, "two") == ()


def test_a_claim_of_which_its_owner_knows_nothing_is_not_kept(store: Store) -> None:
    """The database went away before it could say that the claim was given, or that the result was taken."""
    store.plan_reads([EU, US], EVERY, NOW)
    claim(store, "one")
    store.renew_claims("one", [US], NOW, lasts=LASTS)
    assert [read.source for read in claim(store, "two")] == [EU]


def test_what_is_given_back_unread_is_due_at_once(store: Store) -> None:
    """A replica that stops orderly leaves nobody waiting."""
    store.plan_reads([EU], EVERY, NOW)
    claim(store, "one")
    store.release_reads("one")
    assert [read.source for read in claim(store, "two")] == [EU]


def test_failures_in_a_row_are_counted(store: Store) -> None:
    """A success ends the row, and says when it was."""
    store.plan_reads([EU], EVERY, NOW)
    for failures in range(3):
        (read,) = claim(store)
        assert read.failures == failures
        finish(store, read, succeeded=False)
        store.hasten_reads([Lane.SUBNETS], NOW)
    (read,) = claim(store)
    finish(store, read)
    store.hasten_reads([Lane.SUBNETS], NOW)
    (again,) = claim(store)
    assert (again.failures, again.last_ok_at) == (0, read.started_at)


def test_a_shorter_interval_brings_the_next_read_nearer(store: Store) -> None:
    """And a longer one leaves the turn that was given."""
    store.plan_reads([EU, US], EVERY, NOW)
    for read in claim(store):
        finish(store, read)
    store.pace_reads([EU], timedelta(0))
    assert [read.source for read in claim(store)] == [EU]
    store.pace_reads([US], timedelta(days=1))
    assert claim(store) == ()
    assert store.planned(Lane.SUBNETS)["111122223333", "us-east-1"] == timedelta(days=1)


def test_the_longest_due_come_first(store: Store) -> None:
    """However many wait, nobody is overtaken."""
    store.plan_reads([US], EVERY, NOW)
    store.plan_reads([EU], EVERY, NOW + timedelta(seconds=1))
    assert [read.source for read in claim(store, limit=1, now=NOW + timedelta(minutes=1))] == [US]


@pytest.mark.parametrize(
    ("regions", "left"),
    [
        pytest.param(None, set(), id="the account"),
        pytest.param(["us-east-1"], {EU, EKS}, id="a region of it"),
        pytest.param([], {EU, US, EKS}, id="no region"),
    ],
)
def test_what_is_forgotten_is_read_no_more(store: Store, regions: list[str] | None, left: set[Source]) -> None:
    """All lanes of it."""
    store.plan_reads([EU, US, EKS], EVERY, NOW)
    store.forget_reads(["111122223333"], regions)
    assert {read.source for read in claim(store)} == left


def test_the_backlog_says_how_far_each_lane_is_behind(store: Store) -> None:
    """What is under way is not overdue."""
    store.plan_reads([EU, US, EKS], EVERY, NOW)
    claim(store, limit=1)
    behind = {found.lane: found for found in store.backlog(NOW + timedelta(seconds=30))}
    sums = [(lane, behind[lane].sources) for lane in (Lane.SUBNETS, Lane.CLUSTERS)]
    assert sums == [(Lane.SUBNETS, 2), (Lane.CLUSTERS, 1)]
    assert sum(found.claimed for found in behind.values()) == 1
    assert sum(found.overdue for found in behind.values()) == 2
    assert all((found.oldest_due_at is not None) is (found.overdue > 0) for found in behind.values())


def test_a_clock_that_was_set_back_leaves_nothing_unread(sqlite_file: Path, tmp_path: Path) -> None:
    """What is due or claimed an hour ahead is due now, and once; SQLite's only process has no other clock."""
    store = _copied(sqlite_file, tmp_path)
    later = NOW + timedelta(hours=1)
    store.plan_reads([EU, US], EVERY, later)
    (read, _) = claim(store, now=later)
    finish(store, read)
    again = claim(store, now=NOW)
    assert [(each.due_at, each.started_at) for each in again] == [(NOW, NOW), (NOW, NOW)]
    assert claim(store, "two", now=NOW) == ()
    store.close()


def test_a_read_that_a_kill_ended_while_the_clock_was_set_back_is_read_before_the_clock_is_there_again(
    sqlite_file: Path, tmp_path: Path
) -> None:
    """Its old due time lies ahead and its beginning does not: nothing of it may wait for the old time."""
    store = _copied(sqlite_file, tmp_path)
    store.plan_reads([EU], EVERY, NOW + timedelta(hours=1))
    (read,) = claim(store, now=NOW + timedelta(hours=1))
    finish(store, read)
    claim(store, "killed", now=NOW)
    store.release_left_reads()
    assert [read.source for read in claim(store, "next", now=NOW + timedelta(seconds=10))] == [EU]
    store.close()


def test_a_read_that_never_began_does_not_wait_for_a_clock_that_was_set_back(sqlite_file: Path, tmp_path: Path) -> None:
    store = _copied(sqlite_file, tmp_path)
    store.plan_reads([EU], EVERY, NOW + timedelta(hours=1))
    assert [read.source for read in claim(store, now=NOW)] == [EU]
    store.close()


def test_what_a_killed_process_had_claimed_is_due_at_once_where_only_one_serves(
    sqlite_file: Path, tmp_path: Path
) -> None:
    """Nobody else can hold it on SQLite."""
    store = _copied(sqlite_file, tmp_path)
    store.plan_reads([EU], EVERY, NOW)
    claim(store, "killed")
    store.release_left_reads()
    assert [read.source for read in claim(store, "next")] == [EU]
    store.close()


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_where_replicas_share_the_reads_a_new_one_takes_none_from_another(store: Store) -> None:
    """On PostgreSQL the other may be at work."""
    store.plan_reads([EU], EVERY, NOW)
    claim(store, "other")
    store.release_left_reads()
    assert claim(store, "new") == ()


def _copied(sqlite_file: Path, folder: Path) -> Store:
    shutil.copy(sqlite_file, folder / "eksip.db")
    return Store(open_engine(f"sqlite:///{folder}/eksip.db"))
