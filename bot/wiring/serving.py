"""`serve`: Slack in, alerts out. Starts the parts from the bottom up and stops them in reverse, each step named."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial

from bot import metrics
from bot.alerts import Alert, Transition, card
from bot.alerts.lifecycle import MISSED_POLLS
from bot.commands.verbs import load_all
from bot.config import slack_mode
from bot.errors import ConfigError, QueryError
from bot.monitor import Cards, Lanes, Monitor
from bot.monitor.digests import Digests
from bot.monitor.looking_ahead import LookAhead
from bot.notify import Heartbeat, Webhook
from bot.scheduler import Scheduler
from bot.slack.app import SlackApp, build_app
from bot.slack.boards import Boards
from bot.slack.delivery import Delivery
from bot.slack.http import HttpServer
from bot.slack.sending import write_client
from bot.slack.socket import SocketRunner
from bot.store import Serving, Store
from bot.store.regions import Regions
from bot.store.serving import LEASE_LASTS
from bot.store.work_gaps import Work
from bot.wiring.collecting import collect_seldom, full_collections_apart
from bot.wiring.parts import Parts
from bot.wiring.slack_side import SlackSide

log = logging.getLogger(__name__)

FLUSH = timedelta(seconds=5)
"""How long the outbox is emptied at the end, within the 10 s that `serve` promises after SIGTERM."""

EVALUATE_EVERY = timedelta(seconds=5)
"""How long what was read waits for its evaluation: long enough that one takes many reads together."""


class Lead:
    """Whether this process polls and sends: always on SQLite, one replica at a time on PostgreSQL."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._held = threading.Event()

    @property
    def held(self) -> bool:
        """Whether the lead is ours as far as the last renewal knows."""
        return self._held.is_set()

    @property
    def fence(self) -> int | None:
        """The number of our lead, which the store compares on every alert write."""
        return self._serving.fence

    def keep(self, stop: threading.Event) -> None:
        """Take the lead and renew it until `stop` is set; the thread's body."""
        while not stop.is_set():
            try:
                self.renew()
            except Exception:  # a database that is away for a while must not end the process
                log.exception("the lead could not be renewed")
                self._held.clear()
            stop.wait(LEASE_LASTS.total_seconds() / 3)

    def renew(self) -> None:
        """Take or renew the lead once.

        Raises: ConfigError when another process serves from the same SQLite file.
        """
        if self._serving.lead():
            if not self._held.is_set():
                log.info("leading: this process polls and sends", extra={"fence": self._serving.fence})
            self._held.set()
        elif self._held.is_set():
            log.warning("the lead went to another replica")
            self._held.clear()

    def release(self) -> None:
        """Give the lead away."""
        self._held.clear()
        self._serving.stop()


@contextmanager
def serving(
    parts: Parts,
    *,
    http: bool = False,
    on_transition: Callable[[Alert, Transition], None] | None = None,
    on_refused: Callable[[QueryError], object] = lambda _: None,
    host: str = "0.0.0.0",  # noqa: S104 (a service: Slack, probes and Prometheus reach it from outside)
) -> Iterator[int]:
    """The bot while the context is entered; gives the port of /healthz, /readyz and /metrics.

    It reads and judges also while Slack is away; `on_refused` is told when Slack is back and refuses the token.
    Raises: ConfigError for tokens or a database that cannot be used, QueryError when Slack refuses the token at once.
    """
    settings = parts.settings
    mode = slack_mode(settings, http=http)
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    stop = threading.Event()
    with ExitStack() as steps:
        steps.callback(_said, "stopped")
        steps.enter_context(full_collections_apart())
        load_all()
        store = parts.store
        lead = Lead(store.serving(owner))
        lead.renew()
        steps.callback(lead.release)
        client = write_client(settings.slack_bot_token.get_secret_value(), settings.slack.api_url)
        slack = SlackSide(
            lambda: build_app(settings, parts.answer, store.first_time, parts.now, client, services=parts.services),
            lambda app: _sockets(parts, app) if mode == "socket" else None,
            on_refused,
        )
        slack.ask()
        delivery = Delivery(
            store=store,
            client=client,
            card=Cards(store, settings, parts.now, parts.facts.known).message,
            now=parts.now,
            owner=owner,
            fallback=settings.slack.fallback_channel or "",
        )
        boards = Boards(client, parts.services, parts.now)
        heartbeat = _heartbeat(parts)
        webhook = _webhook(parts, lead)
        regions = Regions(store)
        lanes = Lanes(parts.reader, store, regions, settings, parts.now, owner=owner, leading=lambda: lead.held)
        monitor = Monitor(
            parts.reader,
            store,
            settings,
            parts.now,
            regions=regions,
            on_inventory=parts.facts.put,
            on_transition=on_transition,
            fence=lambda: lead.fence,
        )
        ahead = parts.look_ahead(stop)
        scheduler = Scheduler(
            poll=lambda: _evaluate(monitor, lead, heartbeat, parts),
            prune=lambda: store.prune(parts.now()),
            refresh=lambda: _refresh(monitor, lead, store, parts),
            digests=partial(_send_digests, parts.digests(), lead),
            look_ahead=lambda: _look_ahead(ahead, lead, parts),
            poll_every=min(EVALUATE_EVERY, settings.schedule.poll / 2),
            now=parts.now,
        )
        parts.facts.feed()
        if lead.held:
            monitor.begin()
        server = _server(parts, slack, mode, host)

        def attach(app: SlackApp) -> None:
            server.attach(app.bolt)

        steps.callback(lambda: delivery.flush(FLUSH))
        sender = _thread("outbox", lambda: delivery.run(stop), steps)
        board_runner = _thread("boards", lambda: boards.run(stop, lambda: lead.held), steps)
        keeper = _thread("lead", lambda: lead.keep(stop), steps)
        reading = _thread("lanes", lambda: lanes.run(stop), steps)
        asking = _thread("slack", lambda: slack.run(stop, attach), steps)
        collector = _thread("collecting", lambda: collect_seldom(stop), steps)
        notifiers = [
            _thread(name, partial(part.run, stop), steps)
            for name, part in (("heartbeat", heartbeat), ("webhook", webhook))
            if part is not None
        ]
        steps.callback(stop.set)
        steps.callback(scheduler.stop)
        steps.callback(slack.close)
        steps.callback(server.stop)
        for thread in (sender, board_runner, keeper, reading, collector, *notifiers):
            thread.start()
        scheduler.start()
        server.start()
        slack.listen(attach)
        team = "" if slack.app is None else slack.app.identity.team_id
        log.info("serving", extra={"slack": mode, "port": server.port, "team": team})
        if slack.app is None:
            asking.start()
        yield server.port
        _said("stopping")


def _evaluate(monitor: Monitor, lead: Lead, heartbeat: Heartbeat | None, parts: Parts) -> None:
    """What the newest reads mean, where this process leads, and the sign of life once all have been through."""
    if not lead.held:
        monitor.follow()
        return
    report = monitor.evaluate()
    if report is None or not report.swept:
        return
    metrics.sweep_completed_timestamp.set(parts.now().timestamp())
    parts.store.note_work(Work.SWEEP, parts.now(), MISSED_POLLS * parts.settings.schedule.poll)
    if heartbeat is not None:
        heartbeat.beat()


def _look_ahead(ahead: LookAhead, lead: Lead, parts: Parts) -> None:
    """Look weeks ahead where it is due and this process leads and knows something."""
    inventory = parts.facts.known()
    if lead.held and inventory is not None:
        ahead.look_if_due(inventory)


def _send_digests(digests: Digests, lead: Lead) -> None:
    """The digests that are due, where this process leads."""
    if lead.held:
        digests.step()


def _heartbeat(parts: Parts) -> Heartbeat | None:
    """The sign of life, where an address for it is configured."""
    address = parts.settings.notify.heartbeat_url
    return None if address is None else Heartbeat(address.get_secret_value())


def _webhook(parts: Parts, lead: Lead) -> Webhook | None:
    """The second path, where an address for it is configured."""
    notify = parts.settings.notify
    if notify.webhook_url is None:
        return None
    return Webhook(
        store=parts.store,
        address=notify.webhook_url.get_secret_value(),
        after=notify.after,
        card=lambda alert: card(alert, parts.now()),
        now=parts.now,
        leading=lambda: lead.held,
    )


def _sockets(parts: Parts, app: SlackApp) -> SocketRunner:
    slack = parts.settings.slack
    return SocketRunner(
        app.bolt,
        app_token=parts.settings.slack_app_token.get_secret_value(),
        api_url=slack.api_url,
        sockets=slack.sockets,
    )


def _server(parts: Parts, slack: SlackSide, mode: str, host: str) -> HttpServer:
    settings = parts.settings
    try:
        return HttpServer(
            port=settings.port,
            not_ready=lambda: (*slack.not_ready(), *_not_ready(parts.store)),
            now=parts.now,
            awaits_app=mode == "http",
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            host=host,
        )
    except OSError as exc:
        raise ConfigError([f"PORT: {settings.port} cannot be listened on ({exc.strerror}); name a free one."]) from exc


def _not_ready(store: Store) -> tuple[str, ...]:
    return () if store.healthy() else ("the database does not answer",)


def _refresh(monitor: Monitor, lead: Lead, store: Store, parts: Parts) -> None:
    """Between two polls: what channels hear of acks, silences and what waited; and the gauges of the outbox."""
    if lead.held:
        monitor.tell()
    _measure_outbox(store, parts)


def _measure_outbox(store: Store, parts: Parts) -> None:
    depth, oldest = store.outbox_depth(parts.now())
    metrics.outbox_depth.set(depth)
    metrics.outbox_oldest_age_seconds.set(0 if oldest is None else oldest.total_seconds())
    metrics.channels_broken.set(len(store.broken_channels()))


def _thread(name: str, body: Callable[[], None], steps: ExitStack) -> threading.Thread:
    thread = threading.Thread(target=body, name=name, daemon=True)
    steps.callback(lambda: thread.join(timeout=2) if thread.is_alive() else None)
    return thread


def _said(what: str) -> None:
    log.info(what)
