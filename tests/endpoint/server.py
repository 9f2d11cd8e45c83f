"""The endpoint in this process, on a thread: for behaviour tests, where the parser's time does not matter."""

import threading
from types import TracebackType
from typing import Any, Self

from .controls import Controls
from .engine import PAGE_CACHE_BYTES, Engine
from .plan import Fleet
from .wire import Listener


class Endpoint(Controls):
    """An endpoint for a fleet; listens from construction until `close`, or as long as its `with` lasts."""

    def __init__(self, fleet: Fleet, *, page_cache_bytes: int = PAGE_CACHE_BYTES) -> None:
        self.fleet = fleet
        self._engine = Engine(fleet, page_cache_bytes=page_cache_bytes)
        self._listener = Listener(self._engine)
        self.url = f"http://127.0.0.1:{self._listener.port}"
        self._thread = threading.Thread(target=self._listener.run, name="endpoint", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._thread.is_alive():
            self._listener.stop()
            self._thread.join()

    def _command(self, name: str, *args: object) -> Any:
        return self._engine.command(name, *args)
