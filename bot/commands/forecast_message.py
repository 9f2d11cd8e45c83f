"""What `forecast` says: the verdict, the tables of zones and subnets, what is committed, and the JSON form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.history import DemandJson, ForecastAnswer, ForecastRow, MethodJson, RecordJson
from bot.answers.model import fields
from bot.capacity.demand_ahead import Ahead
from bot.capacity.forecast.series import History, Unit
from bot.capacity.forecast.verdicts import EtaClass, Forecast, Method, Outlook, Verdict
from bot.committed import Committed
from bot.message import Bullets, Button, Controls, Coverage, Line, Message, Part, Strong, Table, Text, Tone, When
from bot.scope import Scope
from bot.store.forecasts import Record
from bot.views import blind_words, count, footer, plural, share
from bot.wording import remaining, span

ROWS = 8
"""Rows each table shows."""

_METHODS = {Method.BURN_RATE: "burn rate", Method.HOLT_WINTERS: "daily pattern", Method.THEIL_SEN: "daily lows"}
_WORDS = {
    Verdict.OUT: "at its floor",
    Verdict.NO_TREND: "no trend",
    Verdict.GROWING: "growing free",
    Verdict.NOT_ENOUGH_HISTORY: "too little history",
    Verdict.STALE: "not known now",
}
_TONES = {EtaClass.HOURS_2: Tone.BAD, EtaClass.HOURS_24: Tone.BAD, EtaClass.DAYS: Tone.WARNING}
_FITS = {True: "fits", False: "does not fit", None: "not known"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lies:
    """What lies ahead of one subnet or pool."""

    label: str
    subnet_ids: tuple[str, ...]
    history: History
    outlook: Outlook

    @property
    def headline(self) -> Forecast:
        return self.outlook.headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The forecasts of a scope, soonest first, with what they rest on."""

    scope: Scope
    now: datetime
    pools: tuple[Lies, ...]
    subnets: tuple[Lies, ...]
    left_out: int
    committed: Committed
    record: Mapping[str, Record]
    command: str
    as_of: datetime
    covered: Coverage

    @property
    def first(self) -> Lies:
        """What the answer is about: the subnet or pool that runs out first, before one that is at its floor already.

        A subnet may stay at its floor for ever, as those of control planes do; what still has a date can be helped.
        """
        both = sorted((*self.subnets, *self.pools), key=soonest)
        return next((one for one in both if one.headline.likely is not None), both[0])

    @property
    def says(self) -> str:
        """The first one's verdict in a few words."""
        headline = self.first.headline
        if headline.likely is None:
            return _left(headline, self.now)
        return f"runs out in about {_left(headline, self.now)} ({_range(headline, self.now)})"


def message(found: Told) -> Message:
    """The answer."""
    return Message(
        text=_sentence(found),
        tone=_tone(found),
        verdict=_verdict(found),
        parts=(
            *_parts(found),
            footer(found.command, found.as_of, found.now, _record_words(found.record), blind_words(found.covered)),
            Controls(items=_buttons(found)),
        ),
        command=found.command,
        as_of=found.as_of,
        coverage=found.covered,
        answer=fields(_json(found)),
    )


def soonest(one: Lies) -> tuple[int, float, float, str]:
    """What is out, then by date; then what cannot be told, and last what lasts, each by how much is free."""
    headline = one.headline
    order = {Verdict.OUT: 0, Verdict.RUNS_OUT: 1, Verdict.STALE: 2, Verdict.NOT_ENOUGH_HISTORY: 3}
    likely = 0.0 if headline.likely is None else headline.likely.timestamp()
    free = 1.0 if headline.free is None or not one.history.total else headline.free / one.history.total
    return order.get(headline.verdict, 4), likely, free, one.label


def _left(forecast: Forecast, now: datetime) -> str:
    """How long it lasts in a table's cell: "6 d 4 h", ">90 d", "no trend"."""
    if forecast.likely is not None:
        return remaining(forecast.likely - now)
    if forecast.verdict is Verdict.NOT_SOON:
        return f">{span(forecast.horizon)}"
    return _WORDS[forecast.verdict]


def _range(forecast: Forecast, now: datetime) -> str:
    """The range of a date: "5 d to 8 d"; "from 5 d" where it may last for ever."""
    if forecast.likely is None or forecast.earliest is None:
        return ""
    first = remaining(forecast.earliest - now)
    if forecast.latest is None:
        return f"from {first}"
    last = remaining(forecast.latest - now)
    return f"{first} to {last}"


def _tone(found: Told) -> Tone:
    if not found.subnets:
        return Tone.UNKNOWN
    headline = found.first.headline
    if headline.eta_class is not EtaClass.NONE:
        return _TONES[headline.eta_class]
    if any(ahead.fits is False for ahead in found.committed.demands):
        return Tone.WARNING
    blind = {Verdict.STALE, Verdict.NOT_ENOUGH_HISTORY}
    return Tone.UNKNOWN if all(one.headline.verdict in blind for one in found.subnets) else Tone.GOOD


def _says(found: Told) -> tuple[str, str]:
    """The subject and the verdict of the answer in words."""
    if not found.subnets:
        return found.scope.words, "no history is stored yet"
    one, out = found.first, sum(row.headline.verdict is Verdict.OUT for row in found.subnets)
    headline = one.headline
    if headline.likely is not None:
        also = f"; {out} at the floor already" if out else ""
        return one.label, f"{found.says}{also}"
    if headline.verdict is Verdict.OUT:
        return one.label, f"at its floor now, {count(headline.free)} {headline.unit.value} free"
    if len(found.subnets) == 1:
        return one.label, _left(headline, found.now)
    dateless = {row.headline.verdict for row in found.subnets}
    if dateless <= {Verdict.NOT_ENOUGH_HISTORY, Verdict.STALE}:
        return found.scope.words, "too little history for a forecast"
    return found.scope.words, f"none of {plural(len(found.subnets), 'subnet')} runs out by any forecast"


def _verdict(found: Told) -> Line:
    subject, says = _says(found)
    return (Strong(subject), ": ", Strong(says))


def _sentence(found: Told) -> str:
    subject, says = _says(found)
    if not found.subnets:
        return f"{subject}: {says}."
    headline = found.first.headline
    free = f" {count(headline.free)} of {count(found.first.history.total)} free." if headline.free is not None else ""
    own = subject != found.scope.words
    return f"{subject}: {says}.{free if own or len(found.subnets) == 1 else ''}"


def _parts(found: Told) -> list[Part]:
    if not found.subnets:
        return [Text(lines=(("eksip keeps what it reads while it serves: a forecast needs three days of it.",),))]
    parts: list[Part] = []
    if len(found.subnets) == 1 and not found.pools:
        one = found.subnets[0]
        headline = one.headline
        if headline.likely is not None:
            parts.append(
                Text(lines=(("Likely ", When(headline.likely, "date_time"), f" by {_METHODS[headline.method]}."),))
            )
        items = tuple(
            (Strong(_METHODS[item.method]), f" {_left(item, found.now)}{_own_record(item, found)}: {item.reason}")
            for item in one.outlook.all
        )
        parts.append(Bullets(items=items))
    else:
        parts += [_table(rows, found) for rows in (found.pools, found.subnets) if rows]
    if found.committed.demands:
        parts.append(Bullets(title="Committed already", items=tuple(map(_demand, found.committed.demands))))
    elif found.committed.why_unknown:
        parts.append(Text(lines=((f"Committed demand is not known: {found.committed.why_unknown}.",),)))
    return parts


def _own_record(item: Forecast, found: Told) -> str:
    record = found.record.get(item.method.value)
    return "" if record is None else f" (right {record.hits} of {record.judged} here)"


def _table(rows: Sequence[Lies], found: Told) -> Table:
    shown, rest = rows[:ROWS], rows[ROWS:]
    dated = sum(one.headline.likely is not None for one in rest)
    words = [f"+{len(rest)} more{f', {dated} of them with a date' if dated else ', none with a date'}"] if rest else []
    if rows is found.subnets and found.left_out:
        words.append(f"{plural(found.left_out, 'subnet')} with more free not forecast")
    return Table(
        columns=("Zone" if rows is found.pools else "Subnet", "Free", "Left", "Range"),
        rows=tuple(
            (
                one.label,
                f"{count(one.headline.free)}{' /28s' if one.history.unit is Unit.BLOCKS else ''}"
                f" ({share(one.headline.free, one.history.total)})",
                _left(one.headline, found.now),
                _range(one.headline, found.now),
            )
            for one in shown
        ),
        right=frozenset({1, 2}),
        more=", ".join(words),
    )


def _demand(ahead: Ahead) -> Line:
    about = f" ({ahead.subject})" if ahead.subject else ""
    why = next((step.why_unknown for step in ahead.steps if step.fits is None and step.why_unknown), "")
    if ahead.fits is None:
        return (f"{ahead.demand.value}{about}: ", Strong("not known"), f", {why}" if why else "")
    short = f", {count(ahead.short_ips)} addresses short" if ahead.short_ips else ""
    takes = f"{plural(ahead.nodes, 'node')}, {count(ahead.needed_ips)} addresses{short}"
    return (f"{ahead.demand.value}{about}: ", Strong(_FITS[ahead.fits]), f", {takes}")


def _record_words(record: Mapping[str, Record]) -> str:
    if not record:
        return "No forecast has been judged here yet."
    parts = [
        f"{_METHODS[method]} {record[method.value].hits} of {record[method.value].judged}"
        for method in Method
        if method.value in record
    ]
    return f"Right here in 30 days: {', '.join(parts)}."


def _buttons(found: Told) -> tuple[Button, ...]:
    buttons = [Button(label="Trend 7 d", command=f"trend {found.scope} 7d")]
    if found.subnets and len(found.subnets) > 1:
        first = found.subnets[0]
        buttons.append(Button(label="Why?", command=f"forecast subnet:{first.subnet_ids[0]}"))
    return (*buttons, Button(label="Soonest", command="top runout"))


def _json(found: Told) -> ForecastAnswer:
    return ForecastAnswer(
        pools=[_row(one, "pool") for one in found.pools],
        subnets=[_row(one, "subnet") for one in found.subnets],
        left_out=found.left_out,
        ahead=[
            DemandJson(
                demand=ahead.demand.value,
                subject=ahead.subject,
                fits=ahead.fits,
                nodes=ahead.nodes,
                needed_ips=ahead.needed_ips,
                short_ips=ahead.short_ips,
            )
            for ahead in found.committed.demands
        ],
        record=[
            RecordJson(method=method.value, judged=record.judged, hits=record.hits)
            for method in Method
            if (record := found.record.get(method.value)) is not None
        ],
    )


def _row(one: Lies, subject: str) -> ForecastRow:
    headline = one.headline
    return ForecastRow.model_validate(
        {
            "subject": subject,
            "label": one.label,
            "subnet_ids": list(one.subnet_ids),
            "unit": one.history.unit.value,
            "free": headline.free,
            "total": one.history.total,
            "floor": headline.floor,
            "verdict": headline.verdict.value,
            "method": headline.method.value,
            "likely_at": headline.likely,
            "methods": [_method(item) for item in one.outlook.all],
        }
    )


def _method(item: Forecast) -> MethodJson:
    return MethodJson(
        method=item.method.value,
        verdict=item.verdict.value,
        reason=item.reason,
        earliest_at=item.earliest,
        likely_at=item.likely,
        latest_at=item.latest,
        per_hour=None if item.per_hour is None else round(item.per_hour, 3),
        inputs=item.inputs,
    )
