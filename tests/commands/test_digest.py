"""`digest`: what it says, when it is sent, and that each local day has one whatever clocks, leaders and restarts do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import inventory, region_facts, subnet
from estate_bot import estate, put_read
from sqlalchemy import text
from stored_alerts import FIRING, save_steps

from bot.alerts import Step, SubnetSample, Transition
from bot.answers.digest import DigestAnswer
from bot.answers.envelope import document
from bot.asking.command import Request, Surface
from bot.commands import dispatch
from bot.config import load
from bot.demo.workspace import problems
from bot.message import Context, Message, Table, When
from bot.monitor.digests import Digests
from bot.slack.render import render
from bot.store import QueuedMessage
from bot.store.chances import LoggedChance
from bot.store.forecasts import LoggedForecast, Outcome, RunsOut
from bot.store.work_gaps import DOWN, Work
from bot.wiring import Parts

pytestmark = pytest.mark.timeout(60)

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OPS, DEV = "C0000000OPS", "C0000000DEV"
LOW, ROOMY, SECRET = "subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2", "subnet-0bbbbbbbbbbbbbbb1"
ACCESS = {
    "channels_may": [
        {"channel": OPS, "scopes": ["all"]},
        {"channel": DEV, "scopes": ["cluster:dev-eu"]},
    ]
}


@dataclass(kw_only=True)
class DigestDesk:
    """A store and facts on one clock, and the sender as newly started processes have it."""

    folder: Path
    at: datetime
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        self.parts = self.process()

    def process(self) -> Parts:
        """The parts of a process of its own on the same database."""
        settings = load({"DATABASE_URL": f"sqlite:///{self.folder}/eksip.db"}, self.facts)
        parts = Parts(settings, now=lambda: self.at)
        put_read(parts, estate(self.at))
        return parts

    def ask(self, words: str, channel: str = OPS, **given: Any) -> Message:
        request = Request(text=words, surface=Surface.SLASH, user_id="U1", channel_id=channel, **given)
        return dispatch(request, self.parts.services)

    def answer(self, words: str, channel: str = OPS) -> DigestAnswer:
        message = self.ask(words, channel)
        assert message.failure is None, message.text
        return DigestAnswer.model_validate(dict(message.answer))

    def look(self, at: str, digests: Digests | None = None) -> int:
        """The scheduler's look at this moment (UTC): how many digests were queued."""
        self.at = datetime.fromisoformat(at).replace(tzinfo=UTC)
        put_read(self.parts, estate(self.at))
        return (digests or self.parts.digests()).step()

    def queued(self) -> list[QueuedMessage]:
        """What waits to be sent, which is then taken as sent."""
        found = self.parts.store.claim_messages(self.at, "sender", limit=100)
        for number, item in enumerate(found):
            self.parts.store.message_sent(item, self.at, item.channel, f"1.{number}")
        return list(found)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DigestDesk]:
    found = DigestDesk(folder=tmp_path, at=START, facts={"access": ACCESS})
    yield found
    found.parts.close()


def told(message: Message) -> str:
    """Everything the message says, as one text."""
    return str((message.text, message.verdict, message.parts))


def test_it_counts_shows_the_worst_and_fits_slack_and_a_lock_screen(desk: DigestDesk) -> None:
    message = desk.ask("digest")
    assert message.failure is None
    assert message.text == "IP capacity, week 47: 1 under 10%, 0 under 20%, 2 ok, of 3 subnets, 2 clusters."
    (table,) = [part for part in message.parts if isinstance(part, Table)]
    assert len(table.columns) <= 4
    assert [row[:2] for row in table.rows] == [("private-1a", "5%")]
    assert problems(render(message)) == []
    assert document(message)["ok"] is True


def test_what_people_said_of_answers_is_counted_and_left_out_where_nobody_did(desk: DigestDesk) -> None:
    """Presses of the period, by verb; one from before it and another word on the same message do not add."""
    assert "Feedback" not in told(desk.ask("digest"))
    pressed = [("why", False, 1), ("why", False, 2), ("why", True, 3), ("explain", False, 4), ("explain", True, 4)]
    for verb, helped, message in [*pressed, ("plan", True, 5)]:
        desk.parts.store.add_feedback(
            user_id="U1", channel=OPS, message_ts=f"1.{message}", verb=verb, text=verb, helped=helped, now=desk.at
        )
    before = desk.at - timedelta(days=8)
    desk.parts.store.add_feedback(
        user_id="U1", channel=OPS, message_ts="1.9", verb="why", text="why", helped=False, now=before
    )
    assert "Feedback: 3 helped, 2 did not (why 2)." in told(desk.ask("digest"))
    report = desk.answer("digest").report
    assert report is not None
    assert [(each.verb, each.helped, each.missed) for each in report.feedback] == [
        ("explain", 1, 0),
        ("plan", 1, 0),
        ("why", 1, 2),
    ]


def test_where_nothing_is_low_it_is_one_line_and_no_table(desk: DigestDesk) -> None:
    message = desk.ask("digest cluster:dev-eu")
    assert message.text == "IP capacity, week 47: nothing is low in 1 subnet, 1 cluster."
    assert not [part for part in message.parts if isinstance(part, Table)]


def test_a_row_has_its_change_and_when_it_is_full(desk: DigestDesk) -> None:
    """Both as the store has them: the hourly figure of a week ago, and the newest forecast that names a date."""
    store, week_ago = desk.parts.store, desk.at - timedelta(days=7)
    store.add_samples(
        SubnetSample(subnet_id=LOW, observed_at=week_ago + offset, usable_ips=4091, free_ips=1103, free_blocks=None)
        for offset in (timedelta(minutes=-50), timedelta(minutes=1))
    )
    store.compact(week_ago + timedelta(hours=2))
    likely = desk.at + timedelta(days=9)
    ahead: dict[str, Any] = {
        "method": "theil_sen",
        "unit": "addresses",
        "made_at": desk.at,
        "earliest_at": None,
        "latest_at": None,
    }
    store.put_runs_out(
        [RunsOut(subnet_id=subnet_id, likely_at=likely, per_hour=None, **ahead) for subnet_id in (LOW, ROOMY)], ()
    )
    store.end_look(desk.at)
    message = desk.ask("digest")
    (table,) = [part for part in message.parts if isinstance(part, Table)]
    assert table.columns == ("Subnet", "Free", "Week", "Full in")
    assert table.rows == (("private-1a", "5%", "−22 pt", "9 d"), ("private-1b", "76%", "?", "9 d"))
    report = desk.answer("digest").report
    assert report is not None
    assert (report.rows[0].change_ips, report.rows[0].likely_at) == (203 - 1103, likely)
    desk.at += timedelta(hours=4)
    # Nothing looked since: a date of a look long ago is nobody's forecast.
    assert desk.parts.services.depletes_at() == {}


def test_alerts_of_the_period_are_counted_with_the_longest(desk: DigestDesk) -> None:
    store, hour = desk.parts.store, timedelta(hours=1)
    began = desk.at - timedelta(days=2)
    opened = replace(FIRING, scope_key=f"subnet:{LOW}", active_at=began, observed_at=began, fired_at=began)
    (first,) = save_steps(store, [Step(alert=opened, transition=Transition.OPENED)], {}, began)
    assert first.alert is not None
    over = replace(first.alert, resolved_at=began + 2 * hour, observed_at=began + 2 * hour, resolution="recovered")
    save_steps(store, [Step(alert=over, transition=Transition.RESOLVED)], {}, began + 2 * hour)
    second = replace(
        opened, rule="no_free_blocks", active_at=desk.at - hour, observed_at=desk.at, fired_at=desk.at - hour
    )
    save_steps(store, [Step(alert=second, transition=Transition.OPENED)], {}, desk.at)
    desk.ask("silence 1002 2h deploying")
    report = desk.answer("digest").report
    assert report is not None
    assert (report.alerts.count, report.alerts.still_open, report.alerts.silenced) == (2, 1, 1)
    assert (report.alerts.longest_alert_id, report.alerts.longest_seconds) == (1001, 7200)
    assert "longest 2 h" in told(desk.ask("digest"))
    assert desk.answer("digest cluster:dev-eu").report.alerts.count == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("outs", "line"),
    [
        pytest.param(4, "", id="too few ran out"),
        pytest.param(
            5,
            "Brier score of 20 days of subnets, 5 at the floor within one: forecasts 0.06 (5 found, 0 wrong), "
            "free below 10% 0.75 (5 found, 15 wrong), straight line 0.25 (0 found, 0 wrong).",
            id="enough",
        ),
    ],
)
def test_daily_chances_are_told_beside_the_baselines_once_enough_ran_out(
    desk: DigestDesk, outs: int, line: str
) -> None:
    said = [desk.at - timedelta(days=number + 1) for number in range(20)]
    desk.parts.store.log_chances(
        LoggedChance(
            subnet_id=LOW if number else ROOMY,
            made_at=made_at,
            due_at=made_at + timedelta(days=1),
            floor_ips=8,
            unit="addresses",
            ours=0.5 if number < outs else 0.0,
            static=1.0,
            linear=0.0,
            outcome=Outcome.HIT if number < outs else Outcome.FALSE,
        )
        for number, made_at in enumerate(said)
    )
    report = desk.answer("digest").report
    assert report is not None
    assert [one.ran_out for one in report.forecasts.chances] == [outs] * 3
    shown = " ".join(told(desk.ask("digest")).split())
    assert line in shown
    assert ("Brier" in shown) == bool(line)


@pytest.mark.parametrize(
    ("hits", "false", "words"),
    [
        pytest.param(0, 0, "n/a, 0 of 5 judged", id="none yet"),
        pytest.param(3, 1, "n/a, 4 of 5 judged", id="too few"),
        pytest.param(4, 1, "4 of 5 right, half of them 6 h ahead or more, 1 false", id="enough"),
    ],
)
def test_the_record_of_forecasts_is_told_once_there_are_enough(
    desk: DigestDesk, hits: int, false: int, words: str
) -> None:
    made = [desk.at - timedelta(days=2 * number + 1) for number in range(hits + false)]
    desk.parts.store.log_forecasts(
        LoggedForecast(
            subnet_id=LOW,
            method="burn_rate",
            made_at=at,
            due_at=at + timedelta(days=1),
            likely_at=at + timedelta(hours=5),
            free_ips=200,
            floor_ips=8,
            inputs_hash="0" * 16,
            outcome=Outcome.HIT if number < hits else Outcome.FALSE,
            ran_out_at=at + timedelta(hours=6) if number < hits else None,
        )
        for number, at in enumerate(made)
    )
    assert words in told(desk.ask("digest"))
    assert desk.answer("digest cluster:dev-eu").report.forecasts.judged == 0  # type: ignore[union-attr]


def test_it_says_what_the_bot_itself_missed(desk: DigestDesk) -> None:
    """Time without a process or a sweep, channels that refuse, messages given up; nothing of it invented."""
    store = desk.parts.store
    assert "kept no record" in told(desk.ask("digest"))
    for work in Work:
        store.note_work(work, desk.at - timedelta(minutes=2), timedelta(hours=1))
    assert "I missed nothing that I know of" in told(desk.ask("digest"))
    store.note_work(Work.SERVING, desk.at - timedelta(hours=30), DOWN)
    store.note_work(Work.SERVING, desk.at - timedelta(hours=27), DOWN)
    store.note_work(Work.SERVING, desk.at - timedelta(minutes=1), timedelta(days=9))
    store.queue_message("word", "C9", Message(text="a word"), desk.at)
    for item in store.claim_messages(desk.at, "sender"):
        store.message_dead(item, desk.at, "is_archived")
    store.break_channel("C9", "is_archived", desk.at, {})
    words = told(desk.ask("digest"))
    assert "not running for 3 h, 1 channel that Slack refuses, 1 message given up" in words
    missed = desk.answer("digest").report.missed  # type: ignore[union-attr]
    assert (missed.down_seconds, missed.unswept_seconds, missed.channels_broken) == (3 * 3600, 0, ["C9"])


@pytest.mark.parametrize(
    ("words", "days", "clock"),
    [
        pytest.param("digest mon 9:00 tz=Europe/Berlin", [0], "09:00", id="a day"),
        pytest.param("digest every Monday at 9:00 tz=europe/berlin", [0], "09:00", id="in a sentence"),
        pytest.param("digest daily 8:30 tz=Europe/Berlin", list(range(7)), "08:30", id="daily"),
        pytest.param("digest 8:30 tz=Europe/Berlin", list(range(7)), "08:30", id="a time alone"),
        pytest.param("digest fri 5pm tz=Europe/Berlin", [4], "17:00", id="pm"),
        pytest.param("digest weekdays 12 am tz=Europe/Berlin", [0, 1, 2, 3, 4], "00:00", id="midnight"),
    ],
)
def test_a_schedule_is_read_from_words_as_people_type_them(
    desk: DigestDesk, words: str, days: list[int], clock: str
) -> None:
    schedule = desk.answer(f"{words} cluster:prod-eu").schedule
    assert schedule is not None
    assert (schedule.days, schedule.time, schedule.tz) == (days, clock, "Europe/Berlin")
    assert schedule.scope.endswith("/prod-eu")
    assert desk.answer("digest when").schedule == schedule


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param("digest mon 9:00 tz=Europe/Berln", "tz=Europe/Berlin", id="a zone's slip"),
        pytest.param("digest mon 9:00 tz=Berlin", "tz=Europe/Berlin", id="a city"),
        pytest.param("digest mon 9:00 tz=+02:00", "tz=Europe/Berlin", id="an offset is no zone"),
        pytest.param("digest mondy 9:00", "digest monday 9:00", id="a day's slip"),
        pytest.param("digest mon 25:00", "no time of day", id="no such time"),
        pytest.param("digest mon", "digest mon 9:00", id="no time"),
        pytest.param("digest tz=Europe/Berlin", "goes with a time", id="a zone alone"),
        pytest.param("digest off", "gets no digest", id="nothing to stop"),
        pytest.param("digest mon 9:00 prod-eus", "prod-eu", id="a scope's slip"),
        pytest.param("digset off", "I do not guess", id="a misspelt verb that would change something"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(desk: DigestDesk, words: str, hint: str) -> None:
    message = desk.ask(words)
    assert message.failure is not None
    assert message.failure.kind == "user"
    assert hint in message.text
    assert desk.parts.store.digest_schedules() == ()


@pytest.mark.parametrize(
    ("channel_zone", "person_zone", "taken"),
    [
        pytest.param("Europe/Paris", "Asia/Tokyo", "Europe/Paris", id="the channel's"),
        pytest.param("", "Asia/Tokyo", "Asia/Tokyo", id="the person's"),
        pytest.param("", "Mars/Base", "UTC", id="none that is known"),
    ],
)
def test_without_a_zone_the_channels_is_taken_then_the_persons(
    desk: DigestDesk, channel_zone: str, person_zone: str, taken: str
) -> None:
    if channel_zone:
        desk.ask(f"defaults tz={channel_zone}")
    message = desk.ask("digest mon 9:00", zone=person_zone)
    assert taken in message.text
    assert desk.answer("digest when").schedule.tz == taken  # type: ignore[union-attr]


def test_only_setting_and_stopping_is_for_writers_and_on_record(tmp_path: Path) -> None:
    """Who may not write may still read the digest."""
    desk = DigestDesk(folder=tmp_path, at=START, facts={"access": {"writers": ["U0123456789"]}})
    assert desk.ask("digest").failure is None
    assert desk.ask("digest when").failure is None
    for words in ("digest mon 9:00", "digest off"):
        message = desk.ask(words)
        assert message.failure is not None
        assert "limited to some people" in message.text
    assert desk.parts.store.digest_schedules() == ()
    with desk.parts.store.reading() as connection:
        outcomes = connection.execute(text("SELECT outcome FROM audit WHERE verb = 'digest'")).scalars().all()
    assert len(outcomes) == 2
    assert all(outcome.startswith("denied") for outcome in outcomes)
    desk.parts.close()


def test_it_comes_once_a_local_day_whatever_is_asked_in_between(desk: DigestDesk) -> None:
    desk.ask("digest mon 9:00 tz=Europe/Berlin cluster:prod-eu")
    assert desk.look("2026-11-23 07:59") == 0
    assert [desk.look(f"2026-11-23 08:{minute:02}") for minute in range(5)] == [1, 0, 0, 0, 0]
    (item,) = desk.queued()
    assert (item.channel, item.dedup_key) == (OPS, f"digest:{OPS}:2026-11-23")
    message = item.message
    assert message.text.startswith("IP capacity, week 48: 1 under 10%")
    assert "late" not in told(message)
    nexts = [
        word.moment
        for part in message.parts
        if isinstance(part, Context)
        for line in part.lines
        for word in line
        if isinstance(word, When)
    ]
    assert nexts == [datetime(2026, 11, 30, 8, 0, tzinfo=UTC)]
    assert problems(render(message)) == []
    assert desk.look("2026-11-29 08:00") == 0
    assert desk.look("2026-11-30 08:00") == 1


@pytest.mark.parametrize(
    ("set_at", "first", "last", "sent_at"),
    [
        pytest.param(
            "2026-03-28 12:00",
            "2026-03-29",
            "2026-03-30",
            ["2026-03-29 01:00", "2026-03-30 00:30"],
            id="a skipped hour",
        ),
        pytest.param(
            "2026-10-24 12:00",
            "2026-10-25",
            "2026-10-26",
            ["2026-10-25 00:30", "2026-10-26 01:30"],
            id="a repeated hour",
        ),
    ],
)
def test_the_days_the_clocks_change_have_one_each(
    desk: DigestDesk, set_at: str, first: str, last: str, sent_at: list[str]
) -> None:
    """Daily at 02:30 in Berlin, looked at every quarter of an hour through both nights, each time by a new process."""
    desk.at = datetime.fromisoformat(set_at).replace(tzinfo=UTC)
    desk.ask("digest daily 2:30 tz=Europe/Berlin")
    now, end, sent = datetime.fromisoformat(f"{first} 00:00"), datetime.fromisoformat(f"{last} 03:00"), list[str]()
    while now <= end:
        if desk.look(f"{now}"):
            sent.append(f"{now:%Y-%m-%d %H:%M}")
        now += timedelta(minutes=15)
    assert sent == sent_at
    assert [item.dedup_key for item in desk.queued()] == [f"digest:{OPS}:{first}", f"digest:{OPS}:{last}"]


def test_a_restart_or_a_second_leader_sends_nothing_twice(desk: DigestDesk) -> None:
    """Another process on the same database has read the schedule before and looks in the same minute."""
    desk.ask("digest daily 9:00 tz=UTC")
    other = desk.process()
    stale = other.store.digest_schedules()
    assert desk.look("2026-11-21 09:00") == 1
    assert desk.look("2026-11-21 09:00", other.digests()) == 0
    assert not other.store.send_digest(stale[0], datetime(2026, 11, 21, tzinfo=UTC).date(), Message(text="x"), desk.at)
    assert len(desk.queued()) == 1
    other.close()


@pytest.mark.parametrize(
    ("back_at", "sent", "late"),
    [
        pytest.param("2026-11-23 09:05", 1, "", id="a moment later is in time"),
        pytest.param("2026-11-23 12:05", 1, "Sent 3 h 5 min late", id="hours later"),
        pytest.param("2026-11-24 08:59", 1, "Sent 23 h 59 min late", id="a minute less than a day later"),
        pytest.param("2026-11-24 09:00", 0, "", id="a day later it is not sent"),
    ],
)
def test_one_that_is_late_says_so_for_a_day(desk: DigestDesk, back_at: str, sent: int, late: str) -> None:
    desk.ask("digest mon 9:00 tz=UTC")
    assert desk.look("2026-11-22 09:00") == 0
    assert desk.look(back_at) == sent
    messages = [told(item.message) for item in desk.queued()]
    assert all(late in words for words in messages)
    assert all(("late:" in words) == bool(late) for words in messages)
    assert desk.look("2026-11-30 09:00") == 1
    (item,) = desk.queued()
    assert ("1 digest not sent" in told(item.message)) == (sent == 0)


def test_one_that_was_set_after_its_time_waits_for_the_next(desk: DigestDesk) -> None:
    desk.ask("digest daily 9:00 tz=UTC")
    assert desk.look("2026-11-20 12:01") == 0
    assert desk.look("2026-11-21 09:00") == 1


def test_off_ends_it(desk: DigestDesk) -> None:
    desk.ask("digest daily 9:00 tz=UTC")
    assert desk.answer("digest off").schedule is None
    assert desk.look("2026-11-21 09:00") == 0
    assert desk.answer("digest when").schedule is None


def test_a_channel_hears_only_of_what_it_may_see(desk: DigestDesk) -> None:
    """The digest of everything is one of its own scope, and other channels' troubles are not told."""
    desk.parts.store.break_channel("C9", "is_archived", desk.at, {})
    assert desk.ask("digest daily 9:00 tz=UTC", DEV).failure is None
    assert desk.look("2026-11-21 09:00") == 1
    (item,) = desk.queued()
    assert item.message.text == "IP capacity, week 47: nothing is low in 1 subnet, 1 cluster."
    for hidden in ("private-1a", LOW, "C9", "refuses"):
        assert hidden not in str(item.message)
    refused = desk.ask("digest daily 9:00 cluster:prod-eu", DEV)
    assert refused.failure is not None


def test_a_scope_that_is_gone_is_told_once_a_day_and_holds_up_nobody(desk: DigestDesk) -> None:
    desk.ask("digest daily 9:00 tz=UTC cluster:prod-eu")
    desk.ask("digest daily 9:00 tz=UTC", DEV)
    desk.at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    left = region_facts(
        subnet(SECRET, "10.9.0.0/24", name="secret-1a", account_id="444455556666", observed_at=desk.at),
        account_id="444455556666",
        observed_at=desk.at,
    )
    desk.parts.facts.put(inventory(left))
    digests = desk.parts.digests()
    assert [digests.step(), digests.step()] == [2, 0]
    words = {item.channel: item.message.text for item in desk.queued()}
    assert "cannot be made" in words[OPS]
    assert set(words) == {OPS, DEV}


def test_a_defect_in_one_digest_is_tried_again_and_holds_up_no_other(desk: DigestDesk) -> None:
    desk.ask("digest daily 9:00 tz=UTC")
    desk.ask("digest daily 9:00 tz=UTC", DEV)
    failing = True

    def content(schedule: Any, due_at: datetime) -> Message:
        if failing and schedule.channel == OPS:
            raise RuntimeError("a defect")
        return Message(text=f"due {due_at:%H:%M}")

    digests = Digests(desk.parts.store, content, lambda: desk.at)
    assert desk.look("2026-11-21 09:00", digests) == 1
    failing = False
    assert desk.look("2026-11-21 09:01", digests) == 1
    assert {item.channel for item in desk.queued()} == {OPS, DEV}


def test_a_large_fleet_fits_the_limits_of_a_message(desk: DigestDesk) -> None:
    rows = [
        subnet(f"subnet-{number:017x}", f"10.{number // 256}.{number % 256}.0/24", name="x" * 255, available_ips=9)
        for number in range(600)
    ]
    put_read(desk.parts, inventory(region_facts(*rows)))
    message = desk.ask("digest")
    assert problems(render(message)) == []
    assert len(message.text) <= 150
    report = desk.answer("digest").report
    assert report is not None
    assert (report.under_10_pct, len(report.rows), report.left_out) == (600, 100, 500)
