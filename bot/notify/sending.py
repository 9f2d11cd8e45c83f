"""One HTTP request to an address whose path may be a secret: sent once, its outcome in words, never the address."""

import json
import logging
from collections.abc import Mapping
from enum import Enum
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

log = logging.getLogger(__name__)

CALL_SECONDS = 10
"""Longest wait for a receiver: as long as Alertmanager's webhook time-outs in common use, and a thread of its own."""

_TRY_AGAIN = frozenset({408, 425, 429})


class Outcome(Enum):
    """What became of a request: taken, worth another try, or refused until somebody changes the configuration."""

    SENT = "sent"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


def send(address: str, document: Mapping[str, object] | None = None) -> Outcome:
    """POST a JSON document, or GET the address without one; any failure is logged and is an outcome."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"User-Agent": "eksip"} | ({} if body is None else {"Content-Type": "application/json"})
    request = Request(address, data=body, headers=headers)  # noqa: S310 (the settings accept http and https only)
    try:
        with urlopen(request, timeout=CALL_SECONDS) as response:  # noqa: S310
            response.read(1)
    except HTTPError as exc:
        exc.close()
        outcome = Outcome.UNAVAILABLE if exc.code >= 500 or exc.code in _TRY_AGAIN else Outcome.REFUSED
        reason = f"HTTP {exc.code}"
    except (OSError, HTTPException) as exc:
        cause = exc.reason if isinstance(exc, URLError) else exc
        outcome, reason = Outcome.UNAVAILABLE, type(cause).__name__
    else:
        return Outcome.SENT
    log.warning("a receiver did not take a notification", extra={"address": masked(address), "reason": reason})
    return outcome


def masked(address: str) -> str:
    """The address without what may be a secret: scheme, host and port only."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{'' if parts.port is None else f':{parts.port}'}/…"
