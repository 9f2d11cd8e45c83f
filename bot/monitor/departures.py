"""Departures: alerts whose cluster, node group or VPC was deleted, or whose account or region is read no more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.alert import ACCOUNT_LEFT, NOT_READ, Alert, Step
from bot.alerts.lifecycle import Gone, deleted, no_longer_read
from bot.alerts.subject import SubjectKind, cluster_key, nodegroup_key, vpc_key
from bot.inventory import Fleet, Inventory, RegionFacts

Place = tuple[str, str]
"""Account id and region."""

_CLUSTER_READS = frozenset({"ListClusters", "DescribeCluster"})
_LISTED_BY = {
    SubjectKind.CLUSTER: _CLUSTER_READS,
    SubjectKind.NODEGROUP: _CLUSTER_READS | {"ListNodegroups", "DescribeNodegroup"},
    SubjectKind.VPC: frozenset({"DescribeVpcs"}),
}
"""The reads that must all have succeeded before what they lack counts as absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is to be read now: the accounts of the fleet, and the planned regions of each.

    `stored` are the accounts of which facts are kept, `discovered` says that Organizations lists the accounts.
    """

    accounts: frozenset[str]
    regions: Mapping[str, Set[str]]
    stored: frozenset[str]
    discovered: bool

    def covers(self, account_id: str, region: str) -> bool:
        """Whether an account ("" for the region), or a region of it, is to be read; one without a plan yet is."""
        if account_id not in self.accounts:
            return False
        planned = self.regions.get(account_id)
        return not region or not planned or region in planned


def reach_of(fleet: Fleet, planned: Iterable[Place], stored: Iterable[Place]) -> Reach | None:
    """What is to be read; None where the list of accounts could not be had: its absences prove nothing."""
    if fleet.blind_spots or not fleet.accounts:
        return None
    regions: defaultdict[str, set[str]] = defaultdict(set)
    for account_id, region in planned:
        regions[account_id].add(region)
    return Reach(
        accounts=frozenset(account.account_id for account in fleet.accounts),
        regions=dict(regions),
        stored=frozenset(account_id for account_id, _ in stored),
        discovered=fleet.discovered,
    )


class Departures:
    """Collects the proof: absent from complete listings over two slow reads or more. A failed read proves nothing."""

    def __init__(self, slow: timedelta) -> None:
        self._slow = slow
        self._absent: dict[str, tuple[datetime, datetime]] = {}

    def ended(
        self, alerts: Collection[Alert], inventory: Inventory, reach: Reach | None, now: datetime
    ) -> Iterator[Step]:
        """The ends of the open alerts whose subject is proven now to be gone, or to be read no more."""
        seen = _listed(inventory) if alerts else set()
        seen |= {
            alert.scope_key for alert in alerts if alert.scope_key.removeprefix("subnet:") in inventory.subnets_by_id
        }
        regions = {(facts.account_id, facts.region): facts for facts in inventory.regions}
        keys = {f"alert {alert.scope_key}" for alert in alerts}
        self._absent = {key: span for key, span in self._absent.items() if key in keys or key.startswith("account ")}
        for alert in alerts:
            key = f"alert {alert.scope_key}"
            if alert.scope_key in seen:
                self._absent.pop(key, None)
            elif reach is not None and not reach.covers(alert.account_id, alert.region):
                if self._is_absent(key, now):
                    left = reach.discovered and alert.account_id not in reach.accounts
                    yield no_longer_read(alert, now, ACCOUNT_LEFT if left else NOT_READ)
            elif alert.scope_kind not in _LISTED_BY:
                self._absent.pop(key, None)
            elif (at := _listed_at(regions.get((alert.account_id, alert.region)), alert.scope_kind)) is not None:
                self._is_absent(key, at)
                first, last = self._absent[key]
                proof = Gone(scope_key=alert.scope_key, first_absent_at=first, last_absent_at=last, not_found_at=last)
                yield deleted(alert, proof, self._slow)

    def left(self, reach: Reach | None, now: datetime) -> frozenset[str]:
        """The accounts of which facts are kept though they have been no part of the fleet for two slow reads."""
        if reach is None:
            return frozenset()
        missing = reach.stored - reach.accounts
        for key in [key for key in self._absent if key.startswith("account ")]:
            if key.removeprefix("account ") not in missing:
                del self._absent[key]
        return frozenset(account_id for account_id in missing if self._is_absent(f"account {account_id}", now))

    def _is_absent(self, key: str, at: datetime) -> bool:
        """Note an absence: whether it has lasted for two slow reads."""
        first, last = self._absent.get(key, (at, at))
        self._absent[key] = (min(first, at), max(last, at))
        return max(last, at) - min(first, at) >= 2 * self._slow


def _listed(inventory: Inventory) -> set[str]:
    """The keys of every cluster, node group and VPC that is known."""
    found = {vpc_key(vpc.vpc_id) for vpc in inventory.vpcs}
    for cluster in inventory.clusters:
        place = (cluster.account_id, cluster.region, cluster.name)
        found.add(cluster_key(*place))
        found.update(nodegroup_key(*place, group.name) for group in cluster.nodegroups)
    return found


def _listed_at(facts: RegionFacts | None, kind: SubjectKind) -> datetime | None:
    """When everything of this kind was last listed in the place; None where not all of it could be."""
    if facts is None or not facts.subnets_complete:
        return None
    if any(spot.api in _LISTED_BY[kind] for spot in facts.blind_spots):
        return None
    return facts.clusters_at or facts.observed_at
