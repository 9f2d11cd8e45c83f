"""The bot of a site in a process of its own, to be killed; what it needs comes as JSON on standard input.

Its clock is this machine's with as many seconds added as the file `clock` says, so that a plan can set it.
"""

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import logs
from bot.config import aws_environment, load
from bot.wiring import Parts
from bot.wiring.parts import utc_now
from bot.wiring.serving import serving


def clock(file: Path) -> Callable[[], datetime]:
    """A clock that a file of seconds puts ahead or back."""

    def now() -> datetime:
        return utc_now() + timedelta(seconds=float(file.read_text()))

    return now


def main(environ: dict[str, str], facts: dict[str, Any], aws: dict[str, str], offset: str) -> None:
    """Serve until killed."""
    with aws_environment(aws):
        logs.configure("INFO")
        parts = Parts(load(environ, facts), now=clock(Path(offset)))
        with serving(parts, host="127.0.0.1"):
            print("serving", flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    main(given["environ"], given["facts"], given["aws"], given["clock"])
