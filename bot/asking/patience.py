"""Patience: how long an answer waits for AWS. What did not come by then is named in it, and the rest is the answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from bot.asking.command import Request, Surface
from bot.errors import QueryError
from bot.inventory import BlindSpot, Cluster, InstanceLimits, Subnet, SubnetContents, Vpc, VpcRouting
from bot.message import Context, Message, Tone
from bot.scope import cluster_key
from bot.services import Services

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.inventory import Account
    from bot.inventory.evidence import Asked as AskedOfRegion
    from bot.inventory.evidence import CloudWatchAlarm, RegionEvidence

_LEAST_SECONDS = 0.05
"""What a read still gets when patience has ended: enough to take an answer that is kept."""

_PLACES = 3
"""Places that one line names."""

_LOCAL = frozenset({Surface.ASK, Surface.CONSOLE})

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Late:
    what: str
    spot: BlindSpot


class Patience:
    """The patience of one answer: it begins with its first read, and remembers which reads were late."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._until: float | None = None
        self._late: dict[_Late, None] = {}
        self._lock = Lock()

    def begin(self, read: Callable[[], T]) -> Future[T]:
        """Start a read on a thread of its own: one that is late goes on, and is kept for whoever asks again."""
        with self._lock:
            if self._until is None:
                self._until = monotonic() + self._length.total_seconds()
        future: Future[T] = Future()
        Thread(target=_run, args=(future, read), name="patient-read", daemon=True).start()
        return future

    def value(self, future: Future[T]) -> T:
        """What a read brought. Raises: TookTooLong, and whatever the read raises."""
        until = self._until or 0.0
        return future.result(timeout=max(until - monotonic(), _LEAST_SECONDS))

    def missing(self, what: str, spot: BlindSpot) -> None:
        """Remember that something did not come in time."""
        with self._lock:
            self._late[_Late(what=what, spot=spot)] = None

    @property
    def reason(self) -> str:
        """Why something is missing, as blind spots say it."""
        return f"no answer within {self._length.total_seconds():.0f} s"

    def told(self, message: Message, request: Request) -> Message:
        """The message as a partial answer that names what is missing; the same message where nothing is."""
        with self._lock:
            late = tuple(self._late)
        if not late:
            return message
        if message.failure is not None:
            again = tuple(dict.fromkeys((*message.failure.suggestions, request.text[:150].strip() or "status")))
            return replace(message, failure=replace(message.failure, suggestions=again))
        words = f"Not checked: {'; '.join(_words(late))}: {self.reason}. Ask again: what comes late is kept for you."
        return replace(
            message,
            text=f"Partial answer. {message.text}",
            tone=Tone.UNKNOWN if message.tone is Tone.GOOD else message.tone,  # nobody should rest on half an answer
            verdict=(*(message.verdict or (message.text,)), " · partial answer"),
            parts=(*message.parts, Context(lines=((words,),))),
        )


def patient(request: Request, services: Services, patience: Patience) -> Services:
    """The services for one request, whose reads of AWS end when its patience does; a terminal waits for all of them."""
    if request.surface in _LOCAL:
        return services
    return replace(services, reader=lambda: _patient_reader(services.reader(), patience, services))


def _patient_reader(whole: "Reader", patience: Patience, services: Services) -> "Reader":
    from bot.aws.collect import merged
    from bot.aws.reader import Reader

    def late(place: tuple[str, str], api: str, what: str) -> BlindSpot:
        account_id, region = place
        spot = BlindSpot(
            account_id=account_id, region=region, api=api, reason=patience.reason, observed_at=services.now()
        )
        patience.missing(what, spot)
        return spot

    def in_time(place: tuple[str, str], api: str, read: Callable[[], T]) -> T:
        try:
            return patience.value(patience.begin(read))
        except TookTooLong as exc:
            spot = late(place, api, api)
            message = f"{api} in {spot.account_id} {spot.region}: {patience.reason}"
            raise QueryError(message, account_id=spot.account_id, region=spot.region, api=api) from exc

    class PatientReader(Reader):
        """The process's reader with its caches; each account and region is waited for by itself."""

        def __init__(self) -> None:
            self.__dict__.update(whole.__dict__)

        def contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
            """The contents of the places that answer in time; the others are blind spots."""
            groups: dict[tuple[str, str], list[Subnet]] = {}
            for subnet in subnets:
                groups.setdefault((subnet.account_id, subnet.region), []).append(subnet)
            if not groups:
                return whole.contents(subnets)
            begun = {place: patience.begin(partial(whole.contents, group)) for place, group in groups.items()}
            parts = []
            for place, future in begun.items():
                try:
                    parts.append(patience.value(future))
                except TookTooLong:
                    parts.append(
                        SubnetContents(
                            subnet_ids=frozenset(subnet.subnet_id for subnet in groups[place]),
                            observed_at=services.now(),
                            blind_spots=(late(place, "DescribeNetworkInterfaces", "interfaces and /28 blocks"),),
                        )
                    )
            return merged(parts)

        def warm_ips(self, clusters: Iterable[Cluster]) -> Mapping[str, int]:
            """The warm addresses that CloudWatch tells in time."""
            groups: dict[tuple[str, str], list[Cluster]] = {}
            for cluster in {cluster_key(each): each for each in clusters}.values():
                groups.setdefault((cluster.account_id, cluster.region), []).append(cluster)
            begun = {place: patience.begin(partial(whole.warm_ips, group)) for place, group in groups.items()}
            found: dict[str, int] = {}
            for place, future in begun.items():
                try:
                    warm: Mapping[str, int] = patience.value(future)
                    found.update(warm)
                except TookTooLong:
                    late(place, "GetMetricData", "warm addresses (CloudWatch)")
            return found

        def vpc_routing(self, vpc: Vpc) -> VpcRouting:
            """The routes and peerings, not known where they do not come in time."""
            try:
                return patience.value(patience.begin(lambda: whole.vpc_routing(vpc)))
            except TookTooLong:
                spot = late((vpc.account_id, vpc.region), "DescribeRouteTables", "routes and peerings")
                return VpcRouting(vpc_id=vpc.vpc_id, blind_spots=(spot,))

        def instance_limits(
            self, instance_types: Iterable[str], account_id: str | None = None, region: str | None = None
        ) -> Mapping[str, InstanceLimits]:
            """EC2's limits; whoever asks has the snapshot's where they do not come in time. Raises: QueryError."""
            wanted = tuple(instance_types)
            try:
                return patience.value(patience.begin(lambda: whole.instance_limits(wanted, account_id, region)))
            except TookTooLong as exc:
                message = f"DescribeInstanceTypes: {patience.reason}"
                raise QueryError(message, account_id=account_id, region=region, api="DescribeInstanceTypes") from exc

        def evidence(self, account: "Account", region: str, asked: "AskedOfRegion") -> "RegionEvidence":
            """What CloudWatch and Service Quotas say. Raises: QueryError where they do not say it in time."""
            place = account.account_id, region
            return in_time(place, "GetMetricData", lambda: whole.evidence(account, region, asked))

        def alarms(self, account: "Account", region: str) -> "tuple[CloudWatchAlarm, ...]":
            """The alarms. Raises: QueryError, also where they do not come in time."""
            return in_time((account.account_id, region), "DescribeAlarms", lambda: whole.alarms(account, region))

    return PatientReader()


def _run(future: Future[T], read: Callable[[], T]) -> None:
    try:
        found = read()
    except BaseException as exc:  # whoever waits gets it; a thread that ends with it would only print it
        future.set_exception(exc)
    else:
        future.set_result(found)


def _words(late: Iterable[_Late]) -> list[str]:
    """What is missing where: "interfaces and /28 blocks of 111122223333 eu-west-1 (DescribeNetworkInterfaces)"."""
    by_what: dict[tuple[str, str], list[str]] = {}
    for each in late:
        by_what.setdefault((each.what, each.spot.api), []).append(f"{each.spot.account_id} {each.spot.region}")
    found = []
    for (what, api), places in by_what.items():
        more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
        of = f"{', '.join(places[:_PLACES])}{more}"
        found.append(f"{api} of {of}" if what == api else f"{what} of {of} ({api})")
    return found
