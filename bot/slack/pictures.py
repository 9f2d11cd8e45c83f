"""Pictures: the charts of an answer, drawn and uploaded behind it, to where the answer is read."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from threading import Lock

from slack_sdk import WebClient

from bot.message import Button, Chart, Context, Controls, Message, Press
from bot.slack.mrkdwn import cut, one_line
from bot.slack.patience import patiently
from bot.slack.replies import Shown
from bot.slack.sending import SEND_ERRORS, failure_of
from bot.slack.workers import Workers

log = logging.getLogger(__name__)

MOST = 3
"""Pictures after one answer: more is an album."""

PER_MINUTE = 6
"""Uploads to one channel in a minute; each is a post, and posts share about one a second with the alerts.

Source: https://docs.slack.dev/apis/web-api/rate-limits (posting messages).
"""
WAITING = 16
"""Answers whose pictures may wait for the one thread that draws."""

ALT_TEXT = 1_000
TITLE = 250
"""Source: https://docs.slack.dev/reference/methods/files.getUploadURLExternal (alt_txt: 1,000 characters)."""

NO_EXTRA = "No picture: eksip runs without the extra [charts]."
NO_SCOPE = "No picture: the app lacks the scope files:write."
TOO_MANY = "No picture: there were many in this channel just now. Ask again in a minute."


class Pictures:
    """Draws and uploads, one answer after the other on a thread of its own: no command ever waits for a picture."""

    def __init__(
        self,
        client: WebClient,
        draw: Callable[[Chart], bytes],
        *,
        may_upload: bool = True,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._draw = draw
        self._ticks = ticks
        self._workers = Workers(1, waiting=WAITING)
        self._lock = Lock()
        self._times: dict[str, deque[float]] = {}
        self.why_not = NO_SCOPE if not may_upload else NO_EXTRA if find_spec("matplotlib") is None else ""

    def follow(self, message: Message, shown: Shown, remark: Callable[[str], None]) -> None:
        """Upload the message's charts to where it is shown; `remark` is told in one line why there is none."""
        if not message.charts or self.why_not:
            return  # the answer itself says so: see `told`
        if not self._room(shown.channel) or not self._workers.take(lambda: self._upload(message, shown, remark)):
            remark(TOO_MANY)

    def told(self, message: Message, *, private: bool) -> Message:
        """The message with a Graph button where only one person reads it, or with the line that says why not."""
        if not message.charts:
            return message
        if self.why_not:
            return replace(message, parts=(*message.parts, Context(lines=((self.why_not,),))))
        if not private or not message.command:
            return message
        return _with_button(message, Button(label="Graph", command=message.command, press=Press.GRAPH))

    def close(self) -> None:
        """Take no more."""
        self._workers.stop_taking()

    def _upload(self, message: Message, shown: Shown, remark: Callable[[str], None]) -> None:
        try:
            files = [
                {
                    "content": self._draw(chart),
                    "filename": f"{_file_name(chart.title)}.png",
                    "title": cut(one_line(chart.title), TITLE),
                    "alt_txt": cut(one_line(chart.alt), ALT_TEXT),
                }
                for chart in message.charts[:MOST]
            ]
            patiently(
                lambda: self._client.files_upload_v2(
                    file_uploads=[dict(file) for file in files],
                    channel=shown.channel,
                    thread_ts=shown.thread_ts,
                    request_file_info=False,
                ),
                repeatable=False,
            )
        except ModuleNotFoundError:
            self._impossible(NO_EXTRA, remark)
        except SEND_ERRORS as exc:
            reason = failure_of(exc).reason
            if reason == "missing_scope":
                self._impossible(NO_SCOPE, remark)
                return
            log.warning("a picture was not uploaded", extra={"channel": shown.channel, "reason": reason})
            remark(f"No picture: Slack did not take it ({reason}).")

    def _impossible(self, why: str, remark: Callable[[str], None]) -> None:
        """Say so here, log it once, and let every later answer say it itself."""
        with self._lock:
            first, self.why_not = not self.why_not, why
        if first:
            log.warning("pictures cannot be shown", extra={"reason": why})
        remark(why)

    def _room(self, channel: str) -> bool:
        """Whether the channel had fewer than PER_MINUTE uploads in the last minute; counts this one."""
        now = self._ticks()
        with self._lock:
            for name in [name for name, times in self._times.items() if times[-1] <= now - 60]:
                del self._times[name]
            times = self._times.setdefault(channel, deque())
            while times and times[0] <= now - 60:
                times.popleft()
            if len(times) >= PER_MINUTE:
                return False
            times.append(now)
            return True


def _with_button(message: Message, button: Button) -> Message:
    """The message with the button at the end of its last row of controls."""
    parts = list(message.parts)
    for at in reversed(range(len(parts))):
        part = parts[at]
        if isinstance(part, Controls):
            parts[at] = Controls(items=(*part.items, button))
            return replace(message, parts=tuple(parts))
    return replace(message, parts=(*message.parts, Controls(items=(button,))))


def _file_name(title: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(word for word in kept.split("-") if word)[:60] or "chart"
