"""Forecasting at every poll: which subnets burn down within hours, found among all by one cheap bound."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import metrics
from bot.alerts import SubnetSample
from bot.capacity.forecast.burn_rate import BURST, LONG
from bot.capacity.forecast.outlook import inputs_hash, outlooks, times_left
from bot.capacity.forecast.series import History
from bot.capacity.forecast.verdicts import Forecast, Method, Verdict
from bot.capacity.subnets import Limits, floor_ips, usable_ips
from bot.histories import PAST, held, histories, step
from bot.inventory import Quality, Subnet
from bot.store import Store
from bot.store.forecasts import LOGGED_EVERY, LoggedForecast, RunsOut
from bot.store.rollups import HourLow

log = logging.getLogger(__name__)

MOST = 500
"""Subnets forecast at one poll: each costs a read of four weeks. In a storm the nearest ones come first."""

HIT_WITHIN = timedelta(hours=24)
"""How long a forecast of hours has to come true, as in the backtest (docs/forecasts.md)."""

LONGEST_DUE = timedelta(days=100)
"""A forecast of weeks is judged before its history and its row are dropped."""

_LOGGED_EVERY = timedelta(hours=1)

Seen = list[tuple[int, int]]
"""What was free (seconds since 1970, addresses): the value in force two hours ago, and every change since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What was said of a subnet by the figure it had then."""

    observed_at: datetime
    judged: bool
    left: timedelta | None


class Forecaster:
    """Forecasts of subnets at each poll; `time_left` is what the judge asks. One thread at a time.

    `within` is the longest time left that changes anything: what an alert needs to end.
    """

    def __init__(
        self, store: Store, limits: Limits, now: Callable[[], datetime], *, poll: timedelta, within: timedelta
    ) -> None:
        self._store = store
        self._limits = limits
        self._now = now
        self._poll = step(poll)
        self._held = held(poll)
        # The fastest fall that counts is over ten minutes, or over one poll: so all that was seen in two hours, taken
        # that fast again and again, bounds what can be gone by then.
        self._bound = within / max(BURST, poll)
        self._floors = {length: floor_ips((1 << (32 - length)) - 5, limits) for length in range(1, 30)}
        self._seen: dict[str, Seen] | None = None
        self._uncounted: set[str] = set()
        self._hours: tuple[int, dict[str, Sequence[HourLow]]] = (0, {})
        self._told: dict[str, _Told] = {}
        self._logged: dict[str, datetime] = {}

    def time_left(self, subnets: Collection[Subnet]) -> Mapping[str, timedelta | None]:
        """The burn rate's time left of each subnet until its floor, by id; None: it does not run out within hours.

        Subnets with too little history, or not read freshly, are left out. One at its floor has nothing left while it
        moved within the last two hours; afterwards nothing is said of its rate.
        """
        now = self._now()
        found, close = self._screened(subnets, now)
        if not close:
            return found
        nearest = [subnet for _, subnet in sorted(close, key=lambda item: item[0])[:MOST]]
        if len(close) > MOST:
            log.warning("more subnets fall than are forecast", extra={"falling": len(close), "forecast": MOST})
        before, self._told = self._told, {}
        new = []
        for subnet in nearest:
            told = before.get(subnet.subnet_id)
            # Other accounts are read more often than this one: without a new figure there is no other forecast.
            if told is not None and told.observed_at == subnet.observed_at:
                self._told[subnet.subnet_id] = told
            else:
                new.append(subnet)
        for subnet, told in self._forecast(new, now):
            self._told[subnet.subnet_id] = told
        return found | {subnet_id: told.left for subnet_id, told in self._told.items() if told.judged}

    def _forecast(self, subnets: Sequence[Subnet], now: datetime) -> Iterator[tuple[Subnet, _Told]]:
        """What the burn rate says of each; the ones it says run out are logged."""
        if not subnets:
            return
        known = self._histories(subnets, now)
        left = dict(times_left(known.values(), now, poll=self._poll, held=self._held))
        out = {subnet_id for subnet_id in left if _is_out(known[subnet_id])}
        burning = [known[subnet_id] for subnet_id, lasts in left.items() if lasts is not None and subnet_id not in out]
        if burning:
            self._keep(burning, now)
        for subnet in subnets:
            lasts = timedelta(0) if subnet.subnet_id in out else left.get(subnet.subnet_id)
            yield subnet, _Told(observed_at=subnet.observed_at, judged=subnet.subnet_id in left, left=lasts)

    def _screened(
        self, subnets: Iterable[Subnet], now: datetime
    ) -> tuple[dict[str, timedelta | None], list[tuple[float, Subnet]]]:
        """The subnets that cannot run out soon at any pace seen, and those that may with how near they are."""
        if self._seen is None:
            self._seen = self._remembered(now)
            self._uncounted = set(self._seen)
        seen, floors, fresh, bound = self._seen, self._floors, Quality.FRESH, self._bound
        oldest = int((now - LONG).timestamp())
        found: dict[str, timedelta | None] = {}
        close: list[tuple[float, Subnet]] = []
        for subnet in subnets:
            free, cidr, subnet_id = subnet.available_ips, subnet.cidr, subnet.subnet_id
            if free is None or cidr is None or subnet.quality is not fresh:
                continue
            mine = seen.get(subnet_id)
            if mine is None:
                seen[subnet_id] = [(int(subnet.observed_at.timestamp()), free)]
                continue
            if len(mine) == 1 and mine[0][1] == free:
                found[subnet_id] = None
                continue
            fell = free < mine[-1][1]
            if mine[-1][1] != free:
                mine.append((int(subnet.observed_at.timestamp()), free))
            if subnet_id in self._uncounted:
                # What was stored may count reserved space: whether this is a fall, the next count tells.
                self._uncounted.discard(subnet_id)
                if fell:
                    continue
            while len(mine) > 1 and mine[1][0] <= oldest:
                del mine[0]
            values = [value for _, value in mine]
            spread, left = max(values) - min(values), free - floors[cidr.prefixlen]
            if left > spread * bound:
                found[subnet_id] = None
            elif spread:
                close.append((left / spread, subnet))
            else:
                found[subnet_id] = None
        return found, close

    def _remembered(self, now: datetime) -> dict[str, Seen]:
        """The last two hours as they are stored, so that a restart forgets nothing."""
        found: dict[str, Seen] = {}
        for subnet_id, samples in self._store.recent(now - LONG).items():
            mine: Seen = []
            for at, free in samples:
                if free is not None and (not mine or mine[-1][1] != free):
                    mine.append((at, free))
            if mine:
                found[subnet_id] = mine
        return found

    def _histories(self, subnets: Iterable[Subnet], now: datetime) -> Mapping[str, History]:
        """The histories of a few subnets; their hourly lows are read once an hour."""
        hour = int(now.timestamp()) // 3600
        kept = self._hours[1] if self._hours[0] == hour else {}
        some = {subnet.subnet_id: subnet for subnet in subnets}
        if missing := [subnet_id for subnet_id in some if subnet_id not in kept]:
            read = self._store.hours_of(missing, now - PAST)
            kept |= {subnet_id: read.get(subnet_id, ()) for subnet_id in missing}
        self._hours = (hour, kept)
        samples, seen = self._store.samples_of(some, now - LONG), self._seen or {}
        adjusted = [
            _with_reserved(subnet, seen.get(subnet_id, []), samples.get(subnet_id, ()))
            for subnet_id, subnet in some.items()
        ]
        return histories(self._store, adjusted, self._limits, now, hours=kept, unwritten=True)

    def _keep(self, burning: list[History], now: datetime) -> None:
        """Log the burn rate's forecasts that name a date, each at most once an hour, and show them in answers."""
        self._logged = {key: at for key, at in self._logged.items() if now - at < _LOGGED_EVERY}
        told = outlooks(burning, now, poll=self._poll, held=self._held)
        due = [
            (one, outlook.burn_rate)
            for one, outlook in zip(burning, told, strict=True)
            if outlook.burn_rate.verdict is Verdict.RUNS_OUT and one.key not in self._logged
        ]
        if due:
            self._store.log_forecasts(logged(one, forecast) for one, forecast in due)
            self._store.put_runs_out((runs_out(forecast) for _, forecast in due), [one.key for one, _ in due])
            self._logged |= {one.key: now for one, _ in due}
            metrics.forecasts_logged_total.labels(method=Method.BURN_RATE.value).inc(len(due))


def logged(one: History, forecast: Forecast) -> LoggedForecast:
    """A forecast that names a date as a row of the log, with the time when it can be judged."""
    if forecast.likely is None:
        raise ValueError(f"the forecast of {forecast.key} names no date")
    due_at = forecast.made_at + HIT_WITHIN
    if forecast.method is Method.THEIL_SEN:
        latest = forecast.latest or forecast.likely + (forecast.likely - forecast.made_at)
        due_at = min(max(latest, due_at), forecast.made_at + LONGEST_DUE)
    return LoggedForecast(
        subnet_id=forecast.key,
        method=forecast.method.value,
        made_at=forecast.made_at,
        due_at=due_at,
        likely_at=forecast.likely,
        free_ips=forecast.free or 0,
        floor_ips=forecast.floor,
        unit=forecast.unit.value,
        inputs_hash=inputs_hash(one, forecast),
    )


def runs_out(forecast: Forecast) -> RunsOut:
    """A forecast that names a date as answers show it."""
    if forecast.likely is None:
        raise ValueError(f"the forecast of {forecast.key} names no date")
    return RunsOut(
        subnet_id=forecast.key,
        method=forecast.method.value,
        unit=forecast.unit.value,
        made_at=forecast.made_at,
        earliest_at=forecast.earliest,
        likely_at=forecast.likely,
        latest_at=forecast.latest,
        per_hour=forecast.per_hour,
    )


def logged_every(method: str) -> timedelta:
    """How long after a forecast of a subnet the method's next is logged."""
    return LOGGED_EVERY.get(method, _LOGGED_EVERY)


def _is_out(one: History) -> bool:
    return len(one.free) > 0 and bool(one.free[-1] <= one.floor)


def _with_reserved(subnet: Subnet, seen: Seen, samples: Sequence[SubnetSample]) -> Subnet:
    """The subnet with the free space inside reservations that the newest stored sample counted beside its count.

    Stored samples of subnets that look low count it, the plain count does not: without this the newest moment would
    look like a sudden fall.
    """
    counts = dict(seen)
    for sample in reversed(samples):
        count, free = counts.get(int(sample.observed_at.timestamp())), sample.free_ips
        if count is not None and free is not None:
            if subnet.available_ips is None or subnet.cidr is None or free <= count:
                return subnet
            most = usable_ips(subnet.cidr)
            return replace(subnet, available_ips=min(subnet.available_ips + free - count, most))
    return subnet
