"""A fleet on bad days: what cannot be read is said and nothing else changes, and no interval of the rest is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from endpoint.answers import Kind
from endpoint.engine import Calls
from endpoint.plan import account_id, small_fleet
from endpoint.server import Endpoint
from fleet_bot import FleetBot, accounts_of, drain, fleet_bot, lanes_of, lanes_running, wall_clock

from bot.alerts import Transition
from bot.aws.reader import Reader
from bot.aws.sessions import Sessions
from bot.config import aws_environment, load
from bot.inventory import Quality
from bot.store import Store, open_store
from bot.store.due_reads import Lane
from bot.views import coverage_words

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]

EU, US = "eu-west-1", "us-east-1"
FIRST, SECOND, THIRD = (account_id(number) for number in range(3))


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
        report = found.poll()
        assert (report.regions_read, report.regions_expected, report.swept) == (6, 6, True)
        yield found


def qualities(bot: FleetBot) -> dict[tuple[str, str], set[Quality]]:
    """The qualities of the subnets the bot answers from, by account and region."""
    found: dict[tuple[str, str], set[Quality]] = {}
    for subnet in bot.known().subnets:
        found.setdefault((subnet.account_id, subnet.region), set()).add(subnet.quality)
    return found


def reads(bot: FleetBot, account: str, region: str) -> int:
    """How often the subnets of a place were asked for and given."""
    return _given(bot.endpoint.calls, account, region)


def open_subnets(bot: FleetBot) -> list[str]:
    """The subnets with an open alert."""
    return [alert.subnet_id for alert in bot.store.open_alerts() if alert.subnet_id]


def test_one_denied_account_is_blind_and_the_others_are_read_in_every_interval(bot: FleetBot) -> None:
    """Its facts stay with their age, coverage says what is missing, one alert tells of it, and it comes back."""
    bot.endpoint.forget_calls()
    fault = bot.endpoint.fail(Kind.DENIED, account_id=SECOND)
    report = bot.poll(4)
    assert (report.regions_read, report.regions_expected) == (4, 6)
    assert coverage_words(bot.known(), bot.clock()) == "4 of 6 account-regions; oldest 25 min"
    assert qualities(bot)[SECOND, EU] == {Quality.STALE}
    assert qualities(bot)[FIRST, EU] == {Quality.FRESH}
    assert [reads(bot, place, EU) for place in (FIRST, SECOND, THIRD)] == [4, 0, 4]
    assert {alert.account_id for alert, _ in bot.told} == {SECOND}
    assert {alert.rule for alert, _ in bot.told} == {"blind"}
    bot.endpoint.repair(fault)
    report = bot.poll(5)
    assert (report.regions_read, report.regions_expected, report.blind_spots) == (6, 6, 0)
    assert qualities(bot)[SECOND, EU] == {Quality.FRESH}


def test_a_region_throttled_for_minutes_resolves_nothing_and_fires_nothing(bot: FleetBot) -> None:
    """An alert there stays as it is, with its age; afterwards its life goes on from where it was."""
    low = drain(bot.endpoint, FIRST, EU)[0]
    bot.poll(3)
    assert open_subnets(bot) == [low]
    bot.told.clear()
    fault = bot.endpoint.fail(Kind.THROTTLED, region=EU, api="DescribeSubnets")
    report = bot.poll(3)
    assert (report.regions_read, report.regions_expected) == (3, 6)
    assert open_subnets(bot) == [low]
    assert not [alert for alert, _ in bot.told if alert.subnet_id]
    bot.endpoint.repair(fault)
    report = bot.poll(2)
    assert (report.regions_read, report.unknown_subnets) == (6, 0)
    assert open_subnets(bot) == [low]


def test_tokens_that_expire_between_two_reads_are_renewed_unseen(bot: FleetBot) -> None:
    """Every place is read all the same, and nobody hears of it."""
    bot.endpoint.forget_calls()
    for _ in range(3):
        for account in (FIRST, SECOND, THIRD):
            bot.endpoint.expire_sessions(account)
        report = bot.poll()
        assert (report.regions_read, report.regions_expected, report.blind_spots) == (6, 6, 0)
    assert bot.told == []
    assert [reads(bot, FIRST, region) for region in (EU, US)] == [3, 3]


def test_tokens_that_expire_in_the_middle_of_a_sweep_lose_no_read(bot: FleetBot) -> None:
    """The calls that meet the expired session are made again with a new one."""
    bot.endpoint.fail(Kind.EXPIRED, times=1, after=3, api="DescribeSubnets")
    report = bot.poll()
    assert (report.regions_read, report.regions_expected, report.blind_spots) == (6, 6, 0)


def test_an_account_that_leaves_is_news_and_no_blind_spot(endpoint: Endpoint, store: Store) -> None:
    """It is not expected any more and what was known of it is not shown; later its alerts end with the reason."""
    with fleet_bot(endpoint, store, organization=True) as bot:
        bot.poll()
        low = drain(bot.endpoint, THIRD, EU)[0]
        bot.poll(3)
        assert open_subnets(bot) == [low]
        told = list(bot.told)
        endpoint.leave(THIRD)
        report = bot.poll(14)
        assert (report.regions_read, report.regions_expected, report.blind_spots) == (4, 4, 0)
        known = bot.known()
        assert {account.account_id for account in known.accounts} == {FIRST, SECOND}
        assert [(change.account_id, change.kind.value) for change in known.account_changes] == [(THIRD, "left")]
        assert THIRD not in {subnet.account_id for subnet in known.subnets}
        assert open_subnets(bot) == [low]
        assert [what for what in bot.told[len(told) :] if what[0].subnet_id] == []
        bot.poll(6)
        assert bot.store.open_alerts() == ()
        assert {alert.resolution for alert, what in bot.told if what is Transition.RESOLVED} == {"account left"}
        assert bot.store.account_ids() == {FIRST, SECOND}
    with fleet_bot(endpoint, store, organization=True) as again:
        again.poll()
        assert again.known().account_changes == ()


def test_a_shared_subnet_is_one_subnet_with_one_alert(bot: FleetBot) -> None:
    """Read by the owner and by a participant it counts once, as the owner's, also while the owner is blind."""
    shared = drain(bot.endpoint, FIRST, EU)[0]
    bot.endpoint.share(shared, SECOND)
    bot.poll(3)
    assert [s.account_id for s in bot.known().subnets if s.subnet_id == shared] == [FIRST]
    assert open_subnets(bot) == [shared]
    bot.endpoint.fail(Kind.DENIED, account_id=FIRST)
    bot.poll(2)
    seen = [(s.account_id, s.quality) for s in bot.known().subnets if s.subnet_id == shared]
    assert seen == [(FIRST, Quality.FRESH)]
    assert open_subnets(bot) == [shared]


def test_a_clock_that_differs_from_awss_changes_no_alert(bot: FleetBot) -> None:
    """Ages and clocks of alerts are our own; the difference is a metric and a warning."""
    bot.endpoint.set_skew(200)
    report = bot.poll(3)
    assert (report.regions_read, report.regions_expected, report.blind_spots) == (6, 6, 0)
    assert bot.told == []


def test_a_subnet_missing_once_is_unknown_and_a_deleted_one_goes(bot: FleetBot) -> None:
    """Absent from one listing it is shown as unknown; its alert ends only when EC2 does not know it by id."""
    low = drain(bot.endpoint, FIRST, EU)[0]
    bot.poll(3)
    bot.endpoint.hide_subnet(low, listings=1)
    bot.poll()
    assert [s.quality for s in bot.known().subnets if s.subnet_id == low] == [Quality.UNKNOWN]
    bot.poll()
    assert [s.quality for s in bot.known().subnets if s.subnet_id == low] == [Quality.FRESH]
    bot.endpoint.delete_subnet(low)
    bot.poll(2)
    assert low not in {subnet.subnet_id for subnet in bot.known().subnets}
    assert [(s.subnet_id, s.quality) for s in bot.known().gone] == [(low, Quality.GONE)]
    bot.poll(2)
    assert [alert.resolution for alert, _ in bot.told if alert.subnet_id == low][-1] == "deleted"


def test_a_hanging_region_delays_no_other(endpoint: Endpoint, store: Store) -> None:
    """While one region never answers, the others are read interval after interval, and each once at a time."""
    settings = load({}, {"schedule": {"poll": "1s", "slow": "1h"}, "aws": {"workers": 4}})
    with aws_environment(endpoint.environment):
        reader = Reader(
            accounts=accounts_of(endpoint), now=wall_clock, sessions=Sessions(total_attempts=1, read_timeout=2)
        )
        endpoint.fail(Kind.HANG, account_id=SECOND, region=US, api="DescribeSubnets")
        with lanes_running(lanes_of(reader, store, settings, "one")) as stop:
            others = [(account, region) for account in (FIRST, SECOND, THIRD) for region in (EU, US)]
            others.remove((SECOND, US))
            calls = endpoint.calls
            while min(_given(calls, *place) for place in others) < 4:
                stop.wait(0.2)
                calls = endpoint.calls
    assert not [
        facts for facts in store.regions() if (facts.account_id, facts.region) == (SECOND, US) and facts.subnets
    ]
    assert len(store.planned(Lane.SUBNETS)) == 6


def _given(calls: Calls, account: str, region: str) -> int:
    return sum(
        count
        for key, count in calls.counts.items()
        if (key.account_id, key.region, key.api, key.outcome) == (account, region, "DescribeSubnets", "ok")
    )
