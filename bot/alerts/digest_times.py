"""When a digest is due: days of the week and a time on the wall clock of a zone, daylight saving included."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""Monday is 0."""

_LOOKED_THROUGH = timedelta(days=8)
"""One day more than a week, since the date in a zone may be a day off from that in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTimes:
    """The days (0 is Monday) and the wall-clock time of a digest; `zone` is the time zone's name."""

    days: frozenset[int]
    clock: time
    zone: str

    def __post_init__(self) -> None:
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("a digest has days, 0 (Monday) to 6 (Sunday)")
        if self.clock.tzinfo is not None:
            raise ValueError("the time of a digest is one of the wall clock, without a zone of its own")

    @property
    def words(self) -> str:
        """As it is read: "Mon 09:00 Europe/Berlin", "every day 08:30 UTC"."""
        if self.days == EVERY_DAY:
            named = "every day"
        elif self.days == WEEKDAYS:
            named = "weekdays"
        else:
            named = ", ".join(DAY_NAMES[day] for day in sorted(self.days))
        return f"{named} {self.clock:%H:%M} {self.zone}"

    @property
    def covers(self) -> timedelta:
        """What one digest looks back on: a week where it comes once a week, else a day."""
        return timedelta(days=7 if len(self.days) == 1 else 1)

    def local_date(self, now: datetime) -> date:
        """The date in the zone."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def at(self, day: date) -> datetime:
        """The moment (UTC) of the digest of a day: the first of a repeated hour, the next there is of a skipped one."""
        zone = ZoneInfo(self.zone)
        wanted = datetime.combine(day, self.clock)
        moment = wanted.replace(tzinfo=zone).astimezone(UTC)
        if _wall(moment, zone) == wanted:
            return moment
        # The clock was put forward over it. Read with the offset from after the change it lies before the change,
        # read with the one from before it lies after: the change is the first second between that shows a later time.
        before = int(wanted.replace(tzinfo=zone, fold=1).timestamp())
        after = int(moment.timestamp())
        while after - before > 1:
            middle = (before + after) // 2
            if _wall(datetime.fromtimestamp(middle, UTC), zone) >= wanted:
                after = middle
            else:
                before = middle
        return datetime.fromtimestamp(after, UTC)

    def last(self, now: datetime) -> tuple[date, datetime]:
        """The newest day whose digest is due by now, and the moment it was due."""
        return max(pair for pair in self._around(now) if pair[1] <= now)

    def following(self, now: datetime, sent_for: date | None = None) -> tuple[date, datetime]:
        """The next day and moment after now; days up to `sent_for` have had their digest."""
        return min(pair for pair in self._around(now) if pair[1] > now and (sent_for is None or pair[0] > sent_for))

    def _around(self, now: datetime) -> list[tuple[date, datetime]]:
        today = self.local_date(now)
        reach = _LOOKED_THROUGH.days
        days = (today + timedelta(days=offset) for offset in range(-reach, reach + 2))
        return [(day, self.at(day)) for day in days if day.weekday() in self.days]


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None)
