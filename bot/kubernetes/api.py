"""One cluster's API through the official client: objects and lists in pages, each within one deadline.

Answers stay JSON: the client's models would cost a cluster of thousands of pods seconds and hundreds of megabytes.
Only GET is ever sent, no redirect is followed, and the server's words reach nobody: they may quote anything.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bot.errors import QueryError
from bot.inventory.kubernetes import ClusterAccess
from bot.kubernetes.reads import ClusterRead

log = logging.getLogger(__name__)

NOT_INSTALLED = "the kubernetes extra is not installed (pip install 'eksip[kubernetes]')"

CONNECT_SECONDS = 3.0
"""A private endpoint that the network does not reach shows by silence: nobody should wait long for that."""

_TRIES = 3
_LONGEST_PAUSE_SECONDS = 2.0
"""Longest wait that a Retry-After may ask for; a server that wants more is left alone."""

_PAGE_BYTES = 64 * 1024 * 1024
"""Bytes of one page, decoded: 500 pods take 5 MB at most in practice, so more is no list of this kind."""

_CHUNK_BYTES = 64 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_GONE = 410
_AGAIN = frozenset({429, 500, 502, 503, 504})

_LOADING = Lock()
"""The client's modules load each other when first named: two threads that do so at once deadlock or see half of one."""

T = TypeVar("T")
Json = Mapping[str, Any]


class ClusterUnavailableError(QueryError):
    """Nothing can be read of this cluster now: it does not answer, or does not know who asks."""


class ForbiddenError(QueryError):
    """The cluster knows who asks, and its roles do not let them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How much of one cluster is read: until when (monotonic seconds), items a page, items of one list at most."""

    until: float
    page: int
    most: int

    @property
    def left(self) -> float:
        """Seconds left, 0 when none are."""
        return max(self.until - monotonic(), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What was taken of a list; `cut` says that there is more than was asked for."""

    items: tuple[Any, ...]
    cut: bool = False


class ClusterApi:
    """The reads of one cluster; safe to use from a few threads.

    Once the cluster does not answer, or refuses the token, every further read fails at once with the same reason.
    """

    def __init__(self, access: ClusterAccess, patience: Patience) -> None:
        """Raises: QueryError without the extra, or with an address that a token must not be sent to."""
        try:
            with _LOADING:
                from kubernetes.client import ApiClient, Configuration
            from urllib3 import Retry
        except ModuleNotFoundError as exc:
            raise ClusterUnavailableError(NOT_INSTALLED) from exc
        address = urlsplit(access.endpoint)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise ClusterUnavailableError("its endpoint is no https address")
        configuration: Any = Configuration(
            host=access.endpoint.rstrip("/"),
            api_key={"BearerToken": f"Bearer {access.token}"},
            ca_cert_data=access.ca_pem or None,
            retries=Retry(total=0, redirect=0, raise_on_redirect=False),
        )
        if address.hostname in _LOOPBACK:
            configuration.proxy = None
        self._client: Any = ApiClient(configuration)
        self._patience = patience
        self._closed = ""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, read: ClusterRead, take: Callable[[Json], T]) -> T | None:
        """What `take` makes of the object; None where there is none.

        Raises: QueryError.
        """
        found = self._ask(read, {})
        if found is None:
            return None
        with _understood(read):
            return take(found)

    def list(self, read: ClusterRead, take: Callable[[Json], T | None]) -> Listed:
        """What `take` makes of each item, None left out; empty where the cluster has no such resource.

        A list whose continue token expired goes on where the server says, or begins again once.
        Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
        Raises: QueryError.
        """
        taken: list[T] = []
        seen, token, begun_again = 0, "", False
        while True:
            page = self._ask(read, {"limit": str(self._patience.page), **({"continue": token} if token else {})})
            if page is None:
                return Listed(items=())
            if page.get("code") == _GONE:
                token = str((page.get("metadata") or {}).get("continue") or "")
                if not token:
                    if begun_again:
                        raise QueryError(f"its list changes faster than it can be read ({read.words})")
                    taken, seen, begun_again = [], 0, True
                continue
            items = page.get("items") or ()
            with _understood(read):
                taken += [found for item in items if (found := take(item)) is not None]
            seen += len(items)
            token = str((page.get("metadata") or {}).get("continue") or "")
            if not token or seen >= self._patience.most:
                return Listed(items=tuple(taken), cut=bool(token))

    def _ask(self, read: ClusterRead, asked: Mapping[str, str]) -> Json | None:
        """The answer to one request: None for 404, the Status object for 410.

        Raises: QueryError.
        """
        for number in range(_TRIES):
            status, headers, body = self._send(read, asked)
            if status not in _AGAIN or number == _TRIES - 1:
                break
            pause = _pause(headers.get("Retry-After"), number)
            if pause is None or pause >= self._patience.left:
                break
            sleep(pause)
        if status == 404:
            return None
        if status == 401:
            raise self._close("the cluster does not know eksip's role: give it an access entry")
        if status == 403:
            raise ForbiddenError(f"access denied: eksip's role may not {read.words}")
        if status not in (200, _GONE):
            raise QueryError(f"its API answered {status} to {read.words}")
        with _understood(read):
            page: Json = json.loads(body)
            if not isinstance(page, dict):
                raise TypeError("no JSON object")
            return {**page, "code": _GONE} if status == _GONE else page

    def _send(self, read: ClusterRead, asked: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        if self._closed:
            raise ClusterUnavailableError(self._closed)
        left = self._patience.left
        if not left:
            raise QueryError("no time was left")
        try:
            request = self._client.param_serialize(
                "GET",
                read.path,
                query_params=[*read.selectors, *asked.items()],
                header_params={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "eksip"},
                auth_settings=["BearerToken"],
            )
            answer = self._client.call_api(*request, _request_timeout=(min(CONNECT_SECONDS, left), left)).response
            try:
                return answer.status, answer.headers, self._body(answer)
            finally:
                answer.release_conn()
        except ApiException as exc:
            log.info("the cluster's API has another certificate", extra={"endpoint": self._client.configuration.host})
            raise self._close("its certificate is not signed by the cluster's CA, or the connection broke") from exc
        except (HTTPError, OSError) as exc:
            raise self._silent(exc) from exc

    def _body(self, answer: Any) -> bytes:
        """The whole body, unless it is late or far too long: a read timeout alone lets a slow drip go on for ever."""
        parts, size = [], 0
        for part in answer.stream(_CHUNK_BYTES, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > _PAGE_BYTES:
                answer.close()
                raise QueryError("a page of its list is larger than I read")
            if not self._patience.left:
                answer.close()
                raise QueryError("it did not send all of its answer in time")
        return b"".join(parts)

    def _silent(self, exc: Exception) -> QueryError:
        if "Read timed out" in str(exc) or "IncompleteRead" in str(exc):
            return QueryError("it did not answer in time")
        if "certificate" in str(exc).lower():
            return self._close("its certificate is not signed by the cluster's CA")
        return self._close(
            "its API cannot be reached from here: a private endpoint is seen from the cluster's network only"
        )

    def _close(self, reason: str) -> ClusterUnavailableError:
        self._closed = reason
        return ClusterUnavailableError(reason)


@contextmanager
def _understood(read: ClusterRead) -> Iterator[None]:
    """Translate what an odd answer raises: it counts as not read, and the log says where."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        log.exception("answer of a cluster's API not understood", extra={"read": read.words})
        raise QueryError(f"it answered {read.words} in a form this version does not understand") from exc


def _pause(retry_after: str | None, number: int) -> float | None:
    """Seconds to wait before the next try; None where the server asks for more than is worth it."""
    if retry_after is None or not retry_after.isdecimal():
        return 0.1 * (number + 1)
    seconds = float(retry_after)
    return seconds if seconds <= _LONGEST_PAUSE_SECONDS else None
