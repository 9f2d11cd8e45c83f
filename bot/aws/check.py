"""A trial of every AWS action in one account and region: what works, what is denied, and what to add."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TypeVar

from bot.aws import cloudwatch, clusters, launches, queries, quotas, routing
from bot.aws.actions import Action, action
from bot.aws.errors import AccessDeniedError, AccountUnavailableError, NotFoundError, RegionUnavailableError
from bot.aws.fleet import FleetReader
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.errors import QueryError
from bot.inventory import Account, Fleet

T = TypeVar("T")

_NO_INSTANCE = "i-00000000000000000"
_NO_VPC = "vpc-00000000000000000"
"""Ids that nothing has: the filter finds nothing, and the answer still shows that the call is allowed."""
_ANY_TYPE = "m5.large"


class Outcome(Enum):
    """What became of one trial."""

    OK = "ok"
    DENIED = "denied"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One action tried in one account and region; `advice` says what to do, or why it was skipped.

    `needed` says whether the base functions fail without it. `region` is "" for what is about the whole account.
    `role_arn` is the role that the account is read with, "" for the bot's own credentials.
    """

    account_id: str
    account_name: str
    region: str
    action: str
    needed: bool
    outcome: Outcome
    advice: str = ""
    role_arn: str = ""

    @property
    def blocks(self) -> bool:
        """Whether this must be repaired before the base functions work."""
        return self.needed and self.outcome in {Outcome.DENIED, Outcome.ERROR}


def check_fleet(sessions: Sessions, fleet: FleetReader, workers: int, now: datetime) -> Iterator[CheckResult]:
    """Every action tried in every account and region, at most `workers` of them at a time, in the accounts' order."""
    found = fleet.fleet()
    if found.discovered or not found.accounts:
        yield from _organization(found)

    def enter(account: Account) -> tuple[list[CheckResult], tuple[str, ...]]:
        results = [check_account(sessions, account)]
        if results[0].blocks:
            return results, ()
        results.append(check_regions(sessions, account))
        try:
            return results, fleet.open_regions(account)
        except QueryError:
            return results, ()  # the line above says it

    def trial(account: Account, region: str) -> tuple[CheckResult, ...]:
        return tuple(check_region(sessions, account, region, now))

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="aws-check") as pool:
        entering = [pool.submit(enter, account) for account in found.accounts]
        begun = [
            (results, [pool.submit(trial, account, region) for region in regions])
            for account, (results, regions) in zip(found.accounts, (entry.result() for entry in entering), strict=True)
        ]
        for results, regions in begun:
            yield from results
            for region in regions:
                yield from region.result()


def _organization(found: Fleet) -> Iterator[CheckResult]:
    """Whether the organization's accounts can be listed; without any account, why there is none."""
    for spot in found.blind_spots:
        tried = action("ListAccounts" if found.discovered else "GetCallerIdentity")
        yield _result(Account(account_id=spot.account_id, name=""), "", tried, Outcome.ERROR, spot.reason, needed=True)
    if not found.blind_spots:
        yield _result(Account(account_id="", name="organization"), "", action("ListAccounts"), Outcome.OK)


def check_account(sessions: Sessions, account: Account) -> CheckResult:
    """Whether the account can be entered."""
    tried = action("AssumeRole" if account.role_arns else "GetCallerIdentity")
    try:
        sessions.connect(account)
    except QueryError as error:
        return _result(account, "", tried, Outcome.ERROR, error.message, needed=True)
    return _result(account, "", tried, Outcome.OK, needed=True)


def check_regions(sessions: Sessions, account: Account) -> CheckResult:
    """Whether the account's enabled regions can be listed; skipped where they are configured."""
    tried = action("DescribeRegions")
    if account.regions:
        return _result(account, "", tried, Outcome.SKIPPED, "aws.regions names the regions.")
    place = Place(sessions=sessions, account=account, region=sessions.home_region(account))
    return replace(_Trial(place=place).run(tried.operation, queries.enabled_regions)[0], needed=True)


def check_region(sessions: Sessions, account: Account, region: str, now: datetime) -> Iterator[CheckResult]:
    """Every EC2 and EKS action in the order of dependence; ends at the first that shows the region closed."""
    trial = _Trial(place=Place(sessions=sessions, account=account, region=region))
    result, subnets = trial.run("DescribeSubnets", lambda place: queries.subnets(place, now))
    yield result
    if trial.is_closed:
        return
    subnet_ids = [subnet.subnet_id for subnet in subnets or () if subnet.account_id == account.account_id][:1]
    yield trial.run("DescribeVpcs", queries.vpcs)[0]
    yield trial.run("DescribeRouteTables", lambda place: routing.route_tables(place, _NO_VPC))[0]
    yield trial.run("DescribeVpcPeeringConnections", lambda place: routing.peerings(place, _NO_VPC))[0]
    yield trial.run("DescribeInstances", lambda place: queries.instances(place, [_NO_INSTANCE]))[0]
    yield trial.run("DescribeInstanceTypes", lambda place: queries.instance_limits(place, [_ANY_TYPE]))[0]
    yield trial.each("DescribeNetworkInterfaces", subnet_ids, _interfaces, "no subnet of its own to try it on")[0]
    yield trial.each(
        "GetSubnetCidrReservations", subnet_ids, queries.cidr_reservations, "no subnet of its own to try it on"
    )[0]
    yield trial.run("DescribeAlarms", cloudwatch.alarms)[0]
    yield trial.run("ListServiceQuotas", quotas.vpc_quotas)[0]
    yield from _check_clusters(trial, now)


def _check_clusters(trial: "_Trial", now: datetime) -> Iterator[CheckResult]:
    result, names = trial.run("ListClusters", clusters.cluster_names)
    yield result
    no_cluster = "no EKS cluster to try it on"
    first = list(names or ())[:1]
    yield trial.each("DescribeCluster", first, clusters.cluster, no_cluster)[0]
    result, groups = trial.each("ListNodegroups", first, clusters.nodegroup_names, no_cluster)
    yield result
    yield trial.each(
        "DescribeNodegroup",
        list(groups or ())[:1],
        lambda place, group: clusters.nodegroup(place, first[0], group),
        "no managed node group to try it on",
    )[0]
    result, profiles = trial.each("ListFargateProfiles", first, clusters.fargate_profile_names, no_cluster)
    yield result
    yield trial.each(
        "DescribeFargateProfile",
        list(profiles or ())[:1],
        lambda place, profile: clusters.fargate_profile(place, first[0], profile),
        "no Fargate profile to try it on",
    )[0]
    yield trial.each("DescribeAddon", first, clusters.cni_settings, no_cluster)[0]
    result, scaling = trial.each("DescribeAutoScalingGroups", first, launches.group_names, no_cluster)
    yield result
    yield trial.each(
        "DescribeScalingActivities",
        list(scaling or ())[:1],
        lambda place, group: launches.launch_failures(place, [group], now),
        "no Auto Scaling group of a cluster to try it on",
    )[0]
    yield trial.each("GetMetricData", first, lambda place, name: cloudwatch.warm_ips(place, [name], now), no_cluster)[0]


def _interfaces(place: Place, subnet_id: str) -> object:
    return queries.network_interfaces(place, [subnet_id])


class _Trial:
    """The trials of one account and region."""

    def __init__(self, *, place: Place) -> None:
        self._place = place
        self.is_closed = False

    def run(self, operation: str, read: Callable[[Place], T]) -> tuple[CheckResult, T | None]:
        """The result of one trial, and what was read."""
        account, region, tried = self._place.account, self._place.region, action(operation)
        try:
            answer = read(self._place)
        except NotFoundError:
            return _result(account, region, tried, Outcome.OK), None
        except AccessDeniedError as error:
            return _result(account, region, tried, Outcome.DENIED, error.message), None
        except QueryError as error:
            self.is_closed = isinstance(error, AccountUnavailableError | RegionUnavailableError)
            return _result(account, region, tried, Outcome.ERROR, error.message), None
        return _result(account, region, tried, Outcome.OK), answer

    def each(
        self, operation: str, subjects: list[str], read: Callable[[Place, str], T], nothing: str
    ) -> tuple[CheckResult, T | None]:
        """The result on the first of the subjects; skipped, for the reason given, where there is none."""
        if not subjects:
            account, region = self._place.account, self._place.region
            return _result(account, region, action(operation), Outcome.SKIPPED, f"There is {nothing}."), None
        return self.run(operation, lambda place: read(place, subjects[0]))


def _result(
    account: Account, region: str, tried: Action, outcome: Outcome, advice: str = "", needed: bool | None = None
) -> CheckResult:
    return CheckResult(
        account_id=account.account_id,
        account_name=account.name,
        region=region,
        action=tried.iam,
        needed=tried.needed if needed is None else needed,
        outcome=outcome,
        advice=advice,
        role_arn=account.role_arns[-1] if account.role_arns else "",
    )
