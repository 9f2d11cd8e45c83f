"""Joining a read with what was known: a failed read adds blind spots and takes nothing away."""

from dataclasses import replace

from bot.inventory import Cluster, ClusterFacts, Quality, RegionFacts

_CLUSTER_READS = frozenset({"ListClusters", "DescribeCluster"})
_NODEGROUP_READS = frozenset({"ListNodegroups", "DescribeNodegroup"})
_FARGATE_READS = frozenset({"ListFargateProfiles", "DescribeFargateProfile"})
_VPC_READ = "DescribeVpcs"


def joined(known: RegionFacts, read: RegionFacts) -> RegionFacts:
    """A read of everything, with what was known in place of what this read could not see."""
    blind = frozenset(spot.api for spot in read.blind_spots)
    # A region that did not answer at all has one blind spot, and none for the reads that were not even tried.
    unread = not read.subnets_complete
    found = joined_subnets(known, read)
    clusters = _joined_clusters(known.clusters, read.clusters, blind, unread=unread and not read.clusters)
    return replace(found, clusters=clusters)


def joined_subnets(known: RegionFacts, read: RegionFacts) -> RegionFacts:
    """A read of subnets; those that a read which broke off did not get to are the known ones, marked stale."""
    subnets, vpcs, observed_at, gone = read.subnets, read.vpcs, read.observed_at, read.gone
    if not read.subnets_complete:
        fresh = {subnet.subnet_id for subnet in read.subnets}
        subnets += tuple(replace(s, quality=Quality.STALE) for s in known.subnets if s.subnet_id not in fresh)
        observed_at, gone = known.observed_at, known.gone
    if any(spot.api == _VPC_READ for spot in read.blind_spots) or (not read.subnets_complete and not vpcs):
        vpcs = known.vpcs
    return replace(read, observed_at=observed_at, subnets=subnets, vpcs=vpcs, gone=gone)


def joined_clusters(known: RegionFacts | None, read: ClusterFacts) -> ClusterFacts:
    """A read of clusters, with those known before in place of what could not be listed or described."""
    if known is None or not read.blind_spots:
        return read
    blind = frozenset(spot.api for spot in read.blind_spots)
    # Without any cluster the list itself may not have been asked for: the account or the region was closed.
    unread = not read.clusters and not read.vpcs
    return replace(
        read,
        # What was kept is as old as it was; where nothing was known there is nothing that could be older.
        observed_at=(known.clusters_at or read.observed_at) if unread or blind & _CLUSTER_READS else read.observed_at,
        vpcs=known.vpcs if _VPC_READ in blind or unread else read.vpcs,
        clusters=_joined_clusters(known.clusters, read.clusters, blind, unread=unread),
    )


def assembled(facts: RegionFacts, clusters: ClusterFacts | None) -> RegionFacts:
    """The subnets and the clusters of a place as one; VPCs as the clusters' read saw them, which sees new blocks."""
    if clusters is None:
        return facts
    listed = {vpc.vpc_id for vpc in clusters.vpcs}
    used = {subnet.vpc_id for subnet in facts.subnets}
    others = (v for v in facts.vpcs if v.vpc_id not in listed and (not listed or v.vpc_id in used))
    return replace(
        facts,
        vpcs=(*clusters.vpcs, *others),
        clusters=clusters.clusters,
        clusters_at=clusters.observed_at,
        blind_spots=tuple(dict.fromkeys((*facts.blind_spots, *clusters.blind_spots))),
    )


def _joined_clusters(
    known: tuple[Cluster, ...], read: tuple[Cluster, ...], blind: frozenset[str], *, unread: bool
) -> tuple[Cluster, ...]:
    clusters = read
    if blind & (_NODEGROUP_READS | _FARGATE_READS):
        before = {cluster.name: cluster for cluster in known}
        clusters = tuple(_with_parts(before.get(c.name, c), c, blind) for c in clusters)
    if blind & _CLUSTER_READS or unread:
        names = {cluster.name for cluster in clusters}
        clusters += tuple(cluster for cluster in known if cluster.name not in names)
    return clusters


def _with_parts(known: Cluster, read: Cluster, blind: frozenset[str]) -> Cluster:
    """A cluster with the node groups and Fargate profiles it had, where this read could not list or describe them."""
    groups, profiles = read.nodegroups, read.fargate_profiles
    if blind & _NODEGROUP_READS:
        found = {group.name for group in groups}
        groups += tuple(group for group in known.nodegroups if group.name not in found)
    if blind & _FARGATE_READS:
        found = {profile.name for profile in profiles}
        profiles += tuple(profile for profile in known.fargate_profiles if profile.name not in found)
    return replace(read, nodegroups=groups, fargate_profiles=profiles)
