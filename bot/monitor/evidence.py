"""Evidence beside EC2 and EKS for every account and region, asked for as seldom as it changes and as it costs.

CloudWatch bills every metric that GetMetricData is asked for, also those without a data point; so what published
nothing is asked for a few times a day only, and so is a metric that has one value a day.
Source: https://aws.amazon.com/cloudwatch/pricing/ (GetMetricData, per metric requested).
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.capacity.subnets import usable_ips
from bot.inventory import Account, Inventory, RegionFacts
from bot.inventory.evidence import Asked, CniFigures, NetworkAddressUsage, RegionEvidence

SELDOM = timedelta(hours=6)
"""How often a cluster without CNI Metrics Helper, and the daily usage of a VPC, are asked for."""

AT_ONCE = 40
"""Account-regions read at one evaluation: its alerts wait for them. 2,000 places are through within minutes."""

Place = tuple[str, str]
"""Account id and region."""

ReadEvidence = Callable[[Account, str, Asked], RegionEvidence]
"""Reads the evidence of an account and region."""

MANY_INTERFACES = 2_000
"""From so many on interfaces are counted one by one where no metric does: 40 % of the default quota of 5,000.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What is known of one place, and when each cluster and VPC was asked for last."""

    evidence: RegionEvidence
    clusters_asked: dict[str, datetime] = field(default_factory=dict)
    vpcs_asked: dict[str, datetime] = field(default_factory=dict)


class EvidenceReader:
    """Reads what is due and keeps the rest, each with its own age."""

    def __init__(
        self,
        read: ReadEvidence,
        now: Callable[[], datetime],
        *,
        workers: int,
        every: timedelta,
        cloudwatch: bool = True,
    ) -> None:
        self._read = read
        self._cloudwatch = cloudwatch
        self._now = now
        self._workers = workers
        self._every = every
        self._kept: dict[Place, _Kept] = {}
        self._read_at: dict[Place, datetime] = {}

    def read(self, inventory: Inventory) -> Mapping[Place, RegionEvidence]:
        """The evidence of every account and region of the inventory, read again where it is longest due.

        At most AT_ONCE places are read, so that a start, when all are due, keeps no alert waiting.
        """
        accounts = {account.account_id: account for account in inventory.accounts}
        places = {
            (facts.account_id, facts.region): facts for facts in inventory.regions if facts.account_id in accounts
        }
        late = sorted((place for place in places if self._is_due(place)), key=self._read_last)
        due = [places[place] for place in late[:AT_ONCE]]
        if due:
            with ThreadPoolExecutor(max_workers=self._workers, thread_name_prefix="aws-evidence") as pool:
                for place, kept in pool.map(lambda facts: self._one(accounts[facts.account_id], facts), due):
                    self._kept[place] = kept
                    self._read_at[place] = kept.evidence.observed_at
        return {place: kept.evidence for place, kept in self._kept.items() if place in places}

    def _is_due(self, place: Place) -> bool:
        at = self._read_at.get(place)
        return at is None or self._now() - at >= self._every

    def _read_last(self, place: Place) -> tuple[bool, datetime]:
        """By what the places are in line: those that were never read come first."""
        at = self._read_at.get(place)
        return at is not None, at or self._now()

    def _one(self, account: Account, facts: RegionFacts) -> tuple[Place, _Kept]:
        place, now = (facts.account_id, facts.region), self._now()
        before = self._kept.get(place)
        asked = _Kept(evidence=_nothing(place, now)) if before is None else before
        published = {figures.cluster for figures in asked.evidence.cni}
        clusters = _due((c.name for c in facts.clusters), asked.clusters_asked, now, at_once=published)
        own = (vpc.vpc_id for vpc in facts.vpcs if vpc.account_id == facts.account_id)
        vpcs = _due(own, asked.vpcs_asked, now, at_once=())
        at_most = _interfaces_at_most(facts)
        wanted = Asked(
            clusters=clusters if self._cloudwatch else (),
            vpc_ids=vpcs if self._cloudwatch else (),
            quota_usage=self._cloudwatch,
            count_interfaces=at_most is None or at_most >= MANY_INTERFACES,
        )
        found = self._read(account, facts.region, wanted)
        return place, _Kept(
            evidence=replace(
                found,
                cni=_joined_cni(asked.evidence.cni, found.cni),
                address_usage=_joined_usage(asked.evidence.address_usage, found.address_usage),
                enis=found.enis if found.enis is not None or wanted.count_interfaces else at_most,
            ),
            clusters_asked=asked.clusters_asked | dict.fromkeys(clusters, now),
            vpcs_asked=asked.vpcs_asked | dict.fromkeys(vpcs, now),
        )


def _interfaces_at_most(facts: RegionFacts) -> int | None:
    """More interfaces than there can be, for each has an address of its own; None where some may have none.

    An interface in an IPv6-only subnet has no IPv4 address.
    """
    taken = 0
    for subnet in facts.subnets:
        if subnet.cidr is None or subnet.available_ips is None:
            return None
        taken += max(usable_ips(subnet.cidr) - subnet.available_ips, 0)
    return taken if facts.subnets_complete else None


def _nothing(place: Place, now: datetime) -> RegionEvidence:
    return RegionEvidence(account_id=place[0], region=place[1], observed_at=now)


def _due(
    names: Iterable[str], asked: Mapping[str, datetime], now: datetime, *, at_once: Iterable[str]
) -> tuple[str, ...]:
    often = frozenset(at_once)
    return tuple(name for name in names if name in often or name not in asked or now - asked[name] >= SELDOM)


def _joined_cni(known: Iterable[CniFigures], found: Iterable[CniFigures]) -> tuple[CniFigures, ...]:
    """The new figures, and the known ones of clusters that were not asked for or said nothing, at their own age."""
    by_name = {figures.cluster: figures for figures in (*known, *found)}
    return tuple(by_name.values())


def _joined_usage(
    known: Iterable[NetworkAddressUsage], found: Iterable[NetworkAddressUsage]
) -> tuple[NetworkAddressUsage, ...]:
    by_vpc = {usage.vpc_id: usage for usage in (*known, *found)}
    return tuple(by_vpc.values())
