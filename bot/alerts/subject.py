"""Subject: what an alert is about, as people know it, and the key that identifies it."""

from dataclasses import dataclass
from enum import Enum


class SubjectKind(Enum):
    """The kinds of thing an alert can be about; the value is the prefix of its key."""

    SUBNET = "subnet"
    NODEGROUP = "nodegroup"
    CLUSTER = "cluster"
    AZ = "az"
    VPC = "vpc"
    REGION = "region"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about, and where it lies; what does not apply is empty.

    `scope_key` is made by the functions below. `label` is the name people use. `clusters` are the clusters that use
    a subnet, or the one that a cluster or node group is.
    """

    scope_kind: SubjectKind
    scope_key: str
    label: str
    account_id: str
    region: str = ""
    clusters: tuple[str, ...] = ()
    az_id: str = ""
    az: str = ""
    vpc_id: str = ""


def subnet_key(subnet_id: str) -> str:
    """The key of a subnet's alerts; with the rule's name it identifies the problem."""
    return f"{SubjectKind.SUBNET.value}:{subnet_id}"


def cluster_key(account_id: str, region: str, cluster: str) -> str:
    """The key of a cluster's alerts: names repeat between accounts and regions."""
    return f"{SubjectKind.CLUSTER.value}:{account_id}/{region}/{cluster}"


def nodegroup_key(account_id: str, region: str, cluster: str, nodegroup: str) -> str:
    """The key of a node group's alerts."""
    return f"{SubjectKind.NODEGROUP.value}:{account_id}/{region}/{cluster}/{nodegroup}"


def vpc_key(vpc_id: str) -> str:
    """The key of a VPC's alerts."""
    return f"{SubjectKind.VPC.value}:{vpc_id}"


def region_key(account_id: str, region: str) -> str:
    """The key of the alerts of an account in one region."""
    return f"{SubjectKind.REGION.value}:{account_id}/{region}"


def account_key(account_id: str) -> str:
    """The key of the alerts of an account as a whole."""
    return f"{SubjectKind.ACCOUNT.value}:{account_id}"
