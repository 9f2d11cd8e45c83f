"""The last facts of every account and region, and the samples taken from them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, select

from bot.alerts import Sample
from bot.inventory import BlindSpot, Cluster, Quality, RegionFacts
from bot.store.database import Database, insert_into
from bot.store.tables import ACCOUNT_BLIND_SPOT, REGION_FACTS, SAMPLE

_FACTS = TypeAdapter(RegionFacts)
_CLUSTER_READS = frozenset({"ListClusters", "DescribeCluster"})
_NODEGROUP_READS = frozenset({"ListNodegroups", "DescribeNodegroup"})
_FARGATE_READS = frozenset({"ListFargateProfiles", "DescribeFargateProfile"})


class FactsStore(Database):
    """Facts as they were last read; a failed read adds blind spots and takes nothing away."""

    def save_region(self, facts: RegionFacts) -> RegionFacts:
        """Keep one read of an account and region; what is kept, after joining it with what was known.

        A read whose subnets are not complete keeps the known ones, with their own time and marked stale; so do VPCs
        and clusters whose read is among the blind spots.
        """
        place = (REGION_FACTS.c.account_id == facts.account_id) & (REGION_FACTS.c.region == facts.region)
        with self.writing() as connection:
            kept = facts
            if facts.blind_spots or not facts.subnets_complete:
                known = connection.execute(select(REGION_FACTS.c.facts).where(place)).scalar()
                kept = facts if known is None else _joined(_FACTS.validate_json(known), facts)
            values = {"observed_at": kept.observed_at, "facts": _FACTS.dump_json(kept).decode()}
            statement = insert_into(connection, REGION_FACTS).values(
                account_id=facts.account_id, region=facts.region, **values
            )
            connection.execute(statement.on_conflict_do_update(index_elements=["account_id", "region"], set_=values))
        return kept

    def regions(self) -> tuple[RegionFacts, ...]:
        """The last facts of every account and region, each with its own age."""
        with self.reading() as connection:
            order = REGION_FACTS.c.account_id, REGION_FACTS.c.region
            rows = connection.execute(select(REGION_FACTS.c.facts).order_by(*order)).scalars().all()
        return tuple(_FACTS.validate_json(row) for row in rows)

    def save_account_blind_spots(self, blind_spots: Iterable[BlindSpot]) -> None:
        """Replace what could not be read of accounts as a whole by what this poll could not read."""
        rows = {
            (s.account_id, s.region, s.api): {
                "account_id": s.account_id,
                "region": s.region,
                "api": s.api,
                "reason": s.reason,
                "observed_at": s.observed_at,
            }
            for s in blind_spots
        }
        with self.writing() as connection:
            connection.execute(delete(ACCOUNT_BLIND_SPOT))
            if rows:
                connection.execute(ACCOUNT_BLIND_SPOT.insert(), list(rows.values()))

    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """What the last poll could not read of accounts as a whole."""
        with self.reading() as connection:
            rows = connection.execute(
                select(ACCOUNT_BLIND_SPOT).order_by(ACCOUNT_BLIND_SPOT.c.account_id, ACCOUNT_BLIND_SPOT.c.region)
            ).mappings()
            return tuple(BlindSpot(**row) for row in rows)

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add samples to the history; one that is there already is left as it is."""
        rows = [
            {
                "subnet_id": sample.subnet_id,
                "observed_at": sample.observed_at,
                "free_ips": sample.free_ips,
                "usable_ips": sample.usable_ips,
            }
            for sample in samples
        ]
        if rows:
            with self.writing() as connection:
                connection.execute(insert_into(connection, SAMPLE).on_conflict_do_nothing(), rows)

    def samples(self, subnet_id: str, since: datetime) -> tuple[Sample, ...]:
        """The samples of a subnet from a time on, oldest first."""
        with self.reading() as connection:
            rows = connection.execute(
                select(SAMPLE)
                .where(SAMPLE.c.subnet_id == subnet_id, SAMPLE.c.observed_at >= since)
                .order_by(SAMPLE.c.observed_at)
            ).mappings()
            return tuple(Sample(**row) for row in rows)


def _joined(known: RegionFacts, read: RegionFacts) -> RegionFacts:
    """A read, with what was known in place of what this read could not see."""
    blind = frozenset(spot.api for spot in read.blind_spots)
    # A region that did not answer at all has one blind spot, and none for the reads that were not even tried.
    unread = not read.subnets_complete
    subnets, vpcs, observed_at = read.subnets, read.vpcs, read.observed_at
    if unread:
        fresh = {subnet.subnet_id for subnet in read.subnets}
        subnets += tuple(replace(s, quality=Quality.STALE) for s in known.subnets if s.subnet_id not in fresh)
        observed_at = known.observed_at
    if "DescribeVpcs" in blind or (unread and not vpcs):
        vpcs = known.vpcs
    clusters = read.clusters
    if blind & (_NODEGROUP_READS | _FARGATE_READS):
        before = {cluster.name: cluster for cluster in known.clusters}
        clusters = tuple(_with_parts(before.get(c.name, c), c, blind) for c in clusters)
    if blind & _CLUSTER_READS or (unread and not clusters):
        names = {cluster.name for cluster in clusters}
        clusters += tuple(cluster for cluster in known.clusters if cluster.name not in names)
    return replace(read, observed_at=observed_at, subnets=subnets, vpcs=vpcs, clusters=clusters)


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
