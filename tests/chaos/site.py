"""A site at work: a bot between an AWS, a Slack and a database that do what the plan says, until all is quiet."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from endpoint.answers import Kind
from endpoint.server import Endpoint

from bot.demo.workspace import Workspace

from .databases import Ledger, SiteDatabase, postgresql_server, sqlite_file
from .plan import Break, Database, Episode, Kill, Plan, Target, Trouble
from .replica import Replica
from .verdict import Verdict, verdict

CHANNEL = "platform-alerts"
FREE_IPS = 59
"""Of an empty /26, the smallest subnet of the endpoint."""

POLL = "2s"
FACTS = {
    "thresholds": {"hold": "2s", "recover": "2s"},
    "schedule": {"poll": POLL, "hot": POLL, "slow": "60s"},
    "alerts": {"cloudwatch": False, "rules_off": ["nodes_do_not_fit", "control_plane_subnets", "burn_rate"]},
}
"""A bot in a hurry: an alert fires on its second reading and ends as soon."""

TICK = 0.1
LOOK = 0.5
QUIET = 3.0
"""Seconds, on the wall: between two looks at the plan, at the bot's alerts, and without news at the end."""

CLOCK_STEP = 10.0
CLOCK_JUMP = 1800.0
"""Seconds by which the bot's clock is set back, once or twice, and forward again: what time servers correct, and more
than any wait of the bot. It is never ahead: APScheduler keeps its own time, by this machine's clock.
"""

LATE_SECONDS = 12.0
"""Longer than the bot waits for Slack."""

_AWS_KINDS = {
    Break.AWS_THROTTLED: Kind.THROTTLED,
    Break.AWS_UNAVAILABLE: Kind.UNAVAILABLE,
    Break.AWS_DENIED: Kind.DENIED,
    Break.AWS_EXPIRED: Kind.EXPIRED,
    Break.AWS_RESET: Kind.RESET,
    Break.AWS_TRUNCATED: Kind.TRUNCATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a site did. `doubtful_posts` are those whose reply the bot never saw: the most that may be doubled."""

    plan: Plan
    verdict: Verdict
    kills: int
    other_ends: int
    troubles: Counter[Break]
    doubtful_posts: int
    posts: int
    edits: int
    seconds: float
    timed_out: str


@dataclass(slots=True)
class _Subnet:
    """An episode on its way."""

    episode: Episode
    subnet_id: str
    eni_id: str = ""
    fired_at: float | None = None
    risen: bool = False
    over: bool = False


@dataclass(slots=True)
class _Late:
    """The times in which posts were accepted and not answered in time."""

    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    since: datetime | None = None


class Site:
    """One site; `run` works through its plan and gives the report."""

    def __init__(self, plan: Plan, folder: Path, database: SiteDatabase, endpoint: Endpoint, slack: Workspace) -> None:
        self.plan = plan
        self._database = database
        self._endpoint = endpoint
        self._slack = slack
        self._ledger = Ledger(database.address)
        self._clock = folder / "clock"
        self._set_clock(0.0)
        given = {
            "environ": {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "DATABASE_URL": database.address,
                "PORT": "0",
            },
            "facts": {
                **FACTS,
                "slack": {"api_url": slack.api_url},
                "aws": {"regions": list(plan.fleet.offered), "calls_per_second": 20},
                "watches": [{"channel": slack.channel(CHANNEL), "scope": "all"}],
            },
            "aws": endpoint.environment,
            "clock": str(self._clock),
        }
        self.replicas = [Replica(given, folder / f"replica-{number}.log") for number in range(plan.replicas)]
        account = plan.fleet.management_id
        ids = {region: endpoint.subnet_ids(account, region) for region in plan.fleet.offered}
        self._subnets = [_Subnet(episode=one, subnet_id=ids[one.region][one.number]) for one in plan.episodes]
        self._mends: list[tuple[float, Callable[[], object]]] = []
        self._troubles: Counter[Break] = Counter()
        self._late = _Late()
        self._deny_history()

    def run(self, limit: float) -> Report:
        """Let everything happen, then wait until it is quiet, at most `limit` seconds in all."""
        deadline = time.monotonic() + limit
        self._start(deadline)
        began = time.monotonic()
        troubles, kills = deque(self.plan.troubles), deque(self.plan.kills)
        looked_at = 0.0
        while time.monotonic() < deadline:
            at = time.monotonic() - began
            self._tend(kills)
            while troubles and troubles[0].at <= at:
                self._break(troubles.popleft(), at)
            self._mend(at)
            self._fall(at)
            if at - looked_at >= LOOK:
                looked_at = at
                self._look(at)
            if not troubles and not kills and not self._mends and all(one.risen for one in self._subnets):
                break
            time.sleep(TICK)
        self._calm()
        waits_for = self._waited(deadline)
        return self._report(time.monotonic() - began, waits_for)

    def close(self) -> None:
        """End the bot."""
        for replica in self.replicas:
            replica.close()
        self._ledger.close()

    def _start(self, deadline: float) -> None:
        """Start the bot, and wait until all of it serves: the plan's times count from then on."""
        while any(replica.served_seconds is None for replica in self.replicas) and time.monotonic() < deadline:
            for replica in self.replicas:
                replica.tend()
            time.sleep(TICK)

    def _tend(self, kills: deque[Kill]) -> None:
        """Keep the replicas running, and kill the next one when its time has come."""
        for replica in self.replicas:
            replica.tend()
        if not kills:
            return
        victim = self._victim(kills[0])
        if victim is not None and (victim.served_seconds or 0.0) >= kills[0].after:
            victim.kill(kills.popleft().pause)

    def _victim(self, kill: Kill) -> Replica | None:
        """The replica to kill; None while nobody serves or, where it is to be the leader, leads."""
        serving = [replica for replica in self.replicas if replica.served_seconds is not None]
        if kill.target is Target.ANY or len(self.replicas) == 1:
            return next(iter(serving), None)
        rows = self._ledger.rows("SELECT owner FROM lease") or ()
        leaders = {int(owner.split(":")[1]) for (owner,) in rows}
        return next(
            (replica for replica in serving if (replica.pid in leaders) is (kill.target is Target.LEADER)), None
        )

    def _fall(self, at: float) -> None:
        for one in self._subnets:
            if not one.eni_id and one.episode.falls_at <= at:
                one.eni_id = self._endpoint.take(one.subnet_id, FREE_IPS - one.episode.leaves_ips)
            if one.fired_at is not None and not one.risen and at >= one.fired_at + one.episode.lingers:
                self._endpoint.release(one.eni_id)
                one.risen = True

    def _look(self, at: float) -> None:
        """See what has fired and what is over, as the bot has it."""
        rows = self._ledger.rows("SELECT scope_key, fired_at, resolved_at FROM alert WHERE rule = 'low_ips'") or ()
        known = {key: (fired_at, resolved_at) for key, fired_at, resolved_at in rows}
        for one in self._subnets:
            fired_at, resolved_at = known.get(f"subnet:{one.subnet_id}", (None, None))
            if one.eni_id and one.fired_at is None and fired_at is not None:
                one.fired_at = at
            one.over = one.risen and resolved_at is not None

    def _break(self, trouble: Trouble, at: float) -> None:
        """Switch one trouble on, with its end noted."""
        self._troubles[trouble.what] += 1
        faults, method, times = self._slack.faults, trouble.method, trouble.amount
        match trouble.what:
            case Break.SLACK_LIMITS:
                faults.rate_limit(method, times=times, retry_after=times)
            case Break.SLACK_REFUSES:
                faults.server_error(method, times=times)
            case Break.SLACK_BROKEN:
                faults.server_error(method, times=times, status=500)
            case Break.SLACK_UNSURE:
                faults.error(method, "fatal_error", times=times)
            case Break.SLACK_LOSES:
                faults.lose_reply(method, times=times)
            case Break.SLACK_LATE:
                faults.slow("chat.postMessage", LATE_SECONDS)
                self._late.since = self._late.since or self._slack_now()
                self._mends.append((at + trouble.lasts, self._hurry))
            case Break.SLACK_AWAY:
                faults.server_error("*", times=1_000_000)
                self._mends.append((at + trouble.lasts, self._reset_slack))
            case Break.SLACK_CUTS:
                faults.drop_sockets()
            case Break.DATABASE_AWAY:
                self._database.break_for(trouble.lasts)
            case Break.CLOCK_STEPS:
                self._set_clock(-CLOCK_STEP * (trouble.amount - 1))
            case Break.CLOCK_JUMPS:
                self._set_clock(-CLOCK_JUMP * (trouble.amount - 1))
            case what:
                number = self._endpoint.fail(_AWS_KINDS[what])
                self._mends.append((at + trouble.lasts, lambda: self._endpoint.repair(number)))

    def _mend(self, at: float) -> None:
        due = [mend for until, mend in self._mends if until <= at]
        self._mends = [(until, mend) for until, mend in self._mends if until > at]
        for mend in due:
            mend()

    def _calm(self) -> None:
        """Mend everything, the clock included."""
        self._mends.clear()
        self._reset_slack()
        self._endpoint.repair()
        self._set_clock(0.0)
        self._database.mend()

    def _reset_slack(self) -> None:
        self._hurry()
        self._slack.faults.reset()
        self._deny_history()

    def _hurry(self) -> None:
        if self._late.since is not None:
            self._late.spans.append((self._late.since, self._slack_now()))
            self._late.since = None
        self._slack.faults.slow("chat.postMessage", 0.0)

    def _deny_history(self) -> None:
        if not self.plan.reads_history:
            for method in ("conversations.history", "conversations.replies"):
                self._slack.faults.error(method, "missing_scope", times=1_000_000)

    def _slack_now(self) -> datetime:
        return datetime.now().astimezone()  # noqa: TID251 (the workspace runs on this machine's clock)

    def _set_clock(self, seconds: float) -> None:
        """Put the bot's clock so far ahead of this machine's; replaced in one step, the bot may be reading it."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._clock)

    def _waited(self, deadline: float) -> str:
        """Wait until everything is over and told; what was still awaited at the deadline, or nothing."""
        quiet_since: float | None = None
        awaited = "the first look"
        while time.monotonic() < deadline:
            for replica in self.replicas:
                replica.tend()
            awaited = self._awaited()
            if awaited:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= QUIET:
                return ""
            time.sleep(LOOK)
        return awaited

    def _awaited(self) -> str:
        self._look(0.0)
        open_episodes = [one.subnet_id for one in self._subnets if not one.over]
        if open_episodes:
            return f"the end of {len(open_episodes)} episodes ({', '.join(open_episodes[:3])} …)"
        queries = {
            "open alerts": "SELECT count(*) FROM alert WHERE resolved_at IS NULL",
            "cards to send": "SELECT count(*) FROM outbox WHERE state = 'new'",
            "messages to send": "SELECT count(*) FROM message_outbox WHERE state = 'new'",
        }
        for what, query in queries.items():
            rows = self._ledger.rows(query)
            if rows is None:
                return "the database"
            if rows[0][0]:
                return f"{rows[0][0]} {what}"
        return ""

    def _report(self, seconds: float, timed_out: str) -> Report:
        calls = self._slack.calls
        posts = [call for call in calls if call.method == "chat.postMessage" and call.outcome in ("ok", "lost")]
        kills = sum(replica.kills for replica in self.replicas)
        late = sum(any(since <= call.at <= until for since, until in self._late.spans) for call in posts)
        lost = sum(call.outcome == "lost" for call in posts)
        return Report(
            plan=self.plan,
            verdict=verdict(
                self._slack.messages(CHANNEL),
                [one.subnet_id for one in self._subnets],
                self._ledger.counted(),
            ),
            kills=kills,
            other_ends=sum(replica.ends for replica in self.replicas),
            troubles=self._troubles,
            doubtful_posts=lost + late + kills,
            posts=len(posts),
            edits=sum(call.method == "chat.update" and call.outcome == "ok" for call in calls),
            seconds=seconds,
            timed_out=timed_out,
        )


@contextmanager
def site(plan: Plan, logs: Path) -> Iterator[Site]:
    """A site that is ready to run, its logs in a folder of its name; everything it started ends with the context."""
    folder = logs / plan.name
    folder.mkdir()
    kept = sqlite_file(folder) if plan.database is Database.SQLITE else postgresql_server()
    with kept as database, Endpoint(plan.fleet) as endpoint, Workspace(ack_seconds=30) as slack:
        found = Site(plan, folder, database, endpoint, slack)
        try:
            yield found
        finally:
            found.close()
