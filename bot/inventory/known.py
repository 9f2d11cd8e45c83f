"""What one or many reads found, put together: a region, a subnet's contents, the inventory."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from itertools import chain
from typing import Any

from bot.inventory.clusters import Cluster, Node
from bot.inventory.fleet import AccountChange
from bot.inventory.network import Account, BlindSpot, Eni, Reservation, Subnet, Vpc


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """What is known of one account and region, with what could not be seen.

    `observed_at` is the time of the subnets. `clusters_at` is that of the clusters where they were read apart from
    them, else None. `gone` are subnets that EC2 said lately do not exist any more; they are none of the `subnets`.
    It has no slots, so that what is derived from it is kept with it for as long as the place was not read again.
    """

    account_id: str
    region: str
    observed_at: datetime
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    subnets_complete: bool = True
    clusters_at: datetime | None = None
    gone: tuple[Subnet, ...] = ()

    @cached_property
    def derived(self) -> dict[Any, Any]:
        """What other parts derive from it and want kept until the place is read again; each under a key of its own."""
        return {}

    @cached_property
    def oldest_at(self) -> datetime | None:
        """The time of the read that one of its subnets was seen in last, the oldest of these; None without subnets."""
        return min((subnet.observed_at for subnet in self.subnets), default=None)

    @cached_property
    def subnets_by_id(self) -> Mapping[str, Subnet]:
        """Its subnets, by their ids."""
        return {subnet.subnet_id: subnet for subnet in self.subnets}

    @cached_property
    def network_ids(self) -> frozenset[str]:
        """The ids of its VPCs and subnets."""
        return frozenset((*(vpc.vpc_id for vpc in self.vpcs), *self.subnets_by_id))

    @cached_property
    def subnet_words(self) -> frozenset[str]:
        """Every word that finds one of its subnets: ids, names and zones, in small letters too; VPCs and owners."""
        found: set[str] = set()
        for subnet in self.subnets:
            found.update((subnet.subnet_id, _small(subnet.subnet_id), _small(subnet.name), subnet.vpc_id))
            found.update((subnet.az_id, subnet.az, _small(subnet.az_id), _small(subnet.az), subnet.account_id))
        return frozenset(found)

    @cached_property
    def place_words(self) -> frozenset[str]:
        """Every id and name of its VPCs, and every name of its clusters, in small letters."""
        vpcs = (word for vpc in self.vpcs for word in (vpc.vpc_id.lower(), vpc.name.lower()))
        return frozenset((*vpcs, *(cluster.name.lower() for cluster in self.clusters)))

    @cached_property
    def blocks(self) -> frozenset[IPv4Network | IPv6Network]:
        """Every CIDR block of its VPCs and subnets."""
        found: set[IPv4Network | IPv6Network] = {s.cidr for s in self.subnets if s.cidr is not None}
        found.update(*(subnet.ipv6_cidrs for subnet in self.subnets))
        found.update(*(vpc.cidrs for vpc in self.vpcs), *(vpc.ipv6_cidrs for vpc in self.vpcs))
        return frozenset(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its clusters, subnets and VPCs, in small letters."""
        groups = (self.clusters, self.subnets, self.vpcs)
        return frozenset(_small(item.name) for group in groups for item in group if item.name)

    @cached_property
    def clusters_by_subnet(self) -> Mapping[str, tuple[str, ...]]:
        """The names of its clusters that name each subnet, by subnet id."""
        names: dict[str, tuple[str, ...]] = {}
        for cluster in self.clusters:
            for subnet_id in cluster.all_subnet_ids:
                names[subnet_id] = (*names.get(subnet_id, ()), cluster.name)
        return names

    @cached_property
    def prefix_subnet_ids(self) -> frozenset[str]:
        """The subnets from which nodes of its clusters take /28 blocks."""
        return frozenset().union(*(cluster.prefix_subnet_ids for cluster in self.clusters))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """What one slow read of one account and region brought: its clusters, and its VPCs with every CIDR block."""

    account_id: str
    region: str
    observed_at: datetime
    clusters: tuple[Cluster, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetContents:
    """The interfaces, nodes and reservations of some subnets, read together.

    `enis_read` and `reservations_read` are the subnets of which all could be read: of the others nothing is known.
    """

    subnet_ids: frozenset[str]
    observed_at: datetime
    enis: tuple[Eni, ...] = ()
    nodes: tuple[Node, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    enis_read: frozenset[str] = frozenset()
    reservations_read: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything known now over all accounts and regions; every item carries its own age.

    What is derived from it is kept with it, so it has no slots: 80,000 subnets are gathered once for many answers.
    """

    accounts: tuple[Account, ...]
    regions: tuple[RegionFacts, ...]
    expected_regions: int
    blind_spots: tuple[BlindSpot, ...] = ()
    account_changes: tuple[AccountChange, ...] = ()

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """Every subnet of every region read."""
        return tuple(chain.from_iterable(region.subnets for region in self.regions))

    @cached_property
    def subnets_by_id(self) -> dict[str, Subnet]:
        """Every subnet of every region read, by its id."""
        found: dict[str, Subnet] = {}
        for region in self.regions:
            found.update(region.subnets_by_id)
        return found

    @cached_property
    def gone(self) -> tuple[Subnet, ...]:
        """The subnets that were deleted lately, the newest first: each was asked for by id at its `observed_at`.

        One that an account sees no more while its owner still has it is not gone.
        """
        found = {subnet.subnet_id: subnet for region in self.regions for subnet in region.gone}
        real = (subnet for subnet in found.values() if subnet.subnet_id not in self.subnets_by_id)
        return tuple(sorted(real, key=lambda subnet: subnet.observed_at, reverse=True))

    @cached_property
    def vpcs(self) -> tuple[Vpc, ...]:
        """Every VPC of every region read."""
        return tuple(vpc for region in self.regions for vpc in region.vpcs)

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """Every EKS cluster of every region read."""
        return tuple(cluster for region in self.regions for cluster in region.clusters)

    @cached_property
    def all_blind_spots(self) -> tuple[BlindSpot, ...]:
        """What could not be read, of accounts as a whole and inside each region."""
        return self.blind_spots + tuple(spot for region in self.regions for spot in region.blind_spots)

    @cached_property
    def as_of(self) -> datetime | None:
        """The time of the oldest read that is still in use."""
        return min((region.observed_at for region in self.regions), default=None)

    @cached_property
    def oldest_at(self) -> datetime | None:
        """The time of the read that one of the subnets was seen in last, the oldest of these; None without subnets."""
        return min((at for region in self.regions if (at := region.oldest_at) is not None), default=None)

    @cached_property
    def derived(self) -> dict[Any, Any]:
        """What other parts derive from it and want kept for as long as it is; each under a key of its own."""
        return {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of clusters, subnets, VPCs and accounts, each once."""
        groups = (self.clusters, self.subnets, self.vpcs, self.accounts)
        return tuple(dict.fromkeys(item.name for group in groups for item in group if item.name))

    @cached_property
    def small_names(self) -> frozenset[str]:
        """The names of clusters, subnets and VPCs, in small letters."""
        return frozenset().union(*(region.names for region in self.regions))

    @cached_property
    def prefix_subnet_ids(self) -> frozenset[str]:
        """The subnets from which nodes of any cluster take /28 blocks."""
        return frozenset().union(*(region.prefix_subnet_ids for region in self.regions))

    @cached_property
    def control_subnet_ids(self) -> frozenset[str]:
        """The subnets given to the control plane of any cluster."""
        return frozenset(subnet_id for cluster in self.clusters for subnet_id in cluster.subnet_ids)

    def subnets_near(self, words: Set[str]) -> Iterator[Subnet]:
        """Every subnet of the account-regions where one has such an id, name, zone, VPC or owner.

        A few to look through for those that are meant, where all of them would be 80,000.
        """
        first, more = self._places_by_word
        numbers = {number for word in words if word in first for number in (first[word], *more.get(word, ()))}
        return (subnet for number in sorted(numbers) for subnet in self.regions[number].subnets)

    @cached_property
    def _places_by_word(self) -> tuple[Mapping[str, int], Mapping[str, list[int]]]:
        """The position of the first account-region that each word of a subnet is found in, and of those after it.

        Most words are ids that one place alone has: lists for all of them would take far more memory.
        """
        first: dict[str, int] = {}
        more: dict[str, list[int]] = {}
        for number, region in enumerate(self.regions):
            for word in region.subnet_words:
                if word in first:
                    more.setdefault(word, []).append(number)
                else:
                    first[word] = number
        return first, more

    def subnets_of(self, subnet_ids: Set[str]) -> tuple[Subnet, ...]:
        """The subnets with these ids, those that are known."""
        return tuple(subnet for subnet in self.subnets_near(subnet_ids) if subnet.subnet_id in subnet_ids)

    def vpc_subnets(self, vpc_id: str) -> tuple[Subnet, ...]:
        """The subnets of one VPC."""
        return tuple(subnet for subnet in self.subnets_near({vpc_id}) if subnet.vpc_id == vpc_id)

    def account_name(self, account_id: str) -> str:
        """The account's configured name, or its id."""
        return self._account_names.get(account_id, account_id)

    @cached_property
    def _account_names(self) -> Mapping[str, str]:
        # The first of several with one id counts.
        return {account.account_id: account.name for account in reversed(self.accounts)}

    def clusters_by_subnet(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the clusters that name each subnet, by subnet id; subnets of no cluster are not in it."""
        return self._clusters_by_subnet

    @cached_property
    def _clusters_by_subnet(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for region in self.regions:
            for subnet_id, names in region.clusters_by_subnet.items():
                # A shared subnet has clusters of several accounts.
                found[subnet_id] = (*found[subnet_id], *names) if subnet_id in found else names
        return found


def _small(text: str) -> str:
    """The text in small letters; the same one, kept once, where it has no others, as most names and all ids."""
    small = text.lower()
    return text if small == text else small
