"""The last facts of each region: a read that failed takes nothing away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network

from bot.inventory import (
    BlindSpot,
    Cluster,
    CniSettings,
    FargateProfile,
    HealthIssue,
    Nodegroup,
    Quality,
    RegionFacts,
    Subnet,
    Vpc,
)
from bot.store import Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SUBNET = Subnet(
    subnet_id="subnet-1",
    name="private <1a> & ünïcode",
    account_id="111122223333",
    region="eu-west-1",
    az_id="euw1-az1",
    az="eu-west-1a",
    vpc_id="vpc-1",
    cidr=IPv4Network("10.0.16.0/20"),
    available_ips=203,
    observed_at=NOW,
    ipv6_cidrs=(IPv6Network("2001:db8::/64"),),
)
CLUSTER = Cluster(
    name="prod-eu",
    account_id="111122223333",
    region="eu-west-1",
    version="1.33",
    status="ACTIVE",
    vpc_id="vpc-1",
    subnet_ids=("subnet-1",),
    ip_family="ipv4",
    cni=CniSettings(source="addon", version="v1.20.0", environment=(("WARM_IP_TARGET", "2"),)),
    health=(HealthIssue(code="InsufficientFreeAddresses", message="…", resource_ids=("subnet-1",)),),
    nodegroups=(Nodegroup(name="apps", subnet_ids=("subnet-2",), instance_types=("m5.large",), status="ACTIVE"),),
    fargate_profiles=(FargateProfile(name="batch", subnet_ids=("subnet-3",), status="ACTIVE"),),
)
FACTS = RegionFacts(
    account_id="111122223333",
    region="eu-west-1",
    observed_at=NOW,
    vpcs=(
        Vpc(
            vpc_id="vpc-1",
            name="prod",
            account_id="111122223333",
            region="eu-west-1",
            cidrs=(IPv4Network("10.0.0.0/16"), IPv4Network("100.64.0.0/16")),
        ),
    ),
    subnets=(SUBNET, replace(SUBNET, subnet_id="subnet-6", cidr=None, available_ips=None)),
    clusters=(CLUSTER,),
)
EMPTY = RegionFacts(account_id="111122223333", region="eu-west-1", observed_at=LATER)


def _blind(api: str, region: str = "eu-west-1") -> BlindSpot:
    return BlindSpot(account_id="111122223333", region=region, api=api, reason="denied", observed_at=LATER)


def test_facts_come_back_as_they_were_read(store: Store) -> None:
    """Networks, times, enums and nested parts survive."""
    assert store.save_region(FACTS) == FACTS
    assert store.regions() == (FACTS,)


def test_a_complete_read_replaces_the_one_before(store: Store) -> None:
    """Deleted subnets and clusters go when the whole region was read."""
    store.save_region(FACTS)
    store.save_region(EMPTY)
    assert store.regions() == (EMPTY,)


def test_a_failed_read_keeps_the_subnets_with_their_age(store: Store) -> None:
    """After a refused DescribeSubnets the known subnets stay, stale and with their own time; the blind spot shows."""
    store.save_region(FACTS)
    failed = replace(EMPTY, blind_spots=(_blind("DescribeSubnets"),), subnets_complete=False)
    kept = store.save_region(failed)
    assert store.regions() == (kept,)
    assert kept.subnets == tuple(replace(subnet, quality=Quality.STALE) for subnet in FACTS.subnets)
    assert (kept.vpcs, kept.clusters, kept.observed_at) == (FACTS.vpcs, FACTS.clusters, NOW)
    assert kept.blind_spots == failed.blind_spots
    assert not kept.subnets_complete


def test_subnets_that_were_read_before_the_failure_count(store: Store) -> None:
    """Of a read that broke off, what came is fresh and the rest is stale."""
    store.save_region(FACTS)
    first = replace(SUBNET, observed_at=LATER, available_ips=7)
    kept = store.save_region(
        replace(EMPTY, subnets=(first,), subnets_complete=False, blind_spots=(_blind("DescribeSubnets"),))
    )
    assert [(s.subnet_id, s.quality, s.available_ips) for s in kept.subnets] == [
        ("subnet-1", Quality.FRESH, 7),
        ("subnet-6", Quality.STALE, None),
    ]


def test_a_refused_eks_read_does_not_forget_the_clusters(store: Store) -> None:
    """With ListClusters refused the known clusters stay; the subnets are the new ones."""
    store.save_region(FACTS)
    kept = store.save_region(replace(EMPTY, blind_spots=(_blind("ListClusters"),)))
    assert (kept.clusters, kept.subnets) == ((CLUSTER,), ())


def test_a_refused_node_group_read_does_not_forget_its_subnets(store: Store) -> None:
    """A cluster keeps its known node groups when they cannot be listed, and takes the new Fargate profiles."""
    store.save_region(FACTS)
    read = replace(CLUSTER, nodegroups=(), fargate_profiles=())
    kept = store.save_region(replace(EMPTY, clusters=(read,), blind_spots=(_blind("ListNodegroups"),)))
    assert kept.clusters == (replace(CLUSTER, fargate_profiles=()),)


def test_a_refused_vpc_read_does_not_forget_the_vpcs(store: Store) -> None:
    """With DescribeVpcs refused the known VPCs stay."""
    store.save_region(FACTS)
    assert store.save_region(replace(EMPTY, blind_spots=(_blind("DescribeVpcs"),))).vpcs == FACTS.vpcs


def test_regions_are_kept_apart(store: Store) -> None:
    """Each account and region has its own row."""
    other = replace(EMPTY, region="us-east-1")
    store.save_region(FACTS)
    store.save_region(other)
    assert store.regions() == (FACTS, other)


def test_account_blind_spots_are_those_of_the_last_poll(store: Store) -> None:
    """The list is replaced whole; one API of an account is listed once."""
    store.save_account_blind_spots([_blind("AssumeRole", "all"), _blind("AssumeRole", "all")])
    assert store.blind_spots() == (_blind("AssumeRole", "all"),)
    store.save_account_blind_spots([])
    assert store.blind_spots() == ()
