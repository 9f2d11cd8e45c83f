"""Facts: the newest inventory at once, with its age; reads AWS only when nothing is known or what is known is old.

In `serve` the scheduler keeps it fresh and an old answer starts a read behind it; a one-shot `ask` takes what a
running `serve` has stored, or reads AWS itself.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import EksipError
from bot.inventory import Inventory, Quality, RegionFacts

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.store import Store

log = logging.getLogger(__name__)

REFRESH_AFTER = timedelta(seconds=60)
"""Age from which a question about facts also starts a read behind its answer (once at a time)."""

STALE_POLLS = 3
"""Polls missed before a fact is called stale (ALERTING 2.1)."""


class Facts:
    """The newest inventory this process knows; safe to use from many threads."""

    def __init__(
        self,
        *,
        reader: Callable[[], "Reader"],
        stored: Callable[[], "Store | None"],
        now: Callable[[], datetime],
        poll: timedelta,
        background: bool,
    ) -> None:
        self._reader = reader
        self._stored = stored
        self._now = now
        self._poll = poll
        self._background = background
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._newest: Inventory | None = None

    def put(self, inventory: Inventory) -> None:
        """Make this the newest inventory (the monitor calls it after each poll)."""
        with self._lock:
            self._newest = inventory

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
        if inventory is None:
            return ()
        groups = (inventory.clusters, inventory.subnets, inventory.vpcs, inventory.accounts)
        return tuple(dict.fromkeys(item.name for group in groups for item in group if item.name))

    def inventory(self) -> Inventory:
        """The newest inventory with the quality of each fact; reads AWS when nothing usable is known.

        Raises: QueryError when AWS has to be read and nothing at all can be.
        """
        inventory = self.known()
        now = self._now()
        if inventory is not None and inventory.as_of is not None:
            age = now - inventory.as_of
            if self._background:
                if age > REFRESH_AFTER:
                    self._refresh_behind()
                return inventory
            if age <= 2 * self._poll:
                return inventory
        return self.refresh(since=now)

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

    def _refresh_behind(self) -> None:
        if self._reading.locked():
            return

        def read() -> None:
            try:
                self.refresh(since=self._now())
            except EksipError as exc:
                log.warning("A read behind an answer failed", extra={"error": str(exc)})

        threading.Thread(target=read, name="eksip-refresh", daemon=True).start()

    def _from_store(self) -> Inventory | None:
        store = self._stored()
        regions = store.regions() if store is not None else ()
        if not regions or store is None:
            return None
        accounts = self._reader().accounts()
        configured = {account.account_id for account in accounts}
        kept = tuple(region for region in regions if region.account_id in configured)
        if not kept:
            return None
        spots = store.blind_spots()
        read = {region.account_id for region in kept}
        # An account that could not be entered was to be read in its configured regions, or in one at least.
        unread = sum(max(len(account.regions), 1) for account in accounts if account.account_id not in read)
        return Inventory(accounts=accounts, regions=kept, expected_regions=len(kept) + unread, blind_spots=spots)

    def _judged(self, inventory: Inventory) -> Inventory:
        """The inventory with every subnet's quality set by the age of its last read."""
        oldest = self._now() - STALE_POLLS * self._poll
        return replace(inventory, regions=tuple(_judged(region, oldest) for region in inventory.regions))


def _judged(region: RegionFacts, oldest: datetime) -> RegionFacts:
    if all(subnet.observed_at >= oldest for subnet in region.subnets):
        return region
    subnets = tuple(
        replace(subnet, quality=Quality.STALE)
        if subnet.observed_at < oldest and subnet.quality is Quality.FRESH
        else subnet
        for subnet in region.subnets
    )
    return replace(region, subnets=subnets)
