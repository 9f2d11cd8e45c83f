"""What one or many reads found, put together: a region, a subnet's contents, the inventory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

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
    def subnet_words(self) -> frozenset[str]:
        """Every word that names one of its subnets or their zones: ids and names, in small letters."""
        return frozenset(
            word.lower() for subnet in self.subnets for word in (subnet.subnet_id, subnet.name, subnet.az_id, subnet.az)
        )


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
        return tuple(subnet for region in self.regions for subnet in region.subnets)

    @cached_property
    def subnets_by_id(self) -> Mapping[str, Subnet]:
        """Every subnet of every region read, by its id."""
        return {subnet.subnet_id: subnet for subnet in self.subnets}

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

    def account_name(self, account_id: str) -> str:
        """The account's configured name, or its id."""
        return next((a.name for a in self.accounts if a.account_id == account_id), account_id)

    def clusters_by_subnet(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the clusters that name each subnet, by subnet id; subnets of no cluster are not in it."""
        return self._clusters_by_subnet

    @cached_property
    def _clusters_by_subnet(self) -> Mapping[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        for cluster in self.clusters:
            for subnet_id in cluster.all_subnet_ids:
                names[subnet_id] = (*names.get(subnet_id, ()), cluster.name)
        return names
