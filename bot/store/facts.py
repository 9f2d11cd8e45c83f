"""The last facts of every account and region."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, select, true, tuple_

from bot.inventory import BlindSpot, ClusterFacts, RegionFacts
from bot.store.database import Database, insert_into
from bot.store.due_reads import DUE_READ
from bot.store.joining import assembled, joined, joined_clusters, joined_subnets
from bot.store.occupancies import SUBNET_OCCUPANCY
from bot.store.tables import ACCOUNT_BLIND_SPOT, REGION_FACTS

Place = tuple[str, str]
"""Account id and region."""

_FACTS = TypeAdapter(RegionFacts)
_CLUSTERS = TypeAdapter(ClusterFacts)
_PLACE = tuple_(REGION_FACTS.c.account_id, REGION_FACTS.c.region)
_PLACES_A_QUERY = 500
"""Places named in one statement: two parameters each, far below what either database takes."""


@dataclass(frozen=True, slots=True)
class Versions:
    """How often the subnets and the clusters of a place were written."""

    subnets: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The facts of a place as they are stored, in this version."""

    versions: Versions
    facts: RegionFacts


class FactsStore(Database):
    """Facts as they were last read; a failed read adds blind spots and takes nothing away."""

    def save_region(self, facts: RegionFacts) -> RegionFacts:
        """Keep one read of an account and region with its clusters; what is kept, joined with what was known.

        A read whose subnets are not complete keeps the known ones, with their own time and marked stale; so do VPCs
        and clusters whose read is among the blind spots.
        """
        place = (facts.account_id, facts.region)
        with self.writing() as connection:
            kept = facts
            if facts.blind_spots or not facts.subnets_complete:
                known = _read(connection, place)
                kept = facts if known is None else joined(known.facts, facts)
            values = {"observed_at": kept.observed_at, "facts": _text(kept), "cluster_facts": None}
            _write(connection, place, values, subnets=1, clusters=1)
        return kept

    def save_subnets(self, reads: Sequence[RegionFacts]) -> Mapping[Place, Kept]:
        """Keep reads of subnets, whatever is known of the clusters there; what is kept of each place.

        A read that is not complete keeps the known subnets, with their own time and marked stale.
        """
        if not reads:
            return {}
        # Writing is for one thread at a time: what is not known to depend on the stored row is made ready before.
        ready = [(read, _text(read) if read.subnets_complete else None) for read in sorted(reads, key=_place_of)]
        written: dict[Place, tuple[RowMapping, RegionFacts]] = {}
        with self.writing() as connection:
            for read, text in ready:
                place = (read.account_id, read.region)
                known = None if text is not None else _read(connection, place)
                facts = read if known is None else joined_subnets(known.facts, read)
                values = {"observed_at": facts.observed_at, "facts": text or _text(facts)}
                written[place] = (_write(connection, place, values, subnets=1), facts)
        return {place: _assembled(row, facts) for place, (row, facts) in written.items()}

    def save_clusters(self, reads: Sequence[ClusterFacts]) -> Mapping[Place, Kept]:
        """Keep reads of clusters, whatever is known of the subnets there; what is kept of each place.

        Clusters, node groups and profiles that could not be listed or described stay as they were.
        """
        if not reads:
            return {}
        written: dict[Place, RowMapping] = {}
        with self.writing() as connection:
            for read in sorted(reads, key=_place_of):
                place = (read.account_id, read.region)
                # Only what could not be read needs what is known.
                known = _read(connection, place) if read.blind_spots else None
                found = joined_clusters(None if known is None else known.facts, read)
                values = {"cluster_facts": _CLUSTERS.dump_json(found).decode()}
                empty = RegionFacts(
                    account_id=read.account_id,
                    region=read.region,
                    observed_at=read.observed_at,
                    subnets_complete=False,
                )
                first = {"observed_at": empty.observed_at, "facts": _text(empty)}
                written[place] = _write(connection, place, values, first=first, clusters=1, with_facts=True)
        return {place: _assembled(row, None) for place, row in written.items()}

    def regions(self) -> tuple[RegionFacts, ...]:
        """The last facts of every account and region, each with its own age."""
        with self.reading() as connection:
            order = REGION_FACTS.c.account_id, REGION_FACTS.c.region
            rows = connection.execute(select(REGION_FACTS).order_by(*order)).mappings().all()
        return tuple(_assembled(row, None).facts for row in rows)

    def versions(self) -> Mapping[Place, Versions]:
        """The version of what is stored of every account and region."""
        columns = REGION_FACTS.c
        with self.reading() as connection:
            rows = connection.execute(
                select(columns.account_id, columns.region, columns.subnets_version, columns.clusters_version)
            )
            return {(account_id, region): Versions(subnets, clusters) for account_id, region, subnets, clusters in rows}

    def kept(self, places: Collection[Place]) -> Mapping[Place, Kept]:
        """What is stored of these places, with its version."""
        found: dict[Place, Kept] = {}
        wanted = list(places)
        with self.reading() as connection:
            for start in range(0, len(wanted), _PLACES_A_QUERY):
                part = wanted[start : start + _PLACES_A_QUERY]
                for row in connection.execute(select(REGION_FACTS).where(_PLACE.in_(part))).mappings():
                    found[row["account_id"], row["region"]] = _assembled(row, None)
        return found

    def account_ids(self) -> frozenset[str]:
        """The accounts of which facts are kept or reads planned, by any process."""
        both = select(REGION_FACTS.c.account_id).union(select(DUE_READ.c.account_id))
        with self.reading() as connection:
            return frozenset(connection.execute(both).scalars())

    def forget_accounts(self, account_ids: Collection[str]) -> None:
        """Drop what is known and planned of these accounts; their history stays."""
        if not account_ids:
            return
        with self.writing() as connection:
            for table in (REGION_FACTS, ACCOUNT_BLIND_SPOT, DUE_READ, SUBNET_OCCUPANCY):
                connection.execute(delete(table).where(table.c.account_id.in_(account_ids)))

    def save_account_blind_spots(self, blind_spots: Iterable[BlindSpot], of: Collection[str] | None = None) -> None:
        """Replace what could not be read of accounts as a whole, or of the accounts `of` alone, by these."""
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
        here = true() if of is None else ACCOUNT_BLIND_SPOT.c.account_id.in_(of)
        if not rows and not self.may_find(select(ACCOUNT_BLIND_SPOT.c.account_id).where(here)):
            return
        with self.writing() as connection:
            connection.execute(delete(ACCOUNT_BLIND_SPOT).where(here))
            if rows:
                connection.execute(ACCOUNT_BLIND_SPOT.insert(), list(rows.values()))

    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """What could not be read of accounts as a whole when they were last tried."""
        with self.reading() as connection:
            rows = connection.execute(
                select(ACCOUNT_BLIND_SPOT).order_by(ACCOUNT_BLIND_SPOT.c.account_id, ACCOUNT_BLIND_SPOT.c.region)
            ).mappings()
            return tuple(BlindSpot(**row) for row in rows)


def _place_of(read: RegionFacts | ClusterFacts) -> Place:
    """In which order places are written: two replicas that lock rows in different orders would wait for each other."""
    return read.account_id, read.region


def _is(place: Place) -> ColumnElement[bool]:
    return and_(REGION_FACTS.c.account_id == place[0], REGION_FACTS.c.region == place[1])


def _text(facts: RegionFacts) -> str:
    return _FACTS.dump_json(facts).decode()


def _read(connection: Connection, place: Place) -> Kept | None:
    row = connection.execute(select(REGION_FACTS).where(_is(place)).with_for_update()).mappings().first()
    return None if row is None else _assembled(row, None)


def _write(
    connection: Connection,
    place: Place,
    values: Mapping[str, Any],
    *,
    first: Mapping[str, Any] | None = None,
    subnets: int = 0,
    clusters: int = 0,
    with_facts: bool = False,
) -> RowMapping:
    """Write a place's row and count the versions up; the row as it is now, its subnets only `with_facts`.

    `first` are further values of a row that is new.
    """
    columns = REGION_FACTS.c
    statement = insert_into(connection, REGION_FACTS).values(
        account_id=place[0],
        region=place[1],
        subnets_version=subnets,
        clusters_version=clusters,
        **(first or {}),
        **values,
    )
    counted = {
        "subnets_version": columns.subnets_version + subnets,
        "clusters_version": columns.clusters_version + clusters,
    }
    told = [columns.subnets_version, columns.clusters_version, columns.cluster_facts]
    statement = statement.on_conflict_do_update(
        index_elements=["account_id", "region"], set_={**values, **counted}
    ).returning(*told, *([columns.facts] if with_facts else []))
    row: RowMapping = connection.execute(statement).mappings().one()
    return row


def _assembled(row: RowMapping, facts: RegionFacts | None) -> Kept:
    """A row as facts; `facts` are its subnets where they need not be parsed again."""
    clusters = None if row["cluster_facts"] is None else _CLUSTERS.validate_json(row["cluster_facts"])
    return Kept(
        versions=Versions(row["subnets_version"], row["clusters_version"]),
        facts=assembled(facts or _FACTS.validate_json(row["facts"]), clusters),
    )
