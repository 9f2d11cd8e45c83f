"""A digest as a message: one line where nothing is low, else a table of the worst; what happened, what was missed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.answers.digest import DigestAnswer, DigestReport, DigestRow, DigestScheduleJson
from bot.answers.model import fields
from bot.commands.digest_report import ENOUGH, WEEK, Low, Report
from bot.message import Button, Context, Controls, Inline, Line, Message, Part, Strong, Table, Text, Tone, When
from bot.store.digests import DigestSchedule
from bot.views import blind_words, plural, share
from bot.wording import span

ROWS, JSON_ROWS = 10, 100
"""Subnets shown, and subnets in the JSON form."""


def message(found: Report, schedule: DigestSchedule | None) -> Message:
    """The digest; `schedule` is when the channel gets one."""
    heading = f"IP capacity, week {_week(found)}"
    size = f"{plural(found.subnets, 'subnet')}, {plural(found.clusters, 'cluster')}"
    return Message(
        text=_sentence(found, heading, size),
        tone=_tone(found),
        verdict=(Strong(heading), f" · {size}") if found.rows else (Strong(heading), f": nothing is low · {size}"),
        parts=(
            *_late(found),
            *((_counts(found), _table(found)) if found.rows else ()),
            Text(lines=(_alerts(found), _record(found), *_chances(found), *_feedback(found))),
            Context(lines=(_missed(found), *_small_print(found, schedule))),
            Controls(
                items=(
                    Button(label="All subnets", command=f"status {found.scope}"),
                    Button(label="Change digest", command="digest when"),
                )
            ),
        ),
        as_of=found.as_of,
        coverage=found.covered,
        answer=_json(found, schedule),
    )


def _week(found: Report) -> int:
    return found.now.astimezone(ZoneInfo(found.zone)).isocalendar().week


def _sentence(found: Report, heading: str, size: str) -> str:
    if not found.rows:
        return f"{heading}: nothing is low in {size}."
    return f"{heading}: {found.under_low:,} under 10%, {found.under_nearly:,} under 20%, {found.fine:,} ok, of {size}."


def _tone(found: Report) -> Tone:
    if found.under_low:
        return Tone.BAD
    if found.rows:
        return Tone.WARNING
    return Tone.UNKNOWN if found.unknown else Tone.GOOD


def _late(found: Report) -> tuple[Part, ...]:
    if found.due_at is None:
        return ()
    late = span(found.now - found.due_at)
    return (Context(lines=((f"Sent {late} late: it was due ", When(found.due_at, "date_time"), "."),)),)


def _counts(found: Report) -> Text:
    line: list[Inline] = [Strong(f"{found.under_low:,}"), " under 10% · ", Strong(f"{found.under_nearly:,}")]
    line += [" under 20% · ", Strong(f"{found.fine:,}"), " ok"]
    if found.unknown:
        line += [" · ", Strong(f"{found.unknown:,}"), " not known"]
    return Text(lines=(tuple(line),))


def _table(found: Report) -> Table:
    shown, rest = found.rows[:ROWS], len(found.rows) - ROWS
    return Table(
        columns=("Subnet", "Free", "Week" if found.now - found.began_at == WEEK else "Day", "Full in"),
        rows=tuple((low.row.subnet.label, _free(low), _change(low), _full_in(low, found)) for low in shown),
        right=frozenset({1, 2, 3}),
        more=f"+{rest} more" if rest > 0 else "",
    )


def _free(low: Low) -> str:
    return share(low.row.free_ips, low.row.usable_ips)


def _change(low: Low) -> str:
    """The change in percentage points: the figure that, taken from "Free" week by week, ends at "Full in"."""
    points = low.change_points
    if points is None:
        return "?"
    rounded = round(points)
    return "±0" if not rounded else f"{'+' if rounded > 0 else '−'}{abs(rounded)} pt"


def _full_in(low: Low, found: Report) -> str:
    if low.likely_at is None:
        return "no date"
    return span(max(low.likely_at - found.now, timedelta(0)))


def _alerts(found: Report) -> Line:
    told = found.alerts
    if not told.count:
        return ("No alerts.",)
    notes = [
        f"{number:,} {word}" for number, word in ((told.silenced, "silenced"), (told.still_open, "open")) if number
    ]
    line: list[Inline] = [Strong(plural(told.count, "alert")), f" ({', '.join(notes)})" if notes else ""]
    if told.longest_seconds is not None:
        line.append(f", longest {span(timedelta(seconds=told.longest_seconds))}")
    return tuple(part for part in line if part)


def _record(found: Report) -> Line:
    told = found.forecasts
    if not told.enough:
        return (f"Forecasts: n/a, {told.judged} of {ENOUGH} judged in 30 days.",)
    lead = ""
    if told.median_lead_seconds is not None:
        lead = f", half of them {span(timedelta(seconds=told.median_lead_seconds))} ahead or more"
    averted = f", {told.averted} averted" if told.averted else ""
    return (f"Forecasts of 30 days: {told.hits} of {told.judged} right{lead}, {told.false} false{averted}.",)


def _chances(found: Report) -> tuple[Line, ...]:
    """How the daily chances did beside the two baselines, once enough days ended at the floor."""
    told = {one.method: one for one in found.forecasts.chances}
    ours, static, linear = (told.get(method) for method in ("forecast", "free_below_10_pct", "predict_linear_6h"))
    if ours is None or static is None or linear is None or ours.ran_out < ENOUGH:
        return ()
    parts = [
        f"{name} {one.brier:.2f} ({one.found} found, {one.wrong} wrong)"
        for name, one in (("forecasts", ours), ("free below 10%", static), ("straight line", linear))
    ]
    days = f"{ours.judged:,} days of subnets, {ours.ran_out} at the floor within one"
    return ((f"Brier score of {days}: {', '.join(parts)}.",),)


def _feedback(found: Report) -> tuple[Line, ...]:
    """How often answers helped and how often not, of which verbs those were; nothing where nobody said so."""
    helped, missed = sum(each.helped for each in found.feedback), sum(each.missed for each in found.feedback)
    if not helped and not missed:
        return ()
    worst = sorted((each for each in found.feedback if each.missed), key=lambda each: (-each.missed, each.verb))
    verbs = ", ".join(f"{each.verb} {each.missed:,}" for each in worst)
    return ((f"Feedback: {helped:,} helped, {missed:,} did not{f' ({verbs})' if verbs else ''}.",),)


def _missed(found: Report) -> Line:
    """What the bot itself missed, or that it missed nothing."""
    told = found.missed
    words = []
    if told.down_seconds:
        words.append(f"not running for {span(timedelta(seconds=told.down_seconds))}")
    if told.unswept_seconds:
        words.append(f"fleet not read whole for {span(timedelta(seconds=told.unswept_seconds))}")
    if told.digests:
        words.append(f"{plural(told.digests, 'digest')} not sent")
    if told.channels_broken:
        words.append(f"{plural(len(told.channels_broken), 'channel')} that Slack refuses")
    if told.messages_given_up:
        words.append(f"{plural(told.messages_given_up, 'message')} given up")
    if words:
        return (f"What I missed: {', '.join(words)}.",)
    if told.down_seconds is None:
        return ("What I missed: not known, `eksip serve` has kept no record of itself here.",)
    return ("I missed nothing that I know of.",)


def _small_print(found: Report, schedule: DigestSchedule | None) -> tuple[Line, ...]:
    read: Line = (f"Read: {found.read}. {blind_words(found.covered)}".strip(),)
    if schedule is None:
        return (read, ("This channel gets no digest by itself; set one with digest mon 9:00.",))
    return (read, ("Next digest ", When(schedule.next_at(found.now), "date_time")))


def _json(found: Report, schedule: DigestSchedule | None) -> dict[str, object]:
    return fields(
        DigestAnswer(
            report=DigestReport(
                scope=str(found.scope),
                began_at=found.began_at,
                ended_at=found.now,
                week=_week(found),
                due_at=found.due_at,
                subnets=found.subnets,
                clusters=found.clusters,
                under_10_pct=found.under_low,
                under_20_pct=found.under_nearly,
                ok=found.fine,
                unknown=found.unknown,
                rows=[_row(low) for low in found.rows[:JSON_ROWS]],
                left_out=max(len(found.rows) - JSON_ROWS, 0),
                alerts=found.alerts,
                forecasts=found.forecasts,
                feedback=list(found.feedback),
                missed=found.missed,
            ),
            schedule=None if schedule is None else schedule_json(schedule, found.now),
        )
    )


def _row(low: Low) -> DigestRow:
    subnet = low.row.subnet
    return DigestRow(
        subnet_id=subnet.subnet_id,
        label=subnet.label,
        account_id=subnet.account_id,
        region=subnet.region,
        free_ips=low.row.free_ips,
        usable_ips=low.row.usable_ips,
        free_pct=low.row.free_pct,
        change_ips=low.change_ips,
        change_points=low.change_points,
        likely_at=low.likely_at,
    )


def schedule_json(schedule: DigestSchedule, now: datetime) -> DigestScheduleJson:
    """The JSON form of a schedule."""
    return DigestScheduleJson(
        channel=schedule.channel,
        scope=schedule.scope,
        days=sorted(schedule.times.days),
        time=f"{schedule.times.clock:%H:%M}",
        tz=schedule.times.zone,
        next_at=schedule.next_at(now),
        last_sent_for=None if schedule.last_sent_for is None else schedule.last_sent_for.isoformat(),
    )
