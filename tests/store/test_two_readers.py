"""Two replicas on one database share a fleet: no read is done twice, and none is lost with a replica that dies."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from endpoint.plan import account_id, small_fleet
from endpoint.server import Endpoint
from fleet_bot import accounts_of, drain, lanes_of, lanes_running, sessions_in_real_time, wall_clock

from bot.alerts import Alert, Transition
from bot.aws.reader import Reader
from bot.config import Settings, aws_environment, load
from bot.monitor import Monitor
from bot.store import Store, open_engine
from bot.store.due_reads import DueRead, Lane, Source

pytestmark = pytest.mark.timeout(110)

EVERY = timedelta(seconds=1)
FACTS: dict[str, Any] = {
    "schedule": {"poll": "1s", "slow": "1h"},
    "thresholds": {"hold": "1s", "recover": "1s"},
    "alerts": {"cloudwatch": False},
    "aws": {"workers": 6},
}
PATIENCE_SECONDS = 60


class Recording(Store):
    """A store that notes which reads it handed out to whom."""

    def __init__(self, address: str, claims: list[tuple[str, DueRead]]) -> None:
        super().__init__(open_engine(address))
        self._claims = claims

    def claim_reads(self, owner: str, now: datetime, *, limit: int, lasts: timedelta) -> tuple[DueRead, ...]:
        """What the store hands out."""
        reads = super().claim_reads(owner, now, limit=limit, lasts=lasts)
        self._claims += [(owner, read) for read in reads]
        return reads


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Three accounts in two regions; the environment leads there."""
    with Endpoint(small_fleet()) as found, aws_environment(found.environment):
        yield found


@pytest.fixture
def settings() -> Settings:
    """Polls every second."""
    return load({}, FACTS)


def reader_of(endpoint: Endpoint) -> Reader:
    """A replica's own reader."""
    return Reader(accounts=accounts_of(endpoint), now=wall_clock, sessions=sessions_in_real_time())


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.1)


def test_no_source_is_read_twice_within_its_interval_whoever_reads_it(
    address: str, endpoint: Endpoint, settings: Settings
) -> None:
    """Both do some of the work, and every read of a source begins an interval after the one before at the earliest."""
    claims: list[tuple[str, DueRead]] = []

    def subnets() -> dict[Source, list[datetime]]:
        found = defaultdict(list)
        for _, read in tuple(claims):
            if read.source.lane is Lane.SUBNETS:
                found[read.source].append(read.started_at)
        return found

    with ExitStack() as stack:
        for owner in ("one", "two"):
            store = Recording(address, claims)
            stack.callback(store.close)
            lanes = lanes_of(reader_of(endpoint), store, settings, owner, leading=partial(owner.__eq__, "one"))
            stack.enter_context(lanes_running(lanes))
        wait_until(lambda: len(subnets()) == 6 and min(len(times) for times in subnets().values()) >= 5)
    for source, times in subnets().items():
        # Counted and not each gap measured: a read that is late keeps its rhythm, and the next one is as much nearer.
        assert len(times) <= (max(times) - min(times)) / EVERY + 2, source
    assert {owner for owner, _ in claims} == {"one", "two"}


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_what_a_killed_replica_was_reading_is_read_by_another(
    address: str, endpoint: Endpoint, settings: Settings
) -> None:
    """Killed in the middle of every read, it holds them for as long as its claims last, and nothing is lost."""
    store = Store(open_engine(address))
    endpoint.set_latency(45, api="DescribeSubnets")
    given = {
        "address": address,
        "environ": endpoint.environment,
        "facts": FACTS,
        "claim_seconds": 3,
        "accounts": [(plan.account_id, [r.region for r in plan.regions]) for plan in endpoint.fleet.accounts],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "store.reader_process"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        wait_until(lambda: any(b.lane is Lane.SUBNETS and b.claimed == 6 for b in store.backlog(wall_clock())))
    finally:
        process.kill()
        process.communicate()
    endpoint.set_latency(0)
    assert not [facts for facts in store.regions() if facts.subnets]
    with lanes_running(lanes_of(reader_of(endpoint), store, settings, "alive")):
        wait_until(lambda: sum(facts.subnets_complete for facts in store.regions()) == 6)
    store.close()


def test_the_leader_judges_what_another_replica_read_and_the_next_leader_goes_on(
    address: str, endpoint: Endpoint, settings: Settings
) -> None:
    """The alert is opened by the first, and resolved by the second under the same number."""
    stores = [Store(open_engine(address)) for _ in range(2)]
    told: list[tuple[int, Alert, Transition]] = []
    low, interfaces = drain(endpoint, account_id(0), "eu-west-1")
    first = stores[0].serving("first")
    second = stores[1].serving("second") if address.startswith("postgresql") else first
    assert first.lead()

    def monitor_of(number: int) -> Monitor:
        return Monitor(
            reader_of(endpoint),
            stores[number],
            settings,
            wall_clock,
            fence=lambda: (first, second)[number].fence,
            on_transition=lambda alert, what: told.append((number, alert, what)),
        )

    monitors = [monitor_of(number) for number in range(2)]

    def is_told(number: int, what: Transition) -> bool:
        monitors[number].evaluate()
        return any((n, alert.subnet_id, each) == (number, low, what) for n, alert, each in told)

    monitors[0].begin()
    with lanes_running(lanes_of(reader_of(endpoint), stores[1], settings, "second")):
        wait_until(lambda: is_told(0, Transition.OPENED))
        first.stop()
        assert second.lead()
        for eni_id in interfaces:
            endpoint.release(eni_id)
        wait_until(lambda: is_told(1, Transition.RESOLVED))
    ours = [alert.alert_id for _, alert, _ in told if alert.subnet_id == low]
    assert len(set(ours)) == 1
    assert not [what for n, alert, what in told if n == 1 and alert.subnet_id == low and what is Transition.OPENED]
    second.stop()
    for store in stores:
        store.close()
