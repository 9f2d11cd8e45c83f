"""What subnets held when their interfaces were last read, by whichever replica."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, Index, String, Table, Text, delete, select

from bot.capacity.occupancy import Occupancy
from bot.store.columns import Moment
from bot.store.database import Database, insert_into
from bot.store.metadata import METADATA

OCCUPANCY_KEPT = timedelta(days=7)
"""A week: what was read before says nothing of now, and a subnet that matters is read within minutes."""

SUBNET_OCCUPANCY = Table(
    "subnet_occupancy",
    METADATA,
    Column("subnet_id", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("observed_at", Moment, nullable=False),
    Column("occupancy", Text, nullable=False),
    Index(None, "account_id"),
)
"""The occupancy of each subnet whose interfaces were worth reading, as JSON."""

_OCCUPANCY = TypeAdapter(Occupancy)
_AT_ONCE = 500
"""Subnets named in one statement, far below what either database takes."""


class OccupancyStore(Database):
    """Occupancies as they were last read; a failed read adds blind spots and takes nothing away."""

    def save_occupancies(self, read: Iterable[Occupancy]) -> None:
        """Keep what one read of interfaces brought, after what was known where it saw less."""
        by_id = {occupancy.subnet_id: occupancy for occupancy in read}
        if not by_id:
            return
        with self.writing() as connection:
            known = _kept(connection, by_id)
            found = [known[key].after(new) if key in known else new for key, new in sorted(by_id.items())]
            rows = [
                {
                    "subnet_id": one.subnet_id,
                    "account_id": one.account_id,
                    "observed_at": one.observed_at,
                    "occupancy": _OCCUPANCY.dump_json(one).decode(),
                }
                for one in found
            ]
            insert = insert_into(connection, SUBNET_OCCUPANCY)
            changed = {name: insert.excluded[name] for name in ("account_id", "observed_at", "occupancy")}
            connection.execute(insert.on_conflict_do_update(index_elements=["subnet_id"], set_=changed), rows)

    def occupancies(self, subnet_ids: Collection[str]) -> Mapping[str, Occupancy]:
        """What is known of these subnets, by subnet id; those whose interfaces were never read are left out."""
        if not subnet_ids:
            return {}
        with self.reading() as connection:
            return _kept(connection, subnet_ids)

    def prune_occupancies(self, now: datetime) -> int:
        """Drop what was not read for OCCUPANCY_KEPT; how many subnets."""
        with self.writing() as connection:
            old = delete(SUBNET_OCCUPANCY).where(SUBNET_OCCUPANCY.c.observed_at < now - OCCUPANCY_KEPT)
            return connection.execute(old).rowcount


def _kept(connection: Connection, subnet_ids: Collection[str]) -> dict[str, Occupancy]:
    found: dict[str, Occupancy] = {}
    wanted, columns = sorted(subnet_ids), SUBNET_OCCUPANCY.c
    for start in range(0, len(wanted), _AT_ONCE):
        part = columns.subnet_id.in_(wanted[start : start + _AT_ONCE])
        rows = connection.execute(select(columns.subnet_id, columns.occupancy).where(part))
        found.update({subnet_id: _OCCUPANCY.validate_json(text) for subnet_id, text in rows})
    return found
