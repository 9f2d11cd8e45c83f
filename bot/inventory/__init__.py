"""What AWS said: accounts, VPCs, subnets, interfaces, nodes, clusters, and what could not be read.

Facts only, frozen, with the time they were observed. Names are EC2's and EKS's own."""

from bot.inventory.clusters import Cluster, CniSettings, FargateProfile, HealthIssue, InstanceLimits, Node, Nodegroup
from bot.inventory.known import Inventory, RegionFacts, SubnetContents
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

__all__ = [
    "Account",
    "BlindSpot",
    "Cluster",
    "CniSettings",
    "Eni",
    "FargateProfile",
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
]
