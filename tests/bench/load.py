"""Load in `make bench`: fifty people at once ask the bot that knows 80,000 subnets, over signed HTTP and Socket Mode.

`python -m tests.bench load [COMMANDS]`. The bot is `serve`'s wiring in a process of its own, with the polls of the
whole fleet going on; the people and their Slack are in this process, AWS is the load endpoint in a third. All share
the machine's cores, so the times are those of a machine that is busy with its own load. Everything is on the loopback
interface, and ends with this process.

"At once" means that all fifty work in the same minutes: each reads an answer and types the next question for 5 s on
average, of exponential length, which is 12 questions a minute of everybody, of the 20 that a person is allowed. Then
all fifty ask in the same second, some times over; and in the end nobody thinks at all, which shows how many commands
a second the bot answers at most.
"""

import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crowd import Crowd, Question, Turn
from endpoint.controls import Controls
from running import free_port

from bot.slack.http import SLACK_PATH

from .fleet import figure
from .load_fleet import stored_fleet
from .table import row

PEOPLE, COMMANDS = 50, 2_000
SAMPLE_EVERY = 250
"""Commands between two looks at the bot's memory."""

BARE_EACH = 8
"""Questions that each person asks of the baseline."""

THINK_SECONDS = 5.0
"""Mean time from an answer to the same person's next question: to read it and to type takes no less."""

BARE_THINK_SECONDS = 0.5
"""The same before the baseline, which has no work to queue for."""

BURSTS = 3
"""How often all ask in the same second."""

SATURATING = 5
"""Questions each person asks without thinking."""

ACK_AIM, CACHED_AIM = 0.5, 0.7
"""Seconds: p99 of the acknowledgements, p95 of the answers that need no AWS."""

PER_MINUTE = 600
"""What a person may ask in a minute here, 20 by default: who does not think asks more, and is to be answered."""

SEED = 7
LIVE = frozenset({"subnet", "who", "plan", "forecast", "why"})
"""Verbs that read interfaces or figures from AWS for their answer, which nothing keeps."""

DEFECTS = ("Something is wrong in eksip", "Something went wrong", "I am busy", "You have asked", "No answer within")
"""How answers begin that no healthy bot gives."""

READY_SECONDS = 300.0
MIX = (
    (40, "status cluster:{cluster}", False),
    (8, "status cluster:{cluster}", True),
    (3, "status account:{account}", False),
    (2, "status all", False),
    (8, "subnet {subnet}", False),
    (4, "who subnet:{subnet}", False),
    (4, "plan +3 m5.large cluster:{cluster}", False),
    (1, "why cluster:{cluster}", False),
    (6, "alerts cluster:{cluster}", False),
    (4, "forecast cluster:{cluster}", False),
    (8, "explain warm ip target", False),
    (2, "explain prefix delegation", True),
    (6, "maxpods m5.2xlarge", False),
    (2, "simulate m5.large pods=16", False),
    (2, "help", False),
)
"""Share of each question in percent, its words, and whether it comes by a mention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process has used so far: resident memory in MiB, CPU in seconds; what of the fleet it knows and judged."""

    mib: float
    cpu_seconds: float
    regions: int
    expected: int
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One transport under load: every turn, the bot's memory on the way, and the CPU seconds of either side.

    `burst` are the turns of all asking in the same second, `most_per_second` the commands answered when nobody thinks.
    """

    turns: Sequence[Turn]
    burst: Sequence[Turn]
    most_per_second: float
    mib: Sequence[float]
    seconds: float
    bot_cpu_seconds: float
    own_cpu_seconds: float
    errors: Sequence[str]


class Bot:
    """The bot's process; `ended` at the end of a context."""

    def __init__(self, given: dict[str, Any], log: Path) -> None:
        self._log = log
        self._stderr = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load_bot"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._say(json.dumps(given))

    def usage(self) -> Usage:
        """What it has used by now; waits until it serves."""
        self._say("")
        line = self._out.readline()
        assert line, f"the bot has ended:\n{self._log.read_text(encoding='utf-8')[-2000:]}"
        return Usage(**json.loads(line))

    def errors(self) -> list[str]:
        """The lines of its log that tell of defects."""
        return [line for line in self._log.read_text(encoding="utf-8").splitlines() if " ERROR " in line]

    def end(self) -> None:
        """Have it stop by its own steps; kill it where it does not."""
        self._in.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        self._stderr.close()

    def _say(self, line: str) -> None:
        self._in.write(f"{line}\n")
        self._in.flush()


def measure(commands: int = COMMANDS, *, details: bool = False) -> None:
    """Print the rows, half of the commands over each transport; with `details` the answers by verb too."""
    with TemporaryDirectory(prefix="eksip-bench-") as folder, stored_fleet(Path(folder)) as (endpoint, facts, names):
        for http in (True, False):
            asked = _questions(names, commands // 2)
            bare = _run(folder, endpoint, facts, [Question(text="help")] * BARE_EACH * PEOPLE, http=http, bare=True)
            found = _run(folder, endpoint, facts, asked, http=http)
            _report(found, bare, "HTTP" if http else "sockets")
            if details:
                _by_verb(found.turns)


def _run(
    folder: str,
    endpoint: Controls,
    facts: dict[str, Any],
    asked: Sequence[Question],
    *,
    http: bool,
    bare: bool = False,
) -> Run:
    port = free_port()
    with Crowd(PEOPLE, events_url=f"http://127.0.0.1:{port}{SLACK_PATH}" if http else None) as crowd:
        environ = {
            "DATABASE_URL": f"sqlite:///{folder}/fleet.db",
            "SLACK_BOT_TOKEN": crowd.bot_token,
            "PORT": str(port),
            **({"SLACK_SIGNING_SECRET": crowd.signing_secret} if http else {"SLACK_APP_TOKEN": crowd.app_token}),
        }
        more = {"slack": {"api_url": crowd.api_url}, "access": {"per_minute": PER_MINUTE}}
        given = {"bare": bare, "http": http, "aws": endpoint.environment, "environ": environ, "facts": facts | more}
        with _running(given, Path(folder) / "bot.log") as bot:
            if not bare:
                _wait_until_known(bot)
            before, own, started = bot.usage(), time.process_time(), time.perf_counter()
            mib = [before.mib]
            think = {"think_seconds": BARE_THINK_SECONDS if bare else THINK_SECONDS}
            # One list for all: nobody is done early, so that all fifty ask until the end.
            asking = threading.Thread(target=crowd.ask, args=([iter(asked)] * PEOPLE,), kwargs=think)
            asking.start()
            while asking.is_alive():
                asking.join(0.1)
                if len(crowd.turns) >= len(mib) * SAMPLE_EVERY:
                    mib.append(bot.usage().mib)
            after, turns, seconds = bot.usage(), crowd.turns, time.perf_counter() - started
            burst, most_per_second = ([], math.nan) if bare else _pressed(crowd, asked)
            return Run(
                turns=turns,
                burst=burst,
                most_per_second=most_per_second,
                mib=(*mib, after.mib),
                seconds=seconds,
                bot_cpu_seconds=after.cpu_seconds - before.cpu_seconds,
                own_cpu_seconds=time.process_time() - own,
                errors=bot.errors(),
            )


def _pressed(crowd: Crowd, asked: Sequence[Question]) -> tuple[list[Turn], float]:
    """What became of the questions that all ask in the same second, and how many a second are answered at most."""
    burst: list[Turn] = []
    for number in range(BURSTS):
        places = range(number * PEOPLE, (number + 1) * PEOPLE)
        burst += crowd.ask([[asked[place % len(asked)]] for place in places], within_seconds=1.0)
    started = time.perf_counter()
    turns = crowd.ask([iter(asked[: SATURATING * PEOPLE])] * PEOPLE)
    return burst, len(turns) / (time.perf_counter() - started)


@contextmanager
def _running(given: dict[str, Any], log: Path) -> Iterator[Bot]:
    bot = Bot(given, log)
    try:
        yield bot
    finally:
        bot.end()


def _wait_until_known(bot: Bot) -> None:
    """Wait for the first evaluation of the whole fleet: a bot is started seldom, and asked all day."""
    deadline = time.monotonic() + READY_SECONDS
    while not (usage := bot.usage()).coverage or usage.regions < usage.expected:
        assert time.monotonic() < deadline, usage
        time.sleep(0.5)


def _questions(names: Sequence[dict[str, str]], commands: int) -> list[Question]:
    """The shares of the mix in a shuffled order, each question about a place of the fleet."""
    chance = random.Random(SEED)
    shares = [share for share, _, _ in MIX]
    drawn = chance.choices(MIX, shares, k=commands)
    return [Question(text=words.format(**chance.choice(names)), by_mention=mention) for _, words, mention in drawn]


def _report(found: Run, bare: Run, transport: str) -> None:
    turns = found.turns
    acks, bare_acks = _acks(turns), _acks(bare.turns)
    baseline = "Bolt with an empty listener"
    title = f"{len(turns):,} commands of {PEOPLE} people over {transport}"
    for pct in (50, 95, 99, 100):
        word = f"p{pct}" if pct < 100 else "max"
        subject = f"{title}: ack {word}" if pct == 50 else f"… ack {word}"
        row(subject, percentile(acks, pct), f"{baseline}, {word}", percentile(bare_acks, pct))
    row("… ack p99", percentile(acks, 99), "aim", ACK_AIM)
    cached, live = _answers(turns)
    row("… answers from what is known, p50", percentile(cached, 50), "p99", percentile(cached, 99))
    row("… answers from what is known, p95", percentile(cached, 95), "aim", CACHED_AIM)
    row("… answers that read AWS, p95", percentile(live, 95), "answers from what is known", percentile(cached, 95))
    together, _ = _answers(found.burst)
    row(f"… all {PEOPLE} in the same second: ack p99", percentile(_acks(found.burst), 99), "aim", ACK_AIM)
    row(f"… all {PEOPLE} in the same second: from what is known, p95", percentile(together, 95), "aim", CACHED_AIM)
    row(
        "… CPU of the bot, a command",
        found.bot_cpu_seconds / len(turns),
        baseline,
        bare.bot_cpu_seconds / len(bare.turns),
    )
    row(
        f"… CPU of the bot in {found.seconds:.0f} s on {os.cpu_count()} cores",
        found.bot_cpu_seconds,
        "the people and their Slack",
        found.own_cpu_seconds,
    )
    per_second = len(turns) / found.seconds
    figure("… answered when nobody thinks", found.most_per_second, "a second", "as people think", per_second)
    figure("… memory at the end", found.mib[-1], "MiB", f"after {SAMPLE_EVERY} commands", found.mib[1])
    print(f"  memory every {SAMPLE_EVERY} commands, MiB: {' '.join(f'{mib:.0f}' for mib in found.mib)}")
    every = [*turns, *found.burst]
    missed = [turn for turn in every if turn.refused]
    wrong = [turn.text for turn in every if turn.text.startswith(DEFECTS) or (not turn.text and not turn.refused)]
    print(f"  missed acknowledgements: {len(missed)}; wrong answers: {len(wrong)}; defects logged: {len(found.errors)}")
    for words, count in Counter([turn.refused for turn in missed] + [text[:100] for text in wrong]).most_common(5):
        print(f"    {count} x {words}")
    for line in found.errors[:3]:
        print(f"    {line[:200]}")


def _by_verb(turns: Sequence[Turn]) -> None:
    """Median and p95 of every kind of question, a line each."""
    for verb in sorted({turn.question.verb for turn in turns}):
        own = [turn for turn in turns if turn.question.verb == verb]
        answers = [turn.answer_seconds for turn in own if turn.answer_seconds]
        print(
            f"  {verb:<10} {len(own):>5}  ack p50 {percentile(_acks(own), 50) * 1000:>6.0f}  answer p50 "
            f"{percentile(answers, 50) * 1000:>6.0f}  p95 {percentile(answers, 95) * 1000:>6.0f} ms   "
            f"{own[0].text[:60]}"
        )


def _acks(turns: Collection[Turn]) -> list[float]:
    return [turn.ack_seconds for turn in turns]


def _answers(turns: Iterable[Turn]) -> tuple[list[float], list[float]]:
    """Seconds to the answers given from what is known, and to those that read AWS."""
    cached: list[float] = []
    live: list[float] = []
    for turn in turns:
        if turn.answer_seconds:
            (live if turn.question.verb in LIVE else cached).append(turn.answer_seconds)
    return cached, live


def percentile(taken: Collection[float], pct: float) -> float:
    """The value that so many percent do not exceed; NaN of none."""
    ordered = sorted(taken)
    return ordered[max(math.ceil(pct / 100 * len(ordered)) - 1, 0)] if ordered else math.nan
