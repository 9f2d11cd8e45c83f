"""The endpoint in a process of its own: for load, where it must not share an interpreter with what is measured."""

import gc
import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from .controls import Controls
from .engine import PAGE_CACHE_BYTES, Engine
from .plan import Fleet
from .wire import Listener


class RemoteEndpoint(Controls):
    """The controls of an endpoint in another process."""

    def __init__(self, fleet: Fleet, pipe: Connection) -> None:
        self.fleet = fleet
        self._pipe = pipe
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{pipe.recv()}"

    def _command(self, name: str, *args: object) -> Any:
        with self._lock:
            self._pipe.send((name, args))
            succeeded, result = self._pipe.recv()
        if not succeeded:
            raise result
        return result


@contextmanager
def running(
    fleet: Fleet,
    *,
    prerender: Sequence[str] = (),
    page_size: int = 1000,
    page_cache_bytes: int = PAGE_CACHE_BYTES,
) -> Iterator[RemoteEndpoint]:
    """An endpoint for the fleet in a process of its own; the pages of the APIs in `prerender` are written already."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(fleet, theirs, page_cache_bytes), name="endpoint", daemon=True)
    process.start()
    theirs.close()
    try:
        endpoint = RemoteEndpoint(fleet, ours)
        if prerender:
            endpoint.prerender(*prerender, page_size=page_size)
        yield endpoint
    finally:
        ours.close()  # The process ends when its end of the pipe does.
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _serve(fleet: Fleet, pipe: Connection, page_cache_bytes: int) -> None:
    """The process's work: serve, and obey the pipe until it is closed."""
    # The estate only grows and holds no cycles worth looking for: collections would be pauses of its clients.
    gc.disable()
    engine = Engine(fleet, page_cache_bytes=page_cache_bytes)
    listener = Listener(engine)
    pipe.send(listener.port)
    threading.Thread(target=_obey, args=(engine, listener, pipe), daemon=True).start()
    listener.run()


def _obey(engine: Engine, listener: Listener, pipe: Connection) -> None:
    try:
        while True:
            name, args = pipe.recv()
            try:
                result = (True, engine.command(name, *args))
            except Exception as exc:  # handed to whoever gave the command
                result = (False, exc)
            pipe.send(result)
    except (EOFError, OSError):
        listener.stop()
