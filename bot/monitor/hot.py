"""Hot account-regions: those with an alert or a subnet that is nearly empty are read more often than the others."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.alerts import SubnetSample
from bot.alerts.subject import SubjectKind
from bot.config import Settings
from bot.inventory import Inventory
from bot.monitor.judging import Place
from bot.store import Store
from bot.store.due_reads import Lane, Source

MOST = 200
"""Account-regions that are hot at once: at 60 s some three calls a second over all accounts."""

SOON = timedelta(hours=24)
"""A subnet that is empty within this time by its forecast is hot."""

FLOORS = 2
"""A subnet with fewer free addresses than this many times the floor is hot: it can be empty within one poll."""


class Hot:
    """Keeps the interval of each account and region as its subnets and alerts ask for."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._poll = settings.schedule.poll
        self._hot = min(settings.schedule.hot, settings.schedule.poll)
        self._floor = FLOORS * settings.thresholds.floor_ips
        self._low: dict[str, bool] = {}

    def heat(
        self, inventory: Inventory, samples: Iterable[SubnetSample], planned: Mapping[Place, timedelta]
    ) -> frozenset[Place]:
        """Give each planned place its interval, after these new samples; the places that are hot now."""
        for sample in samples:
            self._low[sample.subnet_id] = self._is_low(sample)
        wanted = dict.fromkeys(
            (alert.account_id, alert.region)
            for alert in self._store.open_alerts()
            if alert.scope_kind not in (SubjectKind.REGION, SubjectKind.ACCOUNT)
        )
        low = {subnet_id for subnet_id, is_low in self._low.items() if is_low}
        if low:
            wanted |= dict.fromkeys(
                (facts.account_id, facts.region)
                for facts in inventory.regions
                if any(subnet.subnet_id in low for subnet in facts.subnets)
            )
        hot = frozenset([place for place in wanted if place in planned][:MOST])
        for places, every in ((hot, self._hot), (planned.keys() - hot, self._poll)):
            self._store.pace_reads(
                [
                    Source(account_id=account_id, region=region, lane=Lane.SUBNETS)
                    for account_id, region in places
                    if planned[account_id, region] != every
                ],
                every,
            )
        return hot

    def _is_low(self, sample: SubnetSample) -> bool:
        if sample.time_left is not None and sample.time_left < SOON:
            return True
        return sample.free_ips is not None and sample.free_ips < self._floor
