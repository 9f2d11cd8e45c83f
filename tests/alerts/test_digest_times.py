"""When a digest is due: on the wall clock of its zone, once a day, over both changes of daylight saving."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.alerts.digest_times import EVERY_DAY, WEEKDAYS, DigestTimes

BERLIN = "Europe/Berlin"
MONDAY = frozenset({0})


def times(clock: str = "09:00", zone: str = BERLIN, days: frozenset[int] = EVERY_DAY) -> DigestTimes:
    return DigestTimes(days=days, clock=time.fromisoformat(clock), zone=zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "clock", "day", "due"),
    [
        pytest.param(BERLIN, "09:00", "2026-11-23", "2026-11-23 08:00", id="winter"),
        pytest.param(BERLIN, "09:00", "2026-07-01", "2026-07-01 07:00", id="summer"),
        pytest.param(
            BERLIN, "02:30", "2026-03-29", "2026-03-29 01:00", id="a skipped time: 03:00 is the next there is"
        ),
        pytest.param(BERLIN, "02:00", "2026-03-29", "2026-03-29 01:00", id="the first skipped minute"),
        pytest.param(BERLIN, "01:59", "2026-03-29", "2026-03-29 00:59", id="the last minute before"),
        pytest.param(BERLIN, "03:00", "2026-03-29", "2026-03-29 01:00", id="the first minute after"),
        pytest.param(BERLIN, "02:30", "2026-10-25", "2026-10-25 00:30", id="a repeated hour: the first of the two"),
        pytest.param(BERLIN, "03:00", "2026-10-25", "2026-10-25 02:00", id="after the repeated hour"),
        pytest.param("America/Nuuk", "23:30", "2026-03-28", "2026-03-29 01:00", id="skipped into the next day"),
        pytest.param("Pacific/Apia", "09:00", "2011-12-30", "2011-12-30 10:00", id="a day that never was"),
        pytest.param("Australia/Lord_Howe", "02:10", "2026-10-04", "2026-10-03 15:30", id="half an hour is skipped"),
    ],
)
def test_a_day_has_one_moment(zone: str, clock: str, day: str, due: str) -> None:
    assert times(clock, zone).at(date.fromisoformat(day)) == utc(due)


@pytest.mark.parametrize(
    ("clock", "first", "last"),
    [
        pytest.param("02:30", "2026-03-26", "2026-04-01", id="spring, a skipped time"),
        pytest.param("02:30", "2026-10-22", "2026-10-28", id="autumn, a repeated time"),
        pytest.param("09:00", "2026-10-22", "2026-10-28", id="autumn, an ordinary time"),
    ],
)
def test_looked_at_every_ten_minutes_each_day_comes_up_once(clock: str, first: str, last: str) -> None:
    """The days that are due change once a day, in order, whatever the clocks do in between."""
    daily, seen = times(clock), list[date]()
    now = daily.at(date.fromisoformat(first))
    while now <= daily.at(date.fromisoformat(last)):
        day, due = daily.last(now)
        assert due <= now
        assert now - due < timedelta(hours=25, minutes=1)
        if day not in seen:
            seen.append(day)
        now += timedelta(minutes=10)
    assert seen == [date.fromisoformat(first) + timedelta(days=offset) for offset in range(7)]


def test_the_next_one_leaves_out_days_that_had_theirs() -> None:
    """A digest of 08:00 that is moved to 17:00 on the day it came is next due tomorrow."""
    evening, noon = times("17:00"), utc("2026-11-23 11:00")
    assert evening.following(noon)[1] == utc("2026-11-23 16:00")
    assert evening.following(noon, date(2026, 11, 23))[1] == utc("2026-11-24 16:00")


def test_a_weekly_one_comes_on_its_day_in_its_own_zone() -> None:
    """It is Monday in Auckland while it is Sunday in UTC."""
    weekly = times("08:00", "Pacific/Auckland", MONDAY)
    assert weekly.following(utc("2026-11-20 00:00")) == (date(2026, 11, 23), utc("2026-11-22 19:00"))
    assert weekly.following(utc("2026-11-22 19:00"), date(2026, 11, 23))[0] == date(2026, 11, 30)
    assert weekly.covers == timedelta(days=7)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        pytest.param(MONDAY, "Mon 09:00 Europe/Berlin", id="one day"),
        pytest.param(EVERY_DAY, "every day 09:00 Europe/Berlin", id="every day"),
        pytest.param(WEEKDAYS, "weekdays 09:00 Europe/Berlin", id="weekdays"),
    ],
)
def test_it_is_told_in_words(days: frozenset[int], words: str) -> None:
    assert times(days=days).words == words


@pytest.mark.parametrize(
    "days", [pytest.param(frozenset[int](), id="none"), pytest.param(frozenset({7}), id="an eighth")]
)
def test_days_that_do_not_exist_are_refused(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="Monday"):
        times(days=days)
