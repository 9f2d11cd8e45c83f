"""Delivery to the bot, by Socket Mode or signed HTTP: 3 seconds to acknowledge, retries for events only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.demo.workspace.faults import Faults
from bot.demo.workspace.sockets import OnAck, Sockets

ACK_SECONDS = 3.0
"""Source: https://docs.slack.dev/interactivity/handling-user-interaction (acknowledge within 3 seconds)."""
RETRY_SECONDS = (0.0, 60.0, 300.0)
"""Source: https://docs.slack.dev/apis/events-api (retries: nearly at once, after 1 minute, after 5 minutes)."""


class Kind(Enum):
    """The envelope types of Socket Mode."""

    COMMAND = "slash_commands"
    EVENT = "events_api"
    ACTION = "interactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one delivery went: the ack's body, or the reason there is none (`""` means acknowledged)."""

    reason: str
    seconds: float
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The mark on a repeated delivery."""

    number: int
    reason: str


def signature(signing_secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of a request body.

    Source: https://docs.slack.dev/authentication/verifying-requests-from-slack (HMAC-SHA256 of `v0:timestamp:body`).
    """
    digest = hmac.new(signing_secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class Delivery:
    """Sends commands, events and clicks to the bot; runs on the server's loop."""

    def __init__(
        self,
        *,
        sockets: Sockets,
        faults: Faults,
        events_url: str | None,
        signing_secret: str,
        now: Callable[[], datetime],
        retry_seconds: Sequence[float],
        ack_seconds: float,
        on_failure: Callable[[str], None],
    ) -> None:
        self.transport: Literal["socket", "http"] = "http" if events_url else "socket"
        self._sockets = sockets
        self._faults = faults
        self._events_url = events_url or ""
        self._signing_secret = signing_secret
        self._now = now
        self._retry_seconds = tuple(retry_seconds)
        self._ack_seconds = ack_seconds
        self._on_failure = on_failure
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, kind: Kind, payload: Mapping[str, Any], on_ack: OnAck) -> Outcome:
        """Deliver a command or a click once; `on_ack` is given the body of every acknowledgement, duplicates too."""
        envelope_id = str(uuid.uuid4())
        if self._faults.take_duplicate():
            self._start(self._repeat(kind, payload, envelope_id, on_ack))
        return await self._once(kind, payload, envelope_id, None, on_ack)

    def tell(self, payload: Mapping[str, Any], *, may_duplicate: bool = True) -> None:
        """Deliver an event in the background, with Slack's retries until it is acknowledged."""
        self._start(self._tell(payload, may_duplicate))

    async def verify_url(self) -> bool:
        """Whether the events URL answers Slack's challenge, as it must before Slack accepts the URL.

        Source: https://docs.slack.dev/reference/events/url_verification.
        """
        challenge = uuid.uuid4().hex
        outcome = await self._http(
            json.dumps({"type": "url_verification", "token": "local", "challenge": challenge}).encode(),
            "application/json",
            None,
        )
        return challenge in (outcome.body.get("challenge"), outcome.body.get("text"))

    async def close(self) -> None:
        """Stop retries and close the HTTP client."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _tell(self, payload: Mapping[str, Any], may_duplicate: bool) -> None:
        envelope_id = str(uuid.uuid4())
        if may_duplicate and self._faults.take_duplicate():
            self._start(self._repeat(Kind.EVENT, payload, envelope_id, _ignore))
        outcome = await self._once(Kind.EVENT, payload, envelope_id, None, _ignore)
        for number, wait_seconds in enumerate(self._retry_seconds, start=1):
            if not outcome.reason:
                return
            event = payload.get("event", {}).get("type", "event")
            self._on_failure(f"{event} was not acknowledged ({outcome.reason}), attempt {number}.")
            await asyncio.sleep(wait_seconds)
            # Slack's Socket Mode knows one reason only, whether nobody listened or nobody answered.
            reason = "timeout" if self.transport == "socket" else outcome.reason
            retry = Retry(number=number, reason=reason)
            # A retry is a new envelope around the same event_id: only that id tells an app it is a repeat.
            outcome = await self._once(Kind.EVENT, payload, str(uuid.uuid4()), retry, _ignore)

    async def _repeat(self, kind: Kind, payload: Mapping[str, Any], envelope_id: str, on_ack: OnAck) -> None:
        reason = "timeout" if self.transport == "socket" else "http_timeout"
        await self._once(kind, payload, envelope_id, Retry(number=1, reason=reason), on_ack)

    async def _once(
        self, kind: Kind, payload: Mapping[str, Any], envelope_id: str, retry: Retry | None, on_ack: OnAck
    ) -> Outcome:
        if self.transport == "http":
            outcome = await self._post(kind, payload, retry)
            if not outcome.reason:
                on_ack(outcome.body)
            return outcome
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind.value,
            "payload": payload,
            "accepts_response_payload": kind is not Kind.EVENT,
        }
        if kind is Kind.EVENT or retry is not None:
            envelope["retry_attempt"] = retry.number if retry else 0
            envelope["retry_reason"] = retry.reason if retry else ""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            body = await self._sockets.deliver(envelope, self._ack_seconds, on_ack)
        except ConnectionError:
            return Outcome(reason="no_socket", seconds=loop.time() - started)
        return Outcome(reason="timeout" if body is None else "", seconds=loop.time() - started, body=body or {})

    async def _post(self, kind: Kind, payload: Mapping[str, Any], retry: Retry | None) -> Outcome:
        if kind is Kind.EVENT:
            return await self._http(json.dumps(payload).encode(), "application/json", retry)
        form = dict(payload) if kind is Kind.COMMAND else {"payload": json.dumps(payload)}
        return await self._http(urlencode(form).encode(), "application/x-www-form-urlencoded", retry)

    async def _http(self, body: bytes, content_type: str, retry: Retry | None) -> Outcome:
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._signing_secret, timestamp, body),
        }
        if retry is not None:
            headers["X-Slack-Retry-Num"] = str(retry.number)
            headers["X-Slack-Retry-Reason"] = retry.reason
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with (
                asyncio.timeout(self._ack_seconds),
                self._session.post(self._events_url, data=body, headers=headers) as response,
            ):
                text = await response.text()
                seconds = loop.time() - started
                if response.status != 200:
                    given_up = response.headers.get("X-Slack-No-Retry") == "1"
                    return Outcome(reason="" if given_up else "http_error", seconds=seconds)
                return Outcome(reason="", seconds=seconds, body=_ack_body(text))
        except TimeoutError:
            return Outcome(reason="http_timeout", seconds=loop.time() - started)
        except aiohttp.ClientError:
            return Outcome(reason="connection_failed", seconds=loop.time() - started)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ignore(_body: Mapping[str, Any]) -> None:
    """Events are acknowledged without an answer."""


def _ack_body(text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}
