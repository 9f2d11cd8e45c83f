"""The bot's reading and judging against the load-and-fault endpoint, on a clock that tests move."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from endpoint.controls import Controls
from endpoint.plan import READER_ROLE, role_arn

from bot.alerts import Alert, Transition
from bot.aws.organization import Organization
from bot.aws.pace import Pace
from bot.aws.reader import Reader
from bot.aws.sessions import Sessions
from bot.config import Settings, aws_environment, load
from bot.inventory import Account, Inventory
from bot.monitor import Lanes, Monitor, PollReport
from bot.store import Store
from bot.store.regions import Regions

POLL = timedelta(minutes=5)
WATCHER = "C0ALL00"


@dataclass
class FleetClock:
    """The time of the bot: aware, and as seconds for what measures lengths of time."""

    at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        """The seconds of a timer that goes with the clock."""
        return self.at.timestamp()


@dataclass
class FleetBot:
    """Everything between AWS and the store, and what it has told so far."""

    endpoint: Controls
    store: Store
    reader: Reader
    settings: Settings
    monitor: Monitor
    clock: FleetClock
    seen: list[Inventory] = field(default_factory=list)
    told: list[tuple[Alert, Transition]] = field(default_factory=list)

    def poll(self, times: int = 1) -> PollReport:
        """Read and judge everything, so many times five minutes apart; the last report."""
        for _ in range(times):
            report = self.monitor.poll()
            self.clock.at += POLL
        return report

    def known(self) -> Inventory:
        """What the bot answers from."""
        return self.seen[-1]


def accounts_of(endpoint: Controls) -> tuple[Account, ...]:
    """Every account of the fleet, read by its role in the regions it has."""
    return tuple(
        Account(
            account_id=plan.account_id,
            name=plan.name,
            role_arns=(role_arn(plan.account_id),),
            regions=tuple(region.region for region in plan.regions),
        )
        for plan in endpoint.fleet.accounts
    )


def accounts_from(known: Iterable[tuple[str, Sequence[str]]]) -> tuple[Account, ...]:
    """Accounts with their regions, by their roles."""
    return tuple(
        Account(account_id=account_id, name=account_id, role_arns=(role_arn(account_id),), regions=tuple(regions))
        for account_id, regions in known
    )


def sessions_in_real_time(read_timeout: float = 5) -> Sessions:
    """Sessions that try once, for replicas on the wall clock."""
    return Sessions(total_attempts=1, read_timeout=read_timeout)


def drain(endpoint: Controls, account_id: str, region: str) -> tuple[str, list[str]]:
    """Take nearly every address of a place's first subnet; its id, and the interfaces that hold them now."""
    subnet_id = endpoint.subnet_ids(account_id, region)[0]
    left = endpoint.available_ips(subnet_id)
    interfaces = []
    while left > 3:
        taken = min(left - 3, 40)
        interfaces.append(endpoint.take(subnet_id, taken))
        left -= taken
    return subnet_id, interfaces


@contextmanager
def fleet_bot(endpoint: Controls, store: Store, *, organization: bool = False) -> Iterator[FleetBot]:
    """A bot that reads the whole fleet, as configured or as Organizations lists it; CloudWatch is left out."""
    clock = FleetClock()
    settings = load({}, {"alerts": {"cloudwatch": False}, "watches": [{"channel": WATCHER}]})
    pace = Pace(timer=clock.seconds, sleep=lambda _: None)
    sessions = Sessions(total_attempts=1, read_timeout=1, timer=clock.seconds, pace=pace)
    regions = tuple(endpoint.fleet.offered)
    with aws_environment(endpoint.environment):
        reader = Reader(
            accounts=() if organization else accounts_of(endpoint),
            regions=regions,
            now=clock,
            sessions=sessions,
            organization=Organization(role_name=READER_ROLE, regions=regions) if organization else None,
            timer=clock.seconds,
            known=store.account_ids,
        )
        told: list[tuple[Alert, Transition]] = []
        seen: list[Inventory] = []
        monitor = Monitor(
            reader,
            store,
            settings,
            clock,
            on_inventory=seen.append,
            on_transition=lambda *what: told.append(what),
        )
        bot = FleetBot(
            endpoint=endpoint,
            store=store,
            reader=reader,
            settings=settings,
            monitor=monitor,
            clock=clock,
            seen=seen,
            told=told,
        )
        yield bot


@contextmanager
def lanes_running(lanes: Lanes) -> Iterator[threading.Event]:
    """The lanes on a thread of their own; set the event to end them, as leaving the context does."""
    stop = threading.Event()
    thread = threading.Thread(target=lanes.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def lanes_of(reader: Any, store: Store, settings: Settings, owner: str, **more: Any) -> Lanes:
    """Lanes on the wall clock."""
    return Lanes(reader, store, Regions(store), settings, wall_clock, owner=owner, **more)


def wall_clock() -> datetime:
    """The clock of the machine: two replicas share no other."""
    return datetime.now(UTC)  # noqa: TID251 (replicas are real threads in real time)
