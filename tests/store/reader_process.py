"""A replica that only reads, as a process of its own: what to read comes on its standard input."""

import json
import sys
import threading
from datetime import timedelta

from fleet_bot import accounts_from, lanes_of, sessions_in_real_time, wall_clock

from bot.aws.reader import Reader
from bot.config import aws_environment, load
from bot.store import Store, open_engine


def main() -> None:
    """Say "reading" and read until killed."""
    given = json.loads(sys.stdin.readline())
    store = Store(open_engine(given["address"]))
    with aws_environment(given["environ"]):
        reader = Reader(
            accounts=accounts_from(given["accounts"]),
            now=wall_clock,
            sessions=sessions_in_real_time(read_timeout=60),
        )
        lanes = lanes_of(
            reader, store, load({}, given["facts"]), "killed", claim_lasts=timedelta(seconds=given["claim_seconds"])
        )
        print("reading", flush=True)
        lanes.run(threading.Event())


if __name__ == "__main__":
    main()
