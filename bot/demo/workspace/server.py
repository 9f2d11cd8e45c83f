"""The server under a workspace: its parts wired together, and the thread and loop they run on."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from bot.demo.workspace.chat import Desk
from bot.demo.workspace.events import Delivery
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.files import FileServer
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.modals import Modals
from bot.demo.workspace.pagedeeds import PageDeeds
from bot.demo.workspace.pagefeed import PageFeed, loopback_only
from bot.demo.workspace.people import People
from bot.demo.workspace.ratelimits import RateLimits
from bot.demo.workspace.records import Change, Json
from bot.demo.workspace.responseurls import ResponseUrls
from bot.demo.workspace.roster import Roster
from bot.demo.workspace.sockets import Sockets
from bot.demo.workspace.state import State
from bot.demo.workspace.subscriptions import Subscriptions
from bot.demo.workspace.suggestions import Suggestions
from bot.demo.workspace.webapi import WebApi

T = TypeVar("T")

BODY_BYTES_HIGH = 4 * 1024 * 1024
CLOSE_SECONDS = 0.3

log = logging.getLogger(__name__)


class Server:
    """One loopback server: the Web API, sockets, response URLs and the page over one State."""

    def __init__(
        self,
        *,
        state: State,
        bot: Bot,
        faults: Faults,
        port: int,
        events_url: str | None,
        page_dir: Path,
        now: Callable[[], datetime],
        rate_limits: RateLimits,
        retry_seconds: Sequence[float],
        ack_seconds: float,
    ) -> None:
        self.port = port
        self.sockets = Sockets(app_id=bot.app_id, on_change=self._sockets_changed)
        self.delivery = Delivery(
            sockets=self.sockets,
            faults=faults,
            events_url=events_url,
            signing_secret=bot.signing_secret,
            now=now,
            retry_seconds=retry_seconds,
            ack_seconds=ack_seconds,
            on_failure=self._delivery_failed,
        )
        self.web_api = WebApi(desk=Desk(state=state, bot=bot), faults=faults, limits=rate_limits, sockets=self.sockets)
        self._response_urls = ResponseUrls(state=state, bot=bot)
        self._files = FileServer(state=state, faults=faults)
        subscriptions = Subscriptions(state=state, bot=bot, delivery=self.delivery)
        suggestions = Suggestions(bot=bot, delivery=self.delivery)
        self.people = People(
            state=state,
            bot=bot,
            delivery=self.delivery,
            response_urls=self._response_urls,
            subscriptions=subscriptions,
            suggestions=suggestions,
        )
        self.modals = Modals(
            state=state, bot=bot, delivery=self.delivery, subscriptions=subscriptions, suggestions=suggestions
        )
        self.roster = Roster(state=state, bot=bot, subscriptions=subscriptions, refuse_tokens=self._refuse_tokens)
        self._page = PageFeed(state=state, bot=bot, delivery=self.delivery, sockets=self.sockets, page_dir=page_dir)
        self._deeds = PageDeeds(state=state, bot=bot, people=self.people, modals=self.modals, roster=self.roster)
        self._state = state
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: BaseException | None = None
        state.watch(self._message_changed)
        state.watch_pages(self._page_shown)
        faults.bind(self._drop_sockets)

    @property
    def url(self) -> str:
        """The server's address. Raises: RuntimeError before the first start, when the port is not known."""
        if not self.port:
            raise RuntimeError("The workspace has no address before start().")
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Listen and serve on a thread of its own. Raises: OSError when the port is taken."""
        if self._thread is not None:
            raise RuntimeError("The workspace is started already.")
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._state.base_url = self.url
        self.web_api.socket_url = f"ws://127.0.0.1:{self.port}/link"
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="workspace", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self._thread.join()
            self._thread = None
            raise RuntimeError("The workspace did not start.") from self._failure
        log.info("local workspace started", extra={"url": self.url})

    def stop(self) -> None:
        """Close every connection and end the thread, within 2 seconds; does nothing when it is not running."""
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None:
            return
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        self._thread = self._loop = self._stopping = None

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the server's loop and wait for its result, from any other thread."""
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("The workspace is not running: call start() first.")
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        try:
            with listener, asyncio.Runner() as runner:
                runner.run(self._serve(listener, ready))
        except BaseException as exc:
            # start() waits for the answer and raises it: a thread must not die in silence.
            self._failure = exc
        finally:
            ready.set()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        app = web.Application(middlewares=[loopback_only], client_max_size=BODY_BYTES_HIGH)
        app.add_routes(
            [
                web.post("/api/{method}", self.web_api.serve),
                web.get("/api/{method}", self.web_api.serve),
                web.get("/link", self.sockets.link),
                web.post("/hook/{kind}/{team_id}/{token}", self._response_urls.hook),
                *self._files.routes(),
                *self._deeds.routes(),
                *self._page.routes(),
            ]
        )
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            self._stopping = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            ready.set()
            await self._stopping.wait()
        finally:
            self._page.close()
            await self.delivery.close()
            await self.sockets.close()
            await runner.cleanup()

    def _on_loop(self, act: Callable[..., None], *args: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(act, *args)

    def _message_changed(self, change: Change) -> None:
        self._on_loop(self._page.announce, change)
        self._on_loop(self.people.echo, change)

    def _page_shown(self, user_ids: Collection[str], frame: Json) -> None:
        self._on_loop(self._page.show, user_ids, frame)

    def _refuse_tokens(self, error: str | None) -> None:
        self.web_api.token_error = error

    def _sockets_changed(self) -> None:
        self._state.notify()
        self._on_loop(self._page.announce_connection)

    def _delivery_failed(self, text: str) -> None:
        log.warning("an event was not acknowledged", extra={"reason": text})
        self._page.announce_error(text)

    def _drop_sockets(self) -> None:
        async def drop() -> None:
            self.sockets.drop()

        self.call(drop())
