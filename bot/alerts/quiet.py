"""Quiet hours: when a channel wants no new messages, in its own time zone, daylight saving included."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from bot.alerts.readings import Severity

WEEK = frozenset(range(7))
"""Every day, Monday is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteWindow:
    """Hours of a channel in which alerts of these severities wait, on the days on which the window starts.

    `starts` to `ends` are wall-clock times in `zone`; a window whose end is not after its start runs past midnight.
    Criticals are not muted unless they are named.
    """

    channel: str
    zone: tzinfo
    starts: time
    ends: time
    days: frozenset[int] = WEEK
    severities: frozenset[Severity] = frozenset({Severity.WARNING})

    def __post_init__(self) -> None:
        if not self.days or not self.days <= WEEK:
            raise ValueError("a mute window has days, 0 (Monday) to 6 (Sunday)")


def muted_until(windows: Iterable[MuteWindow], channel: str, severity: Severity, now: datetime) -> datetime | None:
    """When the channel may hear of an alert of this severity again; None when it may now."""
    ends = [
        end
        for window in windows
        if window.channel == channel and severity in window.severities and (end := _end(window, now)) is not None
    ]
    return max(ends, default=None)


def _end(window: MuteWindow, now: datetime) -> datetime | None:
    """The end of the window that `now` lies in: the one of today, or of yesterday when it runs past midnight.

    Both ends are put on the wall clock first and compared as moments, so that an hour which daylight saving skips or
    repeats makes the night shorter or longer, as it does for people.
    """
    today = now.astimezone(window.zone).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() not in window.days:
            continue
        past_midnight = window.ends <= window.starts
        start = datetime.combine(day, window.starts, tzinfo=window.zone).astimezone(now.tzinfo)
        last_day = day + timedelta(days=1) if past_midnight else day
        # The later of two equal wall-clock times ends the window: nobody is woken in the repeated hour.
        end = datetime.combine(last_day, window.ends, tzinfo=window.zone).replace(fold=1).astimezone(now.tzinfo)
        if start <= now < end:
            return end
    return None
