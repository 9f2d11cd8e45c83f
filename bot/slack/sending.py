"""What a failed call to Slack means: wait, try again, look first, send less, post anew, or give up."""

import errno
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from http.client import HTTPException
from typing import TypeVar
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.render import Payload, as_json, text_only

log = logging.getLogger(__name__)

T = TypeVar("T")

SEND_ERRORS = (SlackApiError, OSError, HTTPException)
"""What slack_sdk's urllib client raises when a call does not succeed; URLError and TimeoutError are OSErrors."""

CALL_SECONDS = 10
"""Longest wait for one Web API call: well within the 30 s lease of an outbox row."""

_LOGGED_CHARACTERS = 4_000


class Outcome(Enum):
    """What to do about a call that failed."""

    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    AMBIGUOUS = "ambiguous"
    CONTENT = "content"
    GONE = "gone"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailure:
    """Why a call failed, in Slack's word or the exception's, and how long Slack asks to wait."""

    outcome: Outcome
    reason: str
    retry_after: timedelta = timedelta(0)


CONTENT_ERRORS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "msg_too_long",
        "msg_blocks_too_long",
        "too_many_attachments",
        "attachment_payload_limit_exceeded",
        "only_one_table_allowed",
    }
)
GONE_ERRORS = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
CHANNEL_ERRORS = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
"""Permanent errors that are about the channel: whatever else is sent there fails as well, until somebody mends it."""
PERMANENT_ERRORS = CHANNEL_ERRORS | frozenset(
    {
        "access_denied",
        "cannot_dm_bot",
        "cannot_reply_to_message",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_arguments",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "messages_tab_disabled",
        "metadata_must_be_sent_from_app",
        "metadata_too_large",
        "missing_scope",
        "no_text",
        "team_not_found",
        "thread_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
    }
)
"""What no second try can mend. A refused token is not here: it will be replaced, and no alert may be lost by then."""

_UNSURE_ERRORS = frozenset({"fatal_error", "internal_error"})
"""Source of these sets: https://docs.slack.dev/reference/methods (Errors of chat.postMessage, chat.update,
conversations.open, conversations.history and conversations.replies); chat.update says is_inactive of archived channels;
fatal_error says that some aspect of the operation may have succeeded."""

_NEVER_LEFT = frozenset({errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH})
_NOT_TAKEN_STATUS = 503


def write_client(token: str, api_url: str) -> WebClient:
    """A Web API client that sends each call once: slack_sdk's default handler re-sends a post whose reply was lost."""
    return WebClient(
        token=token,
        base_url=api_url,
        timeout=CALL_SECONDS,
        retry_handlers=[],
        logger=logging.getLogger("slack_sdk.web"),
    )


def failure_of(error: Exception) -> SendFailure:
    """What this exception of a Web API call means; an error Slack never documented counts as passing."""
    if not isinstance(error, SlackApiError):
        return SendFailure(outcome=_outcome_of_connection(error), reason=type(error).__name__)
    response = error.response
    status = int(getattr(response, "status_code", 200))
    code = str(response["error"] if "error" in response.data else status) if hasattr(response, "data") else str(error)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = timedelta(seconds=_seconds(response.headers.get("Retry-After")))
        return SendFailure(outcome=Outcome.RATE_LIMITED, reason="ratelimited", retry_after=wait)
    if status >= 500:
        known = status == _NOT_TAKEN_STATUS
        return SendFailure(outcome=Outcome.UNAVAILABLE if known else Outcome.AMBIGUOUS, reason=f"HTTP {status}")
    for codes, outcome in (
        (CONTENT_ERRORS, Outcome.CONTENT),
        (GONE_ERRORS, Outcome.GONE),
        (PERMANENT_ERRORS, Outcome.PERMANENT),
        (_UNSURE_ERRORS, Outcome.AMBIGUOUS),
    ):
        if code in codes:
            return SendFailure(outcome=outcome, reason=code)
    return SendFailure(outcome=Outcome.UNAVAILABLE, reason=code)


def sent(call: Callable[[Payload], T], payload: Payload) -> T:
    """The result of `call` with the payload, or with its text alone where Slack refuses the blocks.

    Raises: what `call` raises, for any other reason.
    """
    try:
        return call(payload)
    except SlackApiError as exc:
        failure = failure_of(exc)
        if failure.outcome is not Outcome.CONTENT:
            raise
        report_refused(failure.reason, payload)
    return call(text_only(payload))


def report_refused(reason: str, payload: Payload) -> None:
    """Log a payload Slack refused: it holds what the channel was to see, and no token."""
    log.warning(
        "Slack refused a message's blocks; sending its text alone",
        extra={"reason": reason, "payload": as_json(payload)[:_LOGGED_CHARACTERS]},
    )


def _outcome_of_connection(error: Exception) -> Outcome:
    """Whether the request can have left before the connection failed."""
    cause = error.reason if isinstance(error, URLError) else error
    never_left = isinstance(cause, socket.gaierror) or (isinstance(cause, OSError) and cause.errno in _NEVER_LEFT)
    return Outcome.UNAVAILABLE if never_left else Outcome.AMBIGUOUS


def _seconds(header: str | None) -> float:
    try:
        return max(float(header or 1), 1.0)
    except ValueError:
        return 1.0
