"""An unchanged Bolt app connected to a local workspace by slack_sdk's built-in Socket Mode client."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.demo.workspace import Workspace


def bolt_app(ws: Workspace) -> App:
    """A Bolt app that talks to this workspace and has no listener yet."""
    return App(client=WebClient(token=ws.bot_token, base_url=ws.api_url))


@contextmanager
def connected(ws: Workspace, app: App) -> Iterator[App]:
    """The app, connected until the block ends."""
    sdk = WebClient(token=ws.app_token, base_url=ws.api_url)
    handler = SocketModeHandler(app, ws.app_token, web_client=sdk)
    hello = threading.Event()
    handler.client.on_message_listeners.append(lambda _message: hello.set())
    handler.client.connect()
    # A client closed before its reader has read anything waits for that reader for ever.
    assert hello.wait(30), "The app was not greeted on its socket."
    try:
        yield app
    finally:
        # A reader that waits for its next frame holds close() back for 3 seconds, an empty queue for 1: end both first.
        handler.client.auto_reconnect_enabled = False
        handler.client.closed = True
        ws.faults.drop_sockets()
        handler.client.enqueue_message("")
        handler.client.close()
        app.listener_runner.listener_executor.shutdown()
