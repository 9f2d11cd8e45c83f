"""A Kubernetes API server on a loopback port, as far as it is read: TLS, tokens of EKS, lists in pages, selectors.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ (lists, limit and continue, Status objects).
"""

import gzip
import json
import ssl
import threading
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from bot.demo.kubernetes_tls import self_signed
from bot.demo.kubernetes_token import refusal

_GZIP_BYTES = 128 * 1024
"""Source: the API server compresses answers from 128 KB on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: the cluster, the resource with its group (eniconfigs.crd.k8s.amazonaws.com), names, the query."""

    cluster: str
    resource: str
    namespace: str
    name: str
    query: Mapping[str, str]


Objects = Callable[[Asked], Sequence[Mapping[str, Any]] | None]
"""The objects among which those asked for are, None where the cluster has no such resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent back."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class KubernetesServer:
    """The APIs of several clusters behind one port, each below a path of its own.

    `secret_of` names the secret key and the account of an access key. `instead`, where it is set, may answer a
    request before anything else does, or hold it.
    """

    def __init__(self, objects: Objects, secret_of: Callable[[str], tuple[str, str] | None]) -> None:
        self.instead: Callable[[Asked], Reply | None] | None = None
        self.requests: list[Asked] = []
        self._objects = objects
        self._secret_of = secret_of
        self._lists: dict[str, Sequence[Mapping[str, Any]]] = {}

    def __enter__(self) -> Self:
        """Make a certificate and listen."""
        key_pem, certificate_pem = self_signed("127.0.0.1")
        self.ca_data = b64encode(certificate_pem).decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory(prefix="eksip-kubernetes-") as folder:
            file = Path(folder) / "server.pem"
            file.touch(mode=0o600)
            file.write_bytes(key_pem + certificate_pem)
            context.load_cert_chain(file)
        server = _Server(("127.0.0.1", 0), _Handler)
        server.api = self
        # The handshake is left to each connection's own thread: a caller that stalls keeps nobody else waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="kubernetes-api", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def endpoint(self, cluster: str) -> str:
        """The address of a cluster, "ACCOUNT/REGION/NAME"."""
        return f"https://127.0.0.1:{self._server.server_port}/{cluster}"

    def reply(self, path: str, authorization: str) -> Reply:
        """The answer to a GET."""
        asked = _asked(path)
        if asked is None:
            return _status(404, "NotFound")
        self.requests.append(asked)
        account_id, _, name = asked.cluster.split("/")
        if refusal(authorization, name, account_id, self._secret_of):
            return _status(401, "Unauthorized")
        other = self.instead(asked) if self.instead is not None else None
        return other or self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        if token := asked.query.get("continue", ""):
            key, _, offset = urlsafe_b64decode(token).decode().rpartition("@")
            items = self._lists.get(key)
            return expired("") if items is None else self._page(asked, items, key, int(offset))
        found = self._objects(asked)
        if found is None:
            return _status(404, "NotFound")
        matching = [each for each in found if _matches(each, asked)]
        if asked.name:
            one = next((each for each in matching if each["metadata"]["name"] == asked.name), None)
            return _status(404, "NotFound") if one is None else _json(one)
        return self._page(asked, matching, f"{asked.cluster}/{asked.resource}/{len(self.requests)}", 0)

    def _page(self, asked: Asked, items: Sequence[Mapping[str, Any]], key: str, start: int) -> Reply:
        """A part of a list, which is read to its end from what was there at its beginning, as etcd has it."""
        end = start + (int(asked.query.get("limit", "0")) or len(items))
        metadata: dict[str, object] = {"resourceVersion": "1"}
        if end < len(items):
            self._lists[key] = items
            metadata |= {"continue": continue_token(key, end), "remainingItemCount": len(items) - end}
        else:
            self._lists.pop(key, None)
        return _json({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items[start:end]})


def continue_token(key: str, offset: int) -> str:
    """Where a list goes on."""
    return urlsafe_b64encode(f"{key}@{offset}".encode()).decode()


def expired(token: str) -> Reply:
    """410 Gone: the list that the token belongs to is no longer there; `token` goes on with a newer one."""
    body = {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "metadata": {"continue": token}}
    return _json(body, status=410)


def _asked(path: str) -> Asked | None:
    """What a path asks for; None for one that no cluster serves."""
    parts = urlsplit(path)
    words = parts.path.strip("/").split("/")
    cluster, rest = "/".join(words[:3]), words[3:]
    if rest[:1] == ["api"]:
        group, rest = "", rest[2:]
    elif rest[:1] == ["apis"] and len(rest) > 3:
        group, rest = rest[1], rest[3:]
    else:
        return None
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    if not 1 <= len(rest) <= 2:
        return None
    return Asked(
        cluster=cluster,
        resource=f"{rest[0]}.{group}" if group else rest[0],
        namespace=namespace,
        name=rest[1] if len(rest) == 2 else "",
        query=dict(parse_qsl(parts.query)),
    )


def _matches(item: Mapping[str, Any], asked: Asked) -> bool:
    metadata = item["metadata"]
    if asked.namespace and metadata.get("namespace") != asked.namespace:
        return False
    labels = metadata.get("labels") or {}
    wanted = [pair.partition("=") for pair in asked.query.get("labelSelector", "").split(",") if pair]
    if any(labels.get(key) != value for key, _, value in wanted):
        return False
    fields = [pair.partition("=") for pair in asked.query.get("fieldSelector", "").split(",") if pair]
    return all(_field(item, path) == value for path, _, value in fields)


def _field(item: Mapping[str, Any], path: str) -> object:
    found: Any = item
    for word in path.split("."):
        found = found.get(word, {}) if isinstance(found, Mapping) else {}
    return found


def _status(code: int, reason: str) -> Reply:
    return _json({"kind": "Status", "status": "Failure", "reason": reason, "code": code}, status=code)


def _json(body: Mapping[str, Any], status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    api: KubernetesServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up in the middle is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer from the API."""
        reply = self.server.api.reply(self.path, self.headers.get("Authorization", ""))
        body, packed = reply.body, False
        if len(body) >= _GZIP_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, packed = gzip.compress(body, compresslevel=1), True
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""
