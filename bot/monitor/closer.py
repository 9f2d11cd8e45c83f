"""Closer: the subnets whose address count proves too little, and what their interfaces and reservations come to.

Reading them costs a call for each page of interfaces and one for each subnet's reservations, so plain comparisons come
first: AvailableIpAddressCount leaves out reserved space and can only make a subnet look lower than it is, and each
used address spoils one /28 block at most.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bot.capacity.occupancy import Occupancy, occupancies
from bot.capacity.standing import prefix_subnet_ids
from bot.config import Settings
from bot.errors import QueryError
from bot.inventory import RegionFacts, Subnet
from bot.monitor.subnet_samples import Levels
from bot.store import Store

if TYPE_CHECKING:
    from bot.aws.reader import Reader

log = logging.getLogger(__name__)


class Closer:
    """Chooses and reads the subnets of one account and region at a time; safe to use from many threads."""

    def __init__(self, reader: "Reader", store: Store, settings: Settings) -> None:
        self._reader = reader
        self._store = store
        self._levels = Levels(settings.alerts.thresholds(settings.thresholds.limits))
        self._alerting: frozenset[str] = frozenset()
        self._for_prefixes: frozenset[str] = frozenset()
        self._accounts: frozenset[str] = frozenset()

    def look_around(self, regions: Iterable[RegionFacts], account_ids: Iterable[str]) -> None:
        """Learn which subnets have an alert or serve prefixes to nodes, of whatever account, and who is read."""
        self._alerting = frozenset(alert.subnet_id for alert in self._store.open_alerts() if alert.subnet_id)
        self._for_prefixes = prefix_subnet_ids(cluster for facts in regions for cluster in facts.clusters)
        self._accounts = frozenset(account_ids)

    def low(self, facts: RegionFacts) -> tuple[Subnet, ...]:
        """The subnets that look low, or have an alert: their interfaces are read with every read of the subnets.

        The count and the free space inside reservations only add up when both are of the same moment.
        """
        return tuple(
            subnet
            for subnet in self._own(facts)
            if subnet.subnet_id in self._alerting or self._levels.looks_low(subnet)
        )

    def for_blocks(self, facts: RegionFacts) -> tuple[Subnet, ...]:
        """The subnets that serve prefixes and whose count does not prove enough free /28 blocks."""
        served = self._for_prefixes | prefix_subnet_ids(facts.clusters)
        return tuple(
            subnet
            for subnet in self._own(facts)
            if subnet.subnet_id in served and self._levels.sure_blocks(subnet) is None
        )

    def read(self, subnets: Sequence[Subnet]) -> tuple[Occupancy, ...]:
        """What the interfaces of the subnets come to now; what cannot be read is in their blind spots."""
        if not subnets:
            return ()
        try:
            contents = self._reader.watched_contents(subnets)
        except QueryError as error:
            log.info("interfaces not read", extra={"account_id": error.account_id, "reason": error.message})
            return ()
        return tuple(occupancies(subnets, contents).values())

    def _own(self, facts: RegionFacts) -> Iterable[Subnet]:
        """The subnets that are read closer from here: shared ones from their owner, where that is read."""
        for subnet in facts.subnets:
            if subnet.account_id == facts.account_id or subnet.account_id not in self._accounts:
                yield subnet
