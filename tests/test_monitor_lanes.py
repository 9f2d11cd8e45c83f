"""When each source has its turn, what a listing without a known subnet means, and which places are read more often."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import DEV, NOW, PROD, region_facts, subnet
from endpoint.answers import Kind
from endpoint.plan import account_id, small_fleet
from endpoint.server import Endpoint
from fleet_bot import FleetBot, FleetClock, drain, fleet_bot

from bot import metrics
from bot.facts import Facts, inventory_of, judged_by_age
from bot.inventory import Account, Fleet, Quality
from bot.monitor.missing import with_missing
from bot.monitor.turns import next_turn, own_moment
from bot.store import Store, open_store
from bot.store.due_reads import DueRead, Lane, Source
from bot.store.joining import joined_subnets

POLL = timedelta(minutes=5)
SOURCE = Source(account_id="111122223333", region="eu-west-1", lane=Lane.SUBNETS)
DUE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
READ = DueRead(source=SOURCE, every=POLL, due_at=DUE, started_at=DUE, last_ok_at=DUE - POLL, failures=0)


@pytest.mark.parametrize("late", [pytest.param(0, id="in time"), pytest.param(14, id="a moment late")])
def test_a_read_in_time_keeps_its_rhythm(late: int) -> None:
    """A moment of lateness is not added up."""
    read = replace(READ, started_at=DUE + timedelta(seconds=late))
    assert next_turn(read, poll=POLL, succeeded=True) == DUE + POLL


@pytest.mark.parametrize("late", [timedelta(minutes=1), timedelta(hours=3), timedelta(days=9)])
def test_after_a_late_read_the_source_slides_back_to_its_own_moment(late: timedelta) -> None:
    """Never sooner than an interval later, at most a quarter more, and in a few turns it is there."""
    read = replace(READ, started_at=DUE + late)
    for _ in range(6):
        due = next_turn(read, poll=POLL, succeeded=True)
        assert POLL <= due - read.started_at <= 1.25 * POLL
        read = replace(read, due_at=due - POLL, started_at=due)
    phase = (read.started_at - datetime(2020, 1, 1, tzinfo=UTC)) % POLL
    assert abs(phase - own_moment(SOURCE, POLL)) < timedelta(milliseconds=1)


def test_moments_are_spread_over_the_interval() -> None:
    """Of 2,000 account-regions no tenth of the interval has half as many again as it should."""
    sources = [
        Source(account_id=f"{number:012d}", region=region, lane=Lane.SUBNETS)
        for number in range(500)
        for region in ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
    ]
    tenths = [own_moment(source, POLL) * 10 // POLL for source in sources]
    assert max(tenths.count(tenth) for tenth in range(10)) < 300


@pytest.mark.parametrize(
    ("every", "failures", "minutes"),
    [
        pytest.param(POLL, 0, 5, id="first failure"),
        pytest.param(POLL, 2, 5, id="third: blind by now"),
        pytest.param(POLL, 3, 10, id="fourth"),
        pytest.param(POLL, 4, 20, id="fifth"),
        pytest.param(POLL, 90, 20, id="no longer than four polls"),
        pytest.param(timedelta(minutes=1), 0, 1, id="hot"),
        pytest.param(timedelta(minutes=1), 90, 20, id="hot, for long"),
        pytest.param(timedelta(minutes=15), 0, 5, id="slow: tried again with the next poll"),
    ],
)
def test_a_failing_source_waits_longer_and_longer(every: timedelta, failures: int, minutes: int) -> None:
    read = replace(READ, every=every, failures=failures)
    assert next_turn(read, poll=POLL, succeeded=False) == DUE + timedelta(minutes=minutes)


OWNER = Account(account_id=PROD, name="prod")
KNOWN = region_facts(subnet("subnet-0a"), subnet("subnet-0b"))


@pytest.mark.parametrize(
    ("quality", "gone", "asked", "left"),
    [
        pytest.param(Quality.FRESH, {"subnet-0b"}, [], Quality.UNKNOWN, id="missing once"),
        pytest.param(Quality.UNKNOWN, set(), ["subnet-0b"], Quality.UNKNOWN, id="missing again, and there by id"),
        pytest.param(Quality.UNKNOWN, {"subnet-0b"}, ["subnet-0b"], None, id="missing again, and not found"),
    ],
)
def test_a_subnet_goes_after_two_listings_and_a_direct_question(
    quality: Quality, gone: set[str], asked: list[str], left: Quality | None
) -> None:
    """EC2 is eventually consistent: absence once is not evidence."""
    questions: list[str] = []

    def confirm(subnet_ids: Collection[str]) -> Collection[str]:
        questions.extend(subnet_ids)
        return gone & set(subnet_ids)

    known = replace(KNOWN, subnets=(KNOWN.subnets[0], replace(KNOWN.subnets[1], quality=quality)))
    read = replace(KNOWN, subnets=KNOWN.subnets[:1])
    found = {item.subnet_id: item.quality for item in with_missing(known, read, confirm).subnets}
    assert questions == asked
    assert found == {"subnet-0a": Quality.FRESH, **({} if left is None else {"subnet-0b": left})}


def test_a_deleted_subnet_is_named_as_gone_for_a_day() -> None:
    """With the time at which EC2 said so, also while reads fail; not where another account still has it."""
    missing = replace(KNOWN.subnets[1], quality=Quality.UNKNOWN)
    known = replace(KNOWN, subnets=(KNOWN.subnets[0], missing))
    read = replace(KNOWN, subnets=KNOWN.subnets[:1], observed_at=NOW + POLL)
    gone = with_missing(known, read, lambda ids: ids)
    (found,) = gone.gone
    assert (found.subnet_id, found.quality, found.observed_at) == ("subnet-0b", Quality.GONE, NOW + POLL)
    failed = joined_subnets(gone, replace(read, subnets=(), subnets_complete=False))
    assert failed.gone == gone.gone
    shown = inventory_of(Fleet(accounts=(OWNER,)), [failed], {}, ())
    assert [subnet.subnet_id for subnet in shown.gone] == ["subnet-0b"]
    assert "subnet-0b" not in shown.subnets_by_id
    owner_still_has_it = replace(KNOWN, region="eu-west-2", subnets=(KNOWN.subnets[1],))
    assert inventory_of(Fleet(accounts=(OWNER,)), [failed, owner_still_has_it], {}, ()).gone == ()
    for hours, left in ((23, 1), (25, 0)):
        later = replace(read, observed_at=NOW + timedelta(hours=hours))
        assert len(with_missing(gone, later, lambda _: pytest.fail("asked")).gone) == left


def test_a_failed_listing_proves_nothing() -> None:
    """What it lacks is not even asked for."""
    failed = replace(KNOWN, subnets=(), subnets_complete=False)
    assert with_missing(KNOWN, failed, lambda _: pytest.fail("asked")) == failed


@pytest.mark.parametrize(
    ("age", "quality"),
    [
        pytest.param(timedelta(minutes=15), Quality.FRESH, id="three polls"),
        pytest.param(timedelta(minutes=16), Quality.STALE, id="more than three polls"),
        pytest.param(timedelta(hours=25), Quality.UNKNOWN, id="more than a day"),
    ],
)
def test_the_age_of_a_figure_says_how_far_it_is_to_be_trusted(age: timedelta, quality: Quality) -> None:
    facts = region_facts(subnet(observed_at=NOW - age), observed_at=NOW - age)
    inventory = inventory_of(Fleet(accounts=(OWNER,)), [facts], {}, ())
    assert [item.quality for item in judged_by_age(inventory, NOW, POLL).subnets] == [quality]


def test_what_is_known_is_judged_anew_when_something_in_it_ages() -> None:
    """Until then it is the same object, with all that was worked out of it."""
    clock = FleetClock(at=NOW)
    facts = Facts(reader=lambda: pytest.fail("asked"), stored=lambda: None, now=clock, poll=POLL)
    facts.put(inventory_of(Fleet(accounts=(OWNER,)), [KNOWN], {}, ()))
    first = facts.known()
    assert first is not None
    clock.at = NOW + 3 * POLL
    assert facts.known() is first
    qualities = []
    for age in (3 * POLL + timedelta(seconds=1), timedelta(hours=25), POLL):
        clock.at = NOW + age
        known = facts.known()
        assert known is not None
        qualities.append({subnet.quality for subnet in known.subnets})
    assert qualities == [{Quality.STALE}, {Quality.UNKNOWN}, {Quality.FRESH}]


def test_what_is_planned_and_not_read_counts_as_missing() -> None:
    """So do the regions of an account that was never entered; a region that is planned no more does not."""
    blind = Account(account_id=DEV, name="dev", regions=("eu-west-1", "us-east-1"))
    old = replace(KNOWN, region="eu-south-1")
    planned = {(KNOWN.account_id, KNOWN.region): POLL, (KNOWN.account_id, "us-east-1"): POLL}
    inventory = inventory_of(Fleet(accounts=(OWNER, blind)), [KNOWN, old], planned, ())
    assert [facts.region for facts in inventory.regions] == [KNOWN.region]
    assert inventory.expected_regions == 4


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Three accounts in two regions."""
    with Endpoint(small_fleet()) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


@pytest.fixture
def bot(endpoint: Endpoint, store: Store) -> Iterator[FleetBot]:
    """The bot after its first complete read."""
    with fleet_bot(endpoint, store) as found:
        found.poll()
        yield found


def test_a_place_with_an_alert_is_read_every_minute_until_it_is_over(bot: FleetBot) -> None:
    """The others keep their interval."""
    place = (account_id(1), "us-east-1")
    _, interfaces = drain(bot.endpoint, *place)
    bot.poll()
    paced = bot.store.planned(Lane.SUBNETS)
    assert paced.pop(place) == timedelta(seconds=60)
    assert set(paced.values()) == {POLL}
    for eni_id in interfaces:
        bot.endpoint.release(eni_id)
    bot.poll(8)
    assert set(bot.store.planned(Lane.SUBNETS).values()) == {POLL}


def test_a_restart_goes_on_with_the_turns_there_were(bot: FleetBot) -> None:
    """What is not due is not read again, the stored facts are answered from, and judged once they are read anew."""
    with fleet_bot(bot.endpoint, bot.store) as again:
        again.clock.at = bot.clock.at - POLL + timedelta(minutes=1)
        again.endpoint.forget_calls()
        again.monitor.begin()
        assert bot.store.claim_reads("again", again.clock(), limit=9, lasts=POLL) == ()
        low, _ = drain(again.endpoint, account_id(0), "eu-west-1")
        report = again.monitor.evaluate()
        assert report is not None
        assert (report.regions_read, report.transitions, report.swept) == (6, (), False)
        assert len(again.known().subnets) == 36
        again.clock.at += POLL
        report = again.poll()
        assert report.swept
        assert {step.alert.subnet_id for step in report.transitions if step.alert} - {""} == {low}


def test_the_vpcs_are_read_once_at_the_start(bot: FleetBot) -> None:
    """By the clusters' read, which lists them anyway."""
    calls = [count for key, count in bot.endpoint.calls.counts.items() if key.api == "DescribeVpcs"]
    assert calls == [1] * 6


def test_an_evaluation_without_news_does_nothing(bot: FleetBot) -> None:
    """Only once a minute the alerts are looked at for what ends by the clock."""
    bot.clock.at -= POLL
    assert bot.monitor.evaluate() is None
    bot.clock.at += timedelta(seconds=61)
    assert bot.monitor.evaluate() is not None


def test_coverage_and_the_last_reads_are_metrics(bot: FleetBot) -> None:
    """A blind account lowers the ratio, and its last read stays where it was."""
    bot.endpoint.fail(Kind.DENIED, account_id=account_id(2))
    began = bot.clock()
    bot.poll(2)
    assert metrics.REGISTRY.get_sample_value("eksip_coverage_ratio") == pytest.approx(4 / 6)
    for number, behind in ((0, -POLL), (2, POLL)):
        labels = {"account": account_id(number), "region": "eu-west-1", "api": "DescribeSubnets"}
        at = metrics.REGISTRY.get_sample_value("eksip_sweep_last_success_timestamp", labels)
        assert at == (began - behind).timestamp()


def test_a_fleet_that_does_not_answer_at_all_is_measured_all_the_same(bot: FleetBot) -> None:
    """No sweep is ever complete then, and coverage says nothing."""
    metrics.coverage_ratio.set(1)
    bot.endpoint.fail(Kind.DENIED)
    bot.clock.at += 4 * POLL
    report = bot.monitor.evaluate()
    assert report is not None
    assert (report.swept, metrics.REGISTRY.get_sample_value("eksip_coverage_ratio")) == (False, 0)


def test_the_estate_is_measured_with_each_sweep(bot: FleetBot) -> None:
    """Every zone of a cluster has its series."""
    shown = metrics.exposition().decode()
    assert "eksip_subnet_available_ips{" in shown
    zones = [line for line in shown.splitlines() if line.startswith("eksip_cluster_zone_available_ips{")]
    assert {account_id(number) for number in range(3)} == {line.split('account="')[1].split('"')[0] for line in zones}
