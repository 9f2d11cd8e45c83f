"""Subjects: what each sample is about, as people know it, from the inventory."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bot.alerts.subject import (
    Subject,
    SubjectKind,
    account_key,
    cluster_key,
    nodegroup_key,
    region_key,
    subnet_key,
    vpc_key,
)
from bot.inventory import Cluster, Inventory, Subnet, Vpc


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Makes subjects of one inventory; what lies inside a VPC, a region or an account is named with its clusters.

    So that who watches a cluster hears of what its VPC, region or account lacks.
    """

    inventory: Inventory
    by_subnet: Mapping[str, tuple[str, ...]]
    by_vpc: dict[str, tuple[str, ...]]
    by_region: dict[tuple[str, str], tuple[str, ...]]
    by_account: dict[str, tuple[str, ...]]

    def of_subnet(self, subnet: Subnet) -> Subject:
        """A subnet, with the clusters that use it."""
        return Subject(
            scope_kind=SubjectKind.SUBNET,
            scope_key=subnet_key(subnet.subnet_id),
            label=subnet.label,
            account_id=subnet.account_id,
            region=subnet.region,
            clusters=self.by_subnet.get(subnet.subnet_id, ()),
            az_id=subnet.az_id,
            az=subnet.az,
            vpc_id=subnet.vpc_id,
        )

    def of_cluster(self, cluster: Cluster) -> Subject:
        """A cluster."""
        return Subject(
            scope_kind=SubjectKind.CLUSTER,
            scope_key=cluster_key(cluster.account_id, cluster.region, cluster.name),
            label=cluster.name,
            account_id=cluster.account_id,
            region=cluster.region,
            clusters=(cluster.name,),
            vpc_id=cluster.vpc_id,
        )

    def of_nodegroup(self, cluster: Cluster, nodegroup: str) -> Subject:
        """A node group of a cluster."""
        return Subject(
            scope_kind=SubjectKind.NODEGROUP,
            scope_key=nodegroup_key(cluster.account_id, cluster.region, cluster.name, nodegroup),
            label=nodegroup,
            account_id=cluster.account_id,
            region=cluster.region,
            clusters=(cluster.name,),
            vpc_id=cluster.vpc_id,
        )

    def of_vpc(self, vpc: Vpc) -> Subject:
        """A VPC, with the clusters in it."""
        return Subject(
            scope_kind=SubjectKind.VPC,
            scope_key=vpc_key(vpc.vpc_id),
            label=vpc.name or vpc.vpc_id,
            account_id=vpc.account_id,
            region=vpc.region,
            clusters=self.by_vpc.get(vpc.vpc_id, ()),
            vpc_id=vpc.vpc_id,
        )

    def of_source(self, account_id: str, region: str) -> Subject:
        """An account in a region, or as a whole where `region` is empty, with the clusters last known there."""
        name = self.inventory.account_name(account_id)
        clusters = self.by_region.get((account_id, region), ()) if region else self.by_account.get(account_id, ())
        return Subject(
            scope_kind=SubjectKind.REGION if region else SubjectKind.ACCOUNT,
            scope_key=region_key(account_id, region) if region else account_key(account_id),
            label=f"{name} {region}" if region else name,
            account_id=account_id,
            region=region,
            clusters=clusters,
        )


def subjects(inventory: Inventory) -> Subjects:
    """The subjects of an inventory."""
    by_vpc: defaultdict[str, list[str]] = defaultdict(list)
    by_region: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    by_account: defaultdict[str, list[str]] = defaultdict(list)
    for cluster in inventory.clusters:
        by_vpc[cluster.vpc_id].append(cluster.name)
        by_region[cluster.account_id, cluster.region].append(cluster.name)
        by_account[cluster.account_id].append(cluster.name)
    return Subjects(
        inventory=inventory,
        by_subnet=inventory.clusters_by_subnet(),
        by_vpc={vpc_id: tuple(names) for vpc_id, names in by_vpc.items()},
        by_region={place: tuple(dict.fromkeys(names)) for place, names in by_region.items()},
        by_account={account_id: tuple(dict.fromkeys(names)) for account_id, names in by_account.items()},
    )
