"""`eksip check`: the table of what works and what to fix."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from rich.console import Console
from rich.text import Text


class Verdict(Enum):
    """How one trial went; `FAIL` means that something needed is missing."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the table: what was tried where, how it went, and what to do about it."""

    subject: str
    tried: str
    verdict: Verdict
    advice: str = ""


_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.SKIP: "bright_black"}


def print_checks(checks: Iterable[Check], console: Console | None = None) -> bool:
    """Print each result as it comes in and a closing line; whether everything needed works."""
    out = console or Console(highlight=False, emoji=False, markup=False)
    failed = warned = done = 0
    for check in checks:
        done += 1
        failed += check.verdict is Verdict.FAIL
        warned += check.verdict is Verdict.WARN
        line = Text.assemble((f"{check.verdict.value:<5}", _STYLES[check.verdict]), f"{check.subject}  {check.tried}")
        out.print(line)
        if check.advice:
            out.print(Text(f"      {check.advice}", style="bright_black"))
    summary = f"{done} checked, {failed} to fix, {warned} optional missing."
    out.print(Text(summary, style="bold red" if failed else "green"))
    return failed == 0
