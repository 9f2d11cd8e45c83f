"""A bot in a process of its own, so that a test can kill it; what it needs comes as JSON on standard input.

It reads the demo's AWS with the watched subnet squeezed from the start, and serves until it is killed.
"""

import json
import sys
import threading
from typing import Any

from bot.wiring import Parts
from bot.wiring.parts import demo_estate
from bot.wiring.serving import serving


def main(environ: dict[str, str], facts: dict[str, Any], subnet: str) -> None:
    with demo_estate(environ, facts) as estate:
        estate.world.take(subnet, 125)
        parts = Parts(estate.settings)
        with serving(parts, host="127.0.0.1"):
            print("serving", flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    main(given["environ"], given["facts"], given["subnet"])
