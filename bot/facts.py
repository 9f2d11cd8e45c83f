"""Facts: the newest inventory at once, with its age; reads AWS only when nothing is known or what is known is old.

In `serve` the lanes keep it fresh and no answer waits for AWS; a one-shot `ask` takes what a running `serve` has
stored, or reads AWS itself.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.inventory import BlindSpot, Fleet, Inventory, Quality, RegionFacts, Subnet, without_shared_twice

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.store import Store

STALE_POLLS = 3
"""Polls missed before a fact is called stale: one late read is none of anybody's business."""

UNKNOWN_AFTER = timedelta(days=1)
"""Age from which a figure says nothing about now: every node of a cluster may have been replaced since."""

FIRST_WAIT = timedelta(seconds=20)
"""How long the first question of a process that reads in the background waits for the first complete read."""


class Facts:
    """The newest inventory this process knows; safe to use from many threads."""

    def __init__(
        self,
        *,
        reader: Callable[[], "Reader"],
        stored: Callable[[], "Store | None"],
        now: Callable[[], datetime],
        poll: timedelta,
    ) -> None:
        self._reader = reader
        self._stored = stored
        self._now = now
        self._poll = poll
        self._lock = threading.Condition()
        self._reading = threading.Lock()
        self._newest: Inventory | None = None
        self._last: _Judged | None = None
        self._is_fed = False

    def feed(self) -> None:
        """From now on the newest inventory is put here, by whoever reads in the background."""
        self._is_fed = True

    @property
    def is_fed(self) -> bool:
        """Whether somebody reads in the background, so that an answer need not."""
        return self._is_fed

    def put(self, inventory: Inventory) -> None:
        """Make this the newest inventory (the monitor calls it whenever there is news)."""
        with self._lock:
            self._newest = inventory
            self._lock.notify_all()

    def known(self) -> Inventory | None:
        """What is known without asking AWS: from memory, else from the store; None when that is nothing."""
        with self._lock:
            newest = self._newest
        if newest is None:
            newest = self._from_store()
        return None if newest is None else self._judged(newest)

    def names(self) -> tuple[str, ...]:
        """The names of clusters, subnets, VPCs and accounts that are known without asking AWS."""
        inventory = self.known()
        return () if inventory is None else inventory.names

    def inventory(self) -> Inventory:
        """The newest inventory with the quality of each fact; reads AWS when nothing usable is known.

        Raises: QueryError when AWS has to be read and nothing at all can be.
        """
        inventory = self.known()
        now = self._now()
        if inventory is None and self._is_fed:
            inventory = self._awaited()
        if inventory is not None and (self._is_fed or _is_recent(inventory, now, 2 * self._poll)):
            return inventory
        return self.refresh(since=now)

    def _awaited(self) -> Inventory | None:
        """The first inventory that is put here; None when it takes too long."""
        self._reader().accounts()
        with self._lock:
            self._lock.wait_for(lambda: self._newest is not None, timeout=FIRST_WAIT.total_seconds())
            return self._newest

    def refresh(self, since: datetime | None = None) -> Inventory:
        """Read every account and region now and keep the result; askers at the same moment share one read.

        With `since`, a read that another thread finished after that moment is taken instead.
        """
        with self._reading:
            with self._lock:
                newest = self._newest
            if since is not None and newest is not None and newest.as_of is not None and newest.as_of >= since:
                return newest
            inventory = self._reader().sweep(clusters=True)
            self.put(inventory)
            return self._judged(inventory)

    def _from_store(self) -> Inventory | None:
        store = self._stored()
        if store is None:
            return None
        from bot.store.due_reads import Lane  # here: a question that needs no store loads no database library

        regions = store.regions()
        if not regions:
            return None
        fleet = Fleet(accounts=self._reader().accounts())
        found = inventory_of(fleet, regions, store.planned(Lane.SUBNETS), store.blind_spots())
        return found if found.regions else None

    def _judged(self, inventory: Inventory) -> Inventory:
        """The inventory with every subnet's quality set by the age of its last read; the same one while that lasts."""
        now, last = self._now(), self._last
        if last is None or last.source is not inventory or not last.since <= now < last.until:
            judged = judged_by_age(inventory, now, self._poll)
            until = _next_ageing(inventory, now, self._poll)
            last = self._last = _Judged(source=inventory, judged=judged, since=now, until=until)
        return last.judged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """An inventory judged by age, and between which moments nothing in it ages."""

    source: Inventory
    judged: Inventory
    since: datetime
    until: datetime


def inventory_of(
    fleet: Fleet, regions: Iterable[RegionFacts], planned: Collection[tuple[str, str]], blind_spots: Iterable[BlindSpot]
) -> Inventory:
    """What is known of the fleet's accounts, each shared thing once; of a planned account only its planned regions.

    `planned` are the account-regions that are read. An account of which none is, because it could not be entered, was
    to be read in its configured regions, or in one at least.
    """
    accounts = {account.account_id for account in fleet.accounts}
    with_plan = {account_id for account_id, _ in planned}
    kept = [
        facts
        for facts in regions
        if facts.account_id in accounts
        and (facts.account_id not in with_plan or (facts.account_id, facts.region) in planned)
    ]
    places = {(facts.account_id, facts.region) for facts in kept}
    places |= {place for place in planned if place[0] in accounts}
    seen = {account_id for account_id, _ in places}
    unseen = sum(max(len(account.regions), 1) for account in fleet.accounts if account.account_id not in seen)
    return Inventory(
        accounts=fleet.accounts,
        regions=without_shared_twice(kept),
        expected_regions=len(places) + unseen,
        blind_spots=tuple(dict.fromkeys((*fleet.blind_spots, *blind_spots))),
        account_changes=fleet.changes,
    )


def judged_by_age(inventory: Inventory, now: datetime, poll: timedelta) -> Inventory:
    """The inventory with subnets marked stale that were not read for STALE_POLLS polls, unknown for UNKNOWN_AFTER."""
    stale, unknown = now - STALE_POLLS * poll, now - UNKNOWN_AFTER
    regions = tuple(_judged(facts, stale, unknown) for facts in inventory.regions)
    return inventory if regions == inventory.regions else replace(inventory, regions=regions)


def _next_ageing(inventory: Inventory, now: datetime, poll: timedelta) -> datetime:
    """The next moment at which a subnet becomes stale or unknown by its age."""
    read_at = {facts.observed_at for facts in inventory.regions}
    # Subnets of a place that was not read whole have times of their own.
    read_at |= {s.observed_at for f in inventory.regions if now - f.observed_at > STALE_POLLS * poll for s in f.subnets}
    moments = (at + age + _TICK for at in read_at for age in (STALE_POLLS * poll, UNKNOWN_AFTER))
    return min((moment for moment in moments if moment > now), default=now + UNKNOWN_AFTER)


_TICK = timedelta(microseconds=1)
"""An age counts once it is passed."""


def _is_recent(inventory: Inventory, now: datetime, age: timedelta) -> bool:
    return inventory.as_of is not None and now - inventory.as_of <= age


def _judged(region: RegionFacts, stale: datetime, unknown: datetime) -> RegionFacts:
    # No subnet of a place is older than what the place as a whole says of itself.
    if region.observed_at >= stale:
        return region
    return replace(region, subnets=tuple(replace(s, quality=_quality(s, stale, unknown)) for s in region.subnets))


def _quality(subnet: Subnet, stale: datetime, unknown: datetime) -> Quality:
    if subnet.observed_at < unknown:
        return Quality.UNKNOWN
    return Quality.STALE if subnet.observed_at < stale and subnet.quality is Quality.FRESH else subnet.quality
