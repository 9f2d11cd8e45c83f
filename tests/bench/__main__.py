"""`make bench`: how fast, as ratios against a named baseline of the same run. Prints a table, asserts no time.

`python -m tests.bench backtest` prints how well the forecasts did instead, `python -m tests.bench history` what a month
of samples takes, `python -m tests.bench load [COMMANDS]` the load alone with its answers by verb.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from knowledge import load

from . import alerts, blocks, cluster, forecast, history, ipamd
from .table import heading, row, seconds


def process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def main() -> None:
    if sys.argv[1:] == ["backtest"]:
        _backtest()
        return
    if sys.argv[1:2] == ["history"]:
        history.measure(*(int(word) for word in sys.argv[2:]))
        return
    if sys.argv[1:2] == ["load"]:
        heading()
        _load(*(int(word) for word in sys.argv[2:]), details=True)
        return
    heading()
    _cold_starts()
    blocks.measure()
    ipamd.measure()
    cluster.measure()
    forecast.measure()
    alerts.measure()
    _fleet()
    _delivery()
    _knowledge()
    _load()


def _load(*commands: int, details: bool = False) -> None:
    # The crowd and the load endpoint go by their bare names, as pytest has it.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from . import load

    load.measure(*commands, details=details)


def _fleet() -> None:
    # The load endpoint goes by its bare name, as pytest has it.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from . import fleet

    fleet.measure()


def _delivery() -> None:
    # The tests' builders go by their bare names, as pytest has it.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from . import delivery

    delivery.measure()


def _backtest() -> None:
    # The tests' builders go by their bare names, as pytest has it.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from . import backtest

    backtest.measure()


def _cold_starts() -> None:
    interpreter = seconds(process("-c", "pass"))
    row(
        "ask maxpods m5.large, cold start",
        seconds(process("-m", "bot", "ask", "maxpods", "m5.large")),
        "python -c pass",
        interpreter,
    )
    row(
        "ask explain prefix delegation, cold start",
        seconds(process("-m", "bot", "ask", "explain", "prefix", "delegation")),
        "python -c pass",
        interpreter,
    )


def _knowledge() -> None:
    base = load()
    base.answer("warm the index")
    questions = [
        "failed to assign an IP address to container",
        "how many pods on m5.large",
        "prefix vs custom networking",
    ]
    answering = seconds(lambda: [base.answer(question) for question in questions]) / len(questions)
    scanning = seconds(
        lambda: [
            question.lower() in section.text.lower()
            for question in questions
            for topic in base.topics
            for section in topic.sections
        ]
    ) / len(questions)
    row("one question to the knowledge base", answering, "substring scan of every section", scanning)


if __name__ == "__main__":
    main()
