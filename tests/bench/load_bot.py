"""The bot of the load bench in a process of its own: what it needs comes as JSON on the first line of standard input.

Every further line is answered with what the process has used so far and what it knows; at the end of the input it
stops. `python -m tests.bench.load_bot`
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import logs
from bot.config import Settings, aws_environment, load
from bot.metrics import counted
from bot.slack.http import HttpServer
from bot.slack.socket import SocketRunner
from bot.wiring import Parts
from bot.wiring.serving import serving

PAGE_BYTES = 4096
"""Source: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html (sizes are in pages)."""


def main() -> None:
    given = json.loads(sys.stdin.readline())
    logs.configure("INFO")
    with ExitStack() as stack:
        stack.enter_context(aws_environment(given["aws"]))
        settings = load(given["environ"], given["facts"])
        if given["bare"]:
            stack.enter_context(_bare(settings, http=given["http"]))
            parts = None
        else:
            parts = Parts(settings)
            stack.callback(parts.close)
            stack.enter_context(serving(parts, http=given["http"], host="127.0.0.1"))
        for _ in sys.stdin:
            print(json.dumps(_used() | _known(parts)), flush=True)


def _used() -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"mib": pages * PAGE_BYTES / 2**20, "cpu_seconds": time.process_time()}


def _known(parts: Parts | None) -> dict[str, Any]:
    """How much of the fleet the answers rest on."""
    inventory = None if parts is None else parts.facts.known()
    if inventory is None:
        return {"regions": 0, "expected": 0, "coverage": 0}
    return {
        "regions": sum(facts.subnets_complete for facts in inventory.regions),
        "expected": inventory.expected_regions,
        "coverage": counted("eksip_coverage_ratio"),
    }


@contextmanager
def _bare(settings: Settings, *, http: bool) -> Iterator[None]:
    """The baseline: a Bolt app whose listener does nothing but acknowledge, behind the same server or sockets."""
    token, secret = settings.slack_bot_token.get_secret_value(), settings.slack_signing_secret.get_secret_value()
    app = App(
        client=WebClient(base_url=settings.slack.api_url, retry_handlers=[]),
        signing_secret=secret,
        request_verification_enabled=http,
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id="T0LOCAL0001", bot_token=token),
    )

    @app.command(settings.slack.command)
    def listener(ack: Ack) -> None:
        ack("Hello.")

    with ExitStack() as stack:
        if http:
            server = HttpServer(
                port=settings.port,
                not_ready=tuple,
                now=lambda: datetime.now(UTC),  # noqa: TID251 (Slack's signatures carry the real time)
                app=app,
                signing_secret=secret,
                host="127.0.0.1",
            )
            stack.callback(server.stop)
            server.start()
        else:
            runner = SocketRunner(
                app, app_token=settings.slack_app_token.get_secret_value(), api_url=settings.slack.api_url
            )
            stack.callback(runner.stop)
            runner.start()
            runner.wait_connected(timedelta(seconds=30))
        yield


if __name__ == "__main__":
    main()
