"""Slack's half of a serving process: there once Slack says who the bot is, which is asked for until it does."""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock

from bot.errors import QueryError
from bot.slack.app import SlackApp, SlackAwayError
from bot.slack.socket import SocketRunner

log = logging.getLogger(__name__)

PAUSES = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""Between two tries to learn who the bot is while Slack is away; the last one again and again."""


class SlackSide:
    """The app and its sockets, as soon as there are any; reads, alerts and the outbox do not wait for them.

    `build` makes the app and asks Slack who the bot is; `sockets` makes the connections of Socket Mode, None in HTTP
    mode. `refused` is told when Slack turns out to refuse the token after it was away at the start.
    """

    def __init__(
        self,
        build: Callable[[], SlackApp],
        sockets: Callable[[SlackApp], SocketRunner | None],
        refused: Callable[[QueryError], object],
    ) -> None:
        self._build = build
        self._sockets = sockets
        self._refused = refused
        self._opening = Lock()
        self._app: SlackApp | None = None
        self._runner: SocketRunner | None = None
        self._listens = False
        self._closed = False
        self._away = "it was not asked yet"

    @property
    def app(self) -> SlackApp | None:
        """The app, None while Slack is away."""
        return self._app

    def ask(self) -> timedelta:
        """Build the app if Slack lets us; how long it asks to be left alone, where it does not.

        Raises: QueryError when Slack refuses the token.
        """
        try:
            app = self._build()
        except SlackAwayError as exc:
            self._away = exc.message
            return exc.retry_after
        with self._opening:
            if self._closed:
                app.close()
            else:
                self._app = app
        return timedelta(0)

    def listen(self, attach: Callable[[SlackApp], object]) -> None:
        """Hand over what Slack sends: by sockets of our own, or through `attach` to the web server."""
        with self._opening:
            if self._app is None or self._closed or self._listens:
                return
            self._listens = True
            self._runner = self._sockets(self._app)
            if self._runner is None:
                attach(self._app)
            else:
                self._runner.start()

    def run(self, stop: Event, attach: Callable[[SlackApp], object]) -> None:
        """Ask until Slack answers, then listen; the thread's body."""
        attempt, wanted = 0, timedelta(0)
        while self._app is None:
            pause = max(PAUSES[min(attempt, len(PAUSES) - 1)], wanted)
            log.warning(
                "Slack did not say who we are; reads and alerts go on, and it is asked again",
                extra={"reason": self._away, "seconds": pause.total_seconds()},
            )
            if stop.wait(pause.total_seconds()):
                return
            attempt += 1
            try:
                wanted = self.ask()
            except QueryError as exc:
                self._away = exc.message
                log.error("Slack refuses the token; this process ends", extra={"reason": exc.message})
                self._refused(exc)
                return
        self.listen(attach)
        log.info("Slack answers", extra={"team": self._app.identity.team_id})

    def not_ready(self) -> tuple[str, ...]:
        """Why nobody can ask in Slack now; nothing when somebody can."""
        if self._app is None:
            return (f"Slack: {self._away}",)
        lost = self._app.installation.why_not()
        reasons = [f"Slack: {lost}"] if lost else []
        if self._runner is not None and not self._runner.connected():
            reasons.append("no Socket Mode connection to Slack is open")
        return tuple(reasons)

    def close(self) -> None:
        """Take nothing from Slack any more, and finish what was taken."""
        with self._opening:
            self._closed = True
            app, runner = self._app, self._runner
        if runner is not None:
            runner.stop()
        if app is not None:
            app.close()
