"""What AWS said: accounts, VPCs, subnets, interfaces, nodes, clusters, and what could not be read.

Facts only, frozen, with the time they were observed. Names are EC2's and EKS's own."""

from bot.inventory.clusters import Cluster, CniSettings, FargateProfile, HealthIssue, InstanceLimits, Node, Nodegroup
from bot.inventory.fleet import AccountChange, AccountRegions, ChangeKind, Fleet
from bot.inventory.known import ClusterFacts, Inventory, RegionFacts, SubnetContents
from bot.inventory.network import (
    Account,
    BlindSpot,
    Eni,
    Quality,
    Reservation,
    ReservationType,
    Subnet,
    Vpc,
    VpcRouting,
)
from bot.inventory.sharing import without_shared_twice

__all__ = [
    "Account",
    "AccountChange",
    "AccountRegions",
    "BlindSpot",
    "ChangeKind",
    "Cluster",
    "ClusterFacts",
    "CniSettings",
    "Eni",
    "FargateProfile",
    "Fleet",
    "HealthIssue",
    "InstanceLimits",
    "Inventory",
    "Node",
    "Nodegroup",
    "Quality",
    "RegionFacts",
    "Reservation",
    "ReservationType",
    "Subnet",
    "SubnetContents",
    "Vpc",
    "VpcRouting",
    "without_shared_twice",
]
