"""`demo`: the embedded AWS estate, the bot, the scheduler and a local Slack in one process, and a story to watch."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from bot.alerts import Alert, Transition
from bot.alerts.figures import of_capacity
from bot.asking.command import Request, Surface
from bot.errors import ConfigError
from bot.message import Message
from bot.monitor import EVENTS
from bot.wiring.parts import DEMO_EXTRA, Parts, demo_estate
from bot.wiring.serving import serving

CHANNEL = "platform-alerts"
FIRST_QUESTIONS = ("status prod-eu", "maxpods m5.large", "explain prefix delegation")
SHORT_TIMES = {
    "thresholds": {"hold": "3s", "recover": "3s"},
    "schedule": {"poll": "2s", "slow": "30s"},
}
"""Hold and recovery times in seconds instead of minutes, so that the story fits in half a minute."""

SOCKETS_OPEN_SECONDS = 10


def demonstrate(
    *,
    page: bool,
    seconds: float | None,
    port: int,
    show: Callable[[Message], None],
    say: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Run the demo until `stop` is set or `seconds` have passed; `show` prints answers, `say` prints lines.

    Raises: ConfigError without the extra [demo].
    """
    try:
        from bot.demo.squeeze import Squeeze
        from bot.demo.workspace import Workspace
    except ModuleNotFoundError as exc:
        raise ConfigError([DEMO_EXTRA.format(missing=exc.name)]) from exc

    with ExitStack() as stack:
        started = time.monotonic()
        try:
            workspace = stack.enter_context(Workspace(port=port))
        except OSError as exc:
            reason = os.strerror(exc.errno) if exc.errno else exc
            raise ConfigError(
                [f"Port {port} cannot be used for the page ({reason}): name another, --port 0 takes a free one."]
            ) from exc
        watches = [{"channel": workspace.channel(CHANNEL), "scope": "all"}]
        environ = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "PORT": "0",
        }
        facts = {**SHORT_TIMES, "slack": {"api_url": workspace.api_url}, "watches": watches}
        estate = stack.enter_context(demo_estate(environ, facts))
        parts = Parts(estate.settings, past=estate.give_past)
        stack.callback(parts.close)
        health = stack.enter_context(
            serving(parts, on_transition=lambda alert, change: say(_line(alert, change)), host="127.0.0.1")
        )
        workspace.wait_for(lambda: workspace.socket_count > 0, timeout=SOCKETS_OPEN_SECONDS)
        say(f"eksip demo is running (started in {time.monotonic() - started:.1f} s).")
        if page:
            say(f"Open {workspace.page_url} and type /eksip status; alerts arrive in #{CHANNEL}.")
        say(f"Health and metrics: http://127.0.0.1:{health}/readyz and /metrics. Ctrl-C stops.")
        squeeze = threading.Thread(target=Squeeze(estate.world).run, args=(stop,), name="squeeze", daemon=True)
        squeeze.start()
        stack.callback(squeeze.join, 5)
        stack.callback(stop.set)
        for question in FIRST_QUESTIONS:
            if stop.is_set():
                break
            say(f"\n> /eksip {question}")
            show(parts.answer(Request(text=question, surface=Surface.CONSOLE)))
        say("\nNow watch payments-1a run out of addresses and recover:")
        remaining = None if seconds is None else max(seconds - (time.monotonic() - started), 0)
        stop.wait(remaining)


def _line(alert: Alert, change: Transition) -> str:
    clock = alert.observed_at.strftime("%H:%M:%S")
    subject = f"{alert.label} {of_capacity(alert)}"
    return f"{clock} {EVENTS[change]}: #{alert.alert_id} {subject} ({alert.severity.value})"
