"""The runner of live boards: posts each once, edits it once a minute, and gives it a last word."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

from slack_sdk import WebClient

from bot.asking.command import Request, Surface
from bot.asking.seen import seen
from bot.commands.board import board_message, summary
from bot.errors import EksipError
from bot.message import Message
from bot.services import Services
from bot.slack.posting import posted_before
from bot.slack.render import Payload, render
from bot.slack.sending import SEND_ERRORS, Outcome, SendFailure, failure_of, sent
from bot.store import Board

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
"""Time between two edits of one board: figures are read no oftener.

Source: https://docs.slack.dev/reference/methods/chat.update (tier 3; people complain of messages that flicker).
"""
CLAIM = timedelta(seconds=45)
"""How long a board taken by one process is left alone by others: longer than one edit with its time-outs."""

LOOK_SECONDS = 3.0
"""How often due boards are looked for: a new one appears within this time."""

ANOTHER_ATTEMPT = CLAIM - timedelta(seconds=LOOK_SECONDS)
"""Age from which a board that stands nowhere may have been posted by an attempt whose reply was lost: none is made
again within a claim, and the first is made at once.
"""

EVENT_TYPE = "eksip_board"
"""The metadata event type of a board; its payload names the board, to find a post whose reply was lost."""

AT_ONCE = 10
PATIENCE = timedelta(minutes=15)
"""How long after its end a board that cannot be edited is tried again before it is given up."""


class Boards:
    """Brings every board that is due up to date; what it knows is in the store, so a restart goes on with it."""

    def __init__(self, client: WebClient, services: Services, now: Callable[[], datetime]) -> None:
        self._client = client
        self._services = replace(services, allowance=None)
        self._now = now

    def run(self, stop: Event, leading: Callable[[], bool]) -> None:
        """Keep the boards up to date until `stop` is set, where this process leads; the thread's body."""
        while not stop.wait(LOOK_SECONDS):
            try:
                while leading() and self.step() and not stop.is_set():
                    pass
            except Exception:  # a database that is away for a while must not end the boards
                log.exception("the boards could not be read")

    def step(self) -> int:
        """One round: how many boards were due."""
        store = self._services.stored()
        if store is None:
            return 0
        now = self._now()
        due = store.claim_boards(now, now + CLAIM, AT_ONCE)
        for board in due:
            try:
                self._bring_up_to_date(board, now)
            except Exception:  # a defect in one board must not hold up the others
                log.exception("a board could not be made", extra={"board": board.board_id})
                store.board_later(board.board_id, now + EVERY)
        return len(due)

    def _bring_up_to_date(self, board: Board, now: datetime) -> None:
        if now >= board.ends_at:
            self._finish(board, now, "")
            return
        request = Request(
            text=f"board {board.scope}", surface=Surface.SLASH, channel_id=board.channel, user_id=board.created_by
        )
        store = self._services.store()
        try:
            message, free, alerts = board_message(board, seen(request, self._services))
        except EksipError as exc:
            if not board.posted_ts:
                self._end(board, now, str(exc))
                return
            log.warning("a board cannot be told", extra={"board": board.board_id, "reason": str(exc)})
            self._finish(board, now, f"It ended early: {exc}")
            return
        placed = self._put(board, message, now)
        if placed is not None:
            store.board_shown(
                board.board_id, channel=placed[0], ts=placed[1], free=free, alerts=alerts, now=now, due=now + EVERY
            )

    def _finish(self, board: Board, now: datetime, reason: str) -> None:
        """Edit the last word in, once; a board that never appeared ends without one."""
        if not board.posted_ts or self._put(board, summary(board, now, reason), now, last=True) is not None:
            self._end(board, now, reason or "its time was over")

    def _put(self, board: Board, message: Message, now: datetime, *, last: bool = False) -> tuple[str, str] | None:
        """Where the board stands after it was posted or edited; None when it could not be."""
        payload = render(message)
        try:
            if board.posted_ts:
                sent(lambda p: self._edit(board.posted_channel, board.posted_ts, p), _editable(payload))
                return board.posted_channel, board.posted_ts
            return self._first(board, payload, now)
        except SEND_ERRORS as exc:
            self._failed(board, failure_of(exc), now, last=last)
            return None

    def _first(self, board: Board, payload: Payload, now: datetime) -> tuple[str, str]:
        """Post the board, unless an earlier attempt did whose reply was lost: where it stands. Raises: SEND_ERRORS."""
        mark = EVENT_TYPE, "board", f"{board.board_id}:{board.began_at.isoformat()}"
        if now - board.began_at >= ANOTHER_ATTEMPT:
            known = posted_before(self._client, board.channel, mark, board.began_at)
            if known is not None:
                log.info("a board was there already", extra={"board": board.board_id})
                sent(lambda p: self._edit(board.channel, known, p), _editable(payload))
                return board.channel, known
        metadata = {"event_type": mark[0], "event_payload": {mark[1]: mark[2]}}
        found = sent(lambda p: self._client.chat_postMessage(channel=board.channel, metadata=metadata, **p), payload)
        return str(found["channel"]), str(found["ts"])

    def _edit(self, channel: str, ts: str, payload: Payload) -> object:
        return self._client.chat_update(channel=channel, ts=ts, **payload)

    def _failed(self, board: Board, failure: SendFailure, now: datetime, *, last: bool) -> None:
        """End a board whose message or channel is gone; put off what may pass."""
        given_up = last and now > board.ends_at + PATIENCE
        if failure.outcome in (Outcome.GONE, Outcome.PERMANENT, Outcome.CONTENT) or given_up:
            self._end(board, now, failure.reason)
            return
        log.info("a board waits", extra={"board": board.board_id, "reason": failure.reason})
        self._services.store().board_later(board.board_id, now + max(failure.retry_after, EVERY))

    def _end(self, board: Board, now: datetime, reason: str) -> None:
        self._services.store().end_board(board.board_id, now, reason)
        log.info("a board ended", extra={"board": board.board_id, "channel": board.channel, "reason": reason})


def _editable(payload: Payload) -> Payload:
    """What chat.update takes: the unfurl switches belong to the first post."""
    return {name: value for name, value in payload.items() if not name.startswith("unfurl_")}
