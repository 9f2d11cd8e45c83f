"""`trend SCOPE [24h|7d|30d]`: what the subnets of a scope had free, and where that is heading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bot.alerts import SubnetSample
from bot.answers.history import TrendAnswer, TrendPoint, TrendRow
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.capacity.forecast.outlook import outlook
from bot.capacity.subnets import Limits, threshold_ips, usable_ips
from bot.charts.text import sparkline
from bot.commands.free_picture import ahead, alert_spans
from bot.errors import UserError
from bot.histories import held, histories, least_free_first, step
from bot.inventory import Inventory, Subnet
from bot.message import Button, Controls, Fields, History, Line, Message, Part, Strong, Table, Text, Tone, When
from bot.scope import Scope, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.store.rollups import HourLow
from bot.views import blind_words, count, coverage, footer, free_of, plural, share
from bot.wording import span

if TYPE_CHECKING:
    from bot.store import Store

Window = Literal["24h", "7d", "30d"]
WINDOWS: Mapping[Window, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
_SAID: Mapping[str, Window] = {
    **{window: window for window in WINDOWS},
    "day": "24h",
    "1d": "24h",
    "week": "7d",
    "month": "30d",
}

MOST, ROWS = 200, 10
"""Subnets whose past is read for one answer, those with the least free first; and how many are shown."""

SPARK = 12
"""Bars of the sparkline in a row of the table."""

_NOW = timedelta(0)

Points = list[tuple[datetime, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trend:
    """One subnet's free addresses over the time."""

    subnet: Subnet
    usable: int
    points: Points
    known_pct: float

    @property
    def now(self) -> int | None:
        return self.points[-1][1] if self.points else self.subnet.available_ips

    @property
    def known(self) -> list[tuple[datetime, int]]:
        return [(at, free) for at, free in self.points if free is not None]

    @property
    def change(self) -> int | None:
        known = self.known
        return None if self.now is None or not known else self.now - known[0][1]


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The past of every subnet in the scope, as far as it is stored."""
    words, window = _window(asked.words)
    inventory = services.facts().inventory()
    scope = resolve(" ".join(words), inventory, verb="trend")
    every = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    if not every:
        raise nothing_in(scope, inventory)
    now, limits = services.now(), services.settings.thresholds.limits
    chosen = least_free_first(every, MOST)
    store = services.history()
    trends = [] if store is None else _trends(store, chosen, now, WINDOWS[window], services)
    trends.sort(key=lambda one: (one.change is None, one.change or 0, one.subnet.label))
    covered = coverage(read_for(scope, inventory))
    command = " ".join(("trend", *asked.words))
    shown = [one for one in trends if one.known]
    charts = () if store is None or not shown else (_chart(shown[0], window, store, now, services, limits),)
    beyond = len(every) - len(chosen)
    return Message(
        text=_sentence(scope, shown, window),
        tone=Tone.NEUTRAL if shown else Tone.UNKNOWN,
        verdict=_verdict(scope, shown, window),
        parts=(
            *_parts(shown, window, beyond),
            footer(
                command,
                min(subnet.observed_at for subnet in chosen),
                now,
                "" if len(shown) < 2 else f"The chart shows {shown[0].subnet.label}.",
                blind_words(covered),
            ),
            Controls(items=_buttons(scope, window)),
        ),
        command=command,
        as_of=_as_of(inventory, chosen),
        coverage=covered,
        charts=charts,
        answer=fields(
            TrendAnswer(
                window=window,
                began_at=now - WINDOWS[window],
                subnets=[_row(one, points=len(every) == 1) for one in trends],
                left_out=beyond,
            )
        ),
    )


def _window(words: Sequence[str]) -> tuple[Sequence[str], Window]:
    """The words without the length of time among them, and that; a day where none is given."""
    said = [word for word in words if word.lower() in _SAID]
    rest = [word for word in words if word.lower() not in _SAID]
    odd = [word for word in rest if word[:-1].isdigit() and word[-1:].lower() in {"h", "d", "w"}]
    if odd or len(said) > 1:
        scope = " ".join(word for word in rest if word not in odd) or "prod-eu"
        offered = [f"trend {scope} {window}" for window in WINDOWS]
        raise UserError(f"`trend` looks back 24h, 7d or 30d. For example `{offered[1]}`.", offered)
    return rest, _SAID[said[0].lower()] if said else "24h"


def _as_of(inventory: Inventory, subnets: Sequence[Subnet]) -> datetime | None:
    return min((subnet.observed_at for subnet in subnets), default=inventory.as_of)


def _trends(
    store: "Store", subnets: Sequence[Subnet], now: datetime, length: timedelta, services: Services
) -> list[_Trend]:
    """The values of each subnet: samples for a day, hourly lows and the newest samples beyond."""
    ids, began = [subnet.subnet_id for subnet in subnets], now - length
    close = began if length <= WINDOWS["24h"] else now - timedelta(hours=2)
    lasts = held(services.settings.schedule.poll)
    # The last whole hour ends up to an hour before; the value in force there is as old as one may be.
    samples = store.samples_of(ids, close - timedelta(hours=1) - lasts)
    hours: Mapping[str, Sequence[HourLow]] = {} if close == began else store.hours_of(ids, began)
    found = []
    for subnet in subnets:
        lows = hours.get(subnet.subnet_id, ())
        points = _points(lows, samples.get(subnet.subnet_id, ()), began, close, now, lasts)
        found.append(
            _Trend(
                subnet=subnet,
                usable=usable_ips(subnet.cidr) if subnet.cidr is not None else 0,
                points=points,
                known_pct=round(100 * _known(points, began, now), 1),
            )
        )
    return found


def _points(
    hours: Iterable[HourLow],
    samples: Iterable[SubnetSample],
    began: datetime,
    close: datetime,
    now: datetime,
    lasts: timedelta,
) -> Points:
    """The values in order of time, None where from then on nothing is known."""
    hour = timedelta(hours=1)
    lows = [low for low in hours if began <= low.starts_at <= close - hour]
    values = [(low.starts_at, low.lowest_ips, low.starts_at + hour) for low in lows]
    last = values[-1][2] if values else close
    read = [sample for sample in samples if sample.observed_at <= now]
    # The value in force where the lows end was read before that.
    first = max(sum(sample.observed_at <= last for sample in read) - 1, 0)
    lasting = [sample for sample in read[first:] if sample.observed_at + lasts > last]
    values += [(max(s.observed_at, last), s.free_ips, s.observed_at + lasts) for s in lasting]
    found: Points = []
    ends = began
    for at, free, until in values:
        if found and at > ends and found[-1][1] is not None:
            found.append((ends, None))
        if found and found[-1][0] >= at:
            found[-1] = (at, free)
        else:
            found.append((at, free))
        ends = until
    if found and ends < now and found[-1][1] is not None:
        found.append((ends, None))
    return found


def _known(points: Points, began: datetime, now: datetime) -> float:
    """The share of the time for which a value is known (0-1)."""
    ends = [*(at for at, _ in points[1:]), now][: len(points)]
    lengths = (end - at for (at, free), end in zip(points, ends, strict=True) if free is not None)
    return min(sum(lengths, timedelta(0)) / (now - began), 1.0)


def _sentence(scope: Scope, shown: Sequence[_Trend], window: Window) -> str:
    if not shown:
        return f"{scope.words}: no history of the last {window} is stored yet."
    worst = shown[0]
    if len(shown) == 1:
        return f"{worst.subnet.label}: {free_of(worst.now, worst.usable)} free, {_signed(worst.change)} in {window}."
    told = f"{worst.subnet.label}, {_signed(worst.change)}"
    return f"{scope.words}: {plural(len(shown), 'subnet')}; most lost in {window}: {told}."


def _verdict(scope: Scope, shown: Sequence[_Trend], window: Window) -> Line:
    if not shown:
        return (Strong(scope.words), f" · no history of the last {window} yet")
    worst = shown[0]
    if len(shown) == 1:
        free = Strong(f"{count(worst.now)} free")
        return (
            Strong(worst.subnet.label),
            " · ",
            free,
            f" of {count(worst.usable)} ({share(worst.now, worst.usable)}), ",
            Strong(_signed(worst.change)),
            f" in {window}",
        )
    falling = sum((one.change or 0) < 0 for one in shown)
    return (Strong(scope.words), " · ", Strong(f"{falling} of {plural(len(shown), 'subnet')} fell"), f" in {window}")


def _parts(shown: Sequence[_Trend], window: Window, beyond: int) -> list[Part]:
    if not shown:
        return [Text(lines=(("eksip keeps what it reads while it serves; ask again in an hour.",),))]
    if len(shown) == 1:
        one = shown[0]
        low, high = min(one.known, key=lambda point: point[1]), max(one.known, key=lambda point: point[1])
        pairs: list[tuple[str, Line]] = [
            ("Lowest", (Strong(count(low[1])), " ", When(low[0], "date_time"))),
            ("Highest", (Strong(count(high[1])), " ", When(high[0], "date_time"))),
            ("Change", (Strong(_signed(one.change)), f" in {window}")),
        ]
        if one.known_pct < 99:
            pairs.append(("Known", (f"{one.known_pct:.0f}% of {window}",)))
        return [Fields(pairs=tuple(pairs))]
    rest = len(shown) - ROWS
    more = ", ".join(
        part
        for part in (
            f"+{rest} more" if rest > 0 else "",
            f"{plural(beyond, 'subnet')} with more free not looked at" if beyond else "",
        )
        if part
    )
    return [
        Table(
            columns=("Subnet", "Free", window, "Course"),
            rows=tuple(
                (
                    one.subnet.label,
                    count(one.now),
                    _signed(one.change),
                    sparkline([free for _, free in one.points], SPARK),
                )
                for one in shown[:ROWS]
            ),
            right=frozenset({1, 2}),
            more=more,
        )
    ]


def _chart(one: _Trend, window: Window, store: "Store", now: datetime, services: Services, limits: Limits) -> History:
    """The picture of one subnet: its past, what is expected of as long a time ahead, and when alerts were open."""
    subnet_id, label, poll = one.subnet.subnet_id, one.subnet.label, services.settings.schedule.poll
    past = histories(store, [one.subnet], limits, now)[subnet_id]
    headline = outlook(past, now, poll=step(poll), held=held(poll)).headline
    low = min(one.known, key=lambda point: point[1])
    dated = "" if headline.likely is None else f" Likely at its floor in {span(max(headline.likely - now, _NOW))}."
    return History(
        title=f"{label}: free addresses, {window}",
        unit="free IPv4 addresses",
        points=tuple((at, None if free is None else float(free)) for at, free in one.points),
        alt=f"Free addresses of {label} over {window}: {count(one.now)} now, lowest {count(low[1])}, "
        f"{_signed(one.change)} in all.{dated}",
        expected=ahead(past, headline, now, WINDOWS[window], poll),
        threshold=float(threshold_ips(one.usable, limits, limits.low_pct)),
        alerts=alert_spans(store, {subnet_id}, now - WINDOWS[window], now),
        as_of=one.subnet.observed_at,
    )


def _buttons(scope: Scope, window: Window) -> tuple[Button, ...]:
    others = [other for other in WINDOWS if other != window]
    looks = [Button(label=f"Last {other}", command=f"trend {scope} {other}") for other in others]
    return (*looks, Button(label="Forecast", command=f"forecast {scope}"))


def _row(one: _Trend, *, points: bool) -> TrendRow:
    known = one.known
    low = min(known, key=lambda point: point[1], default=None)
    high = max(known, key=lambda point: point[1], default=None)
    return TrendRow(
        subnet_id=one.subnet.subnet_id,
        name=one.subnet.name,
        usable_ips=one.usable,
        free_ips=one.now,
        lowest_ips=None if low is None else low[1],
        lowest_at=None if low is None else low[0],
        highest_ips=None if high is None else high[1],
        highest_at=None if high is None else high[0],
        change_ips=one.change,
        known_pct=one.known_pct,
        points=[TrendPoint(at=at, free_ips=free) for at, free in one.points] if points else [],
    )


def _signed(change: int | None) -> str:
    return "?" if change is None else f"{change:+,}".replace("-", "\u2212") if change else "0"
