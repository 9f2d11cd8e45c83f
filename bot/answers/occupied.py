"""Occupied: what the interfaces of subnets came to, as the lanes left it; read now only where nobody else reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.capacity.occupancy import Occupancy, occupancies
from bot.capacity.standing import looks_low
from bot.facts import STALE_POLLS
from bot.inventory import BlindSpot, Subnet
from bot.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """The occupancies that can be used now, by subnet id, and what stood in the way of others."""

    known: Mapping[str, Occupancy]
    blind_spots: tuple[BlindSpot, ...]

    @property
    def oldest_at(self) -> datetime | None:
        """When the interfaces that were read first were read."""
        return min((occupancy.observed_at for occupancy in self.known.values()), default=None)


def occupied(subnets: Sequence[Subnet], services: Services, most: int) -> Occupied:
    """What is known of the interfaces of the subnets.

    While a process reads in the background nothing is asked of AWS; else at most `most` subnets are, of those that no
    stored figure tells of, in the order given.
    """
    store = services.stored()
    kept = store.occupancies([subnet.subnet_id for subnet in subnets]) if store is not None else {}
    usable = {s.subnet_id: kept[s.subnet_id] for s in subnets if s.subnet_id in kept and _is_usable(s, kept, services)}
    spots = _spots(kept.values())
    missing = [subnet for subnet in subnets if subnet.subnet_id not in usable][:most]
    if missing and not services.facts().is_fed:
        contents = services.reader().contents(missing)
        usable |= occupancies(missing, contents)
        spots = (*_spots(usable.values()), *contents.blind_spots)
    return Occupied(known=usable, blind_spots=tuple(dict.fromkeys(spots)))


def _is_usable(subnet: Subnet, kept: Mapping[str, Occupancy], services: Services) -> bool:
    """Whether interfaces and count lie close enough in time to be added up.

    Where the count is low, what was free inside reservations an hour ago says nothing of now; blocks are counted more
    seldom and change as slowly as nodes come and go.
    """
    schedule = services.settings.schedule
    every = schedule.poll if looks_low(subnet, services.settings.thresholds.limits) else schedule.interfaces
    return abs(subnet.observed_at - kept[subnet.subnet_id].observed_at) <= STALE_POLLS * max(every, schedule.poll)


def _spots(found: Iterable[Occupancy]) -> tuple[BlindSpot, ...]:
    return tuple(spot for occupancy in found for spot in occupancy.blind_spots)
