"""Looking ahead once an hour: which subnets run out within weeks, and what became of the forecasts that were due."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot import metrics
from bot.capacity.forecast.chance import DAY, day_chances
from bot.capacity.forecast.outlook import outlooks
from bot.capacity.forecast.series import History
from bot.capacity.forecast.verdicts import EtaClass, Forecast, Method, Outlook, Verdict
from bot.capacity.standing import prefix_subnet_ids
from bot.capacity.subnets import Limits, floor_ips, usable_ips
from bot.histories import Blocks, held, histories, step
from bot.inventory import Inventory, Subnet
from bot.monitor.forecast_outcomes import judge
from bot.monitor.forecasting import logged, logged_every, runs_out
from bot.store import Store
from bot.store.chances import LoggedChance
from bot.store.forecasts import RunsOut
from bot.store.samples import DayLow

log = logging.getLogger(__name__)

MOST = 2_000
"""Subnets forecast in one look: each costs a read of four weeks of hours. The nearest to their end come first."""

AT_ONCE = 200
"""Subnets read and forecast together: a fifth of a second of work at most between two pauses."""

PAUSE = timedelta(milliseconds=50)
"""Between two chunks, so that polls and answers get their turn at the processor and the database."""

SCREENED = timedelta(days=14)
"""Whose daily lows tell whether a subnet falls."""

LITTLE_PCT = 30
"""Below this share of free addresses a subnet is looked at even where its daily lows do not fall."""

AHEAD_DAYS = 120
"""Subnets that fall so slowly that they last longer are not looked at: Theil-Sen names dates up to 90 days ahead."""

LOOK_EVERY = timedelta(hours=1)
"""How often the whole fleet is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look did: subnets screened, forecast and found to run out; forecasts logged and judged."""

    screened: int
    forecast: int
    running_out: int
    logged: int
    judged: int


class LookAhead:
    """The hourly look at the whole fleet; never in the way of a poll: it works in chunks and pauses between them.

    Once `stop` is set it ends after the chunk at hand.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits,
        now: Callable[[], datetime],
        *,
        poll: timedelta,
        blocks_floor: int,
        stop: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._limits = limits
        self._now = now
        self._poll = step(poll)
        self._held = held(poll)
        self._blocks_floor = blocks_floor
        self._stop = stop or threading.Event()

    def look_if_due(self, inventory: Inventory) -> Look | None:
        """The look of this hour; None where it was taken, by this process or the one before, or nothing is stored yet.

        So the first look comes as soon as there is a history, not an hour after the start.
        """
        looked_at = self._store.looked_ahead_at()
        if looked_at is not None and self._now() - looked_at < LOOK_EVERY:
            return None
        return self.look(inventory) if self._store.rolled_up_until() is not None else None

    def look(self, inventory: Inventory) -> Look:
        """Judge what is due, then forecast the subnets that may run out within weeks and log what names a date."""
        began = self._now().replace(microsecond=0)
        judged = judge(self._store, began)
        chosen = self._chosen([subnet for subnet in inventory.subnets if subnet.cidr is not None], began)
        blocks = Blocks(subnet_ids=prefix_subnet_ids(inventory.clusters), floor=self._blocks_floor)
        lately = self._lately(began)
        said_at = self._store.chances_said_at()
        # A look that comes a little early is the next day's all the same.
        new_day = said_at is None or began - said_at >= DAY - LOOK_EVERY / 2
        running_out, written, classes = 0, 0, Counter[EtaClass]()
        for some in _chunks(chosen, AT_ONCE):
            if self._stop.is_set():
                break
            known = histories(self._store, some, self._limits, began, blocks=blocks)
            told = list(outlooks(known.values(), began, poll=self._poll, held=self._held))
            rows = [row for row in map(_headline, told) if row is not None]
            named = _naming_a_date(known.values(), told)
            new = [(one, forecast) for one, forecast in named if (one.key, forecast.method) not in lately]
            self._store.log_forecasts(logged(one, forecast) for one, forecast in new)
            self._store.put_runs_out(rows, known)
            if new_day:
                self._log_chances(list(known.values()), told, began)
            for _, forecast in new:
                metrics.forecasts_logged_total.labels(method=forecast.method.value).inc()
            running_out, written = running_out + len(rows), written + len(new)
            classes.update(one.headline.eta_class for one in told)
            self._stop.wait(PAUSE.total_seconds())
        if not self._stop.is_set():
            self._store.end_look(began)
        for eta in (EtaClass.HOURS_2, EtaClass.HOURS_24, EtaClass.DAYS):
            metrics.forecast_subnets.labels(left=eta.value).set(classes[eta])
        look = Look(
            screened=len(inventory.subnets),
            forecast=len(chosen),
            running_out=running_out,
            logged=written,
            judged=judged,
        )
        log.info(
            "looked ahead",
            extra={
                "subnets": look.screened,
                "forecast": look.forecast,
                "running_out": running_out,
                "logged": written,
                "judged": judged,
            },
        )
        return look

    def _chosen(self, subnets: Sequence[Subnet], now: datetime) -> list[Subnet]:
        """The subnets that may run out within weeks, nearest first."""
        ranked: list[tuple[float, Subnet]] = []
        for some in _chunks(subnets, AT_ONCE * 5):
            if self._stop.is_set():
                break
            lows = self._store.days_of([subnet.subnet_id for subnet in some], now - SCREENED)
            for subnet in some:
                days = _days_left(subnet, lows.get(subnet.subnet_id, ()), self._limits)
                if days is not None:
                    ranked.append((days, subnet))
            self._stop.wait(PAUSE.total_seconds())
        ranked.sort(key=lambda item: (item[0], item[1].subnet_id))
        if len(ranked) > MOST:
            log.warning("more subnets may run out than are forecast", extra={"found": len(ranked), "forecast": MOST})
        return [subnet for _, subnet in ranked[:MOST]]

    def _lately(self, now: datetime) -> set[tuple[str, Method]]:
        """What was logged so lately that it is not logged again."""
        widest = max(logged_every(method.value) for method in Method)
        return {
            (one.subnet_id, Method(one.method))
            for one in self._store.forecasts_since(now - widest)
            # A look that comes a little early is the next look all the same.
            if now - one.made_at < logged_every(one.method) * 0.9
        }

    def _log_chances(self, known: Sequence[History], told: Sequence[Outlook], now: datetime) -> None:
        self._store.log_chances(
            LoggedChance(
                subnet_id=one.key,
                made_at=now,
                due_at=now + DAY,
                floor_ips=one.floor,
                unit=one.unit.value,
                ours=one.ours,
                static=one.static,
                linear=one.linear,
            )
            for one in day_chances(known, told, now, poll=self._poll, held=self._held)
        )


def _naming_a_date(known: Iterable[History], told: Iterable[Outlook]) -> Iterator[tuple[History, Forecast]]:
    """The slower methods' forecasts that name a date; the burn rate's are logged at the polls that see them."""
    for one, outlook in zip(known, told, strict=True):
        for forecast in (outlook.holt_winters, outlook.theil_sen):
            if forecast.verdict is Verdict.RUNS_OUT:
                yield one, forecast


def _days_left(subnet: Subnet, lows: Sequence[DayLow], limits: Limits) -> float | None:
    """Days until the floor by how far the daily lows fell from their first half to their second; None: of no interest.

    Where they do not fall, a subnet with little free comes after all that do.
    """
    usable = usable_ips(subnet.cidr) if subnet.cidr is not None else 0
    if subnet.available_ips is None or usable <= 0:
        return None
    left = max(subnet.available_ips - floor_ips(usable, limits), 0)
    known = [low.lowest_ips for low in lows if low.lowest_ips is not None]
    half = len(known) // 2
    if half and (fell := min(known[:half]) - min(known[half:])) > 0:
        days = left / (fell / half)
        if days <= AHEAD_DAYS:
            return days
    if subnet.available_ips < usable * LITTLE_PCT / 100:
        return AHEAD_DAYS + left / usable
    return None


T = TypeVar("T")


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _headline(outlook: Outlook) -> RunsOut | None:
    headline = outlook.headline
    return runs_out(headline) if headline.verdict is Verdict.RUNS_OUT else None
