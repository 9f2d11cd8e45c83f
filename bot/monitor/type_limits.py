"""The limits of instance types: a type is the same in every account, so one answer in a region does for all of them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

from bot.capacity.eni_limits import snapshot_limits
from bot.errors import QueryError
from bot.inventory import InstanceLimits

KEPT = timedelta(hours=24)
"""How long an answer of EC2 holds: as long as the reader keeps it for one account."""

ReadLimits = Callable[[Iterable[str], str, str], Mapping[str, InstanceLimits]]
"""Asks EC2 for the limits of types in an account and region; raises QueryError."""


class TypeLimits:
    """Limits by EC2, else by the snapshot; without this 2,000 account-regions were asked for the same few types."""

    def __init__(self, read: ReadLimits, now: Callable[[], datetime]) -> None:
        self._read = read
        self._now = now
        self._known: dict[tuple[str, str], tuple[InstanceLimits, datetime]] = {}

    def of(self, types: Collection[str], account_id: str, region: str) -> Mapping[str, InstanceLimits]:
        """The limits of the types by EC2 in that region, else by the snapshot; those nobody knows are left out."""
        now = self._now()
        found: dict[str, InstanceLimits] = {}
        for name in types:
            limits, read_at = self._known.get((region, name), (None, now))
            if limits is not None and now - read_at < KEPT:
                found[name] = limits
        if unread := sorted(name for name in types if name not in found):
            try:
                read = self._read(unread, account_id, region)
            except QueryError:
                read = {}  # the read is optional: the snapshot has nearly every type
            self._known |= {(region, name): (limits, now) for name, limits in read.items()}
            found |= read
        missing = (name for name in types if name not in found)
        return found | {name: known for name in missing if (known := snapshot_limits(name)) is not None}
