"""A receiver on the loopback interface for what goes out beside Slack: it keeps every request and answers as told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "s3cret-path"
"""What no log line may repeat."""


@dataclass
class Receiver:
    """What came in, and the statuses of the next answers; 0 hangs up without one, afterwards every answer is 200."""

    address: str = ""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def documents(self) -> list[Any]:
        """The JSON bodies so far."""
        return [document for _, _, document in self.requests if document is not None]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until what came in satisfies the condition."""
        with self.came:
            assert self.came.wait_for(condition, timeout=seconds), self.requests


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the context is entered."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take(None)

        def do_POST(self) -> None:
            self._take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _take(self, document: Any) -> None:
            with receiver.came:
                receiver.requests.append((self.command, self.path, document))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.came.notify_all()
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing: the test reads `requests`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_port}/{SECRET}?token={SECRET}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
