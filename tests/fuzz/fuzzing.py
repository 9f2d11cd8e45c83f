"""The run: one delivery after the other into the app's own handlers, and what is held against each."""

import json
import logging
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import urlencode

from stored_alerts import FIRING, save_steps

from bot.alerts import Step, Transition
from bot.asking.command import Request, Surface
from bot.asking.seen import seen
from bot.commands import dispatch
from bot.demo.workspace.events import signature
from bot.inventory import Inventory
from bot.monitor import Cards
from bot.slack.app import SlackApp, build_app
from bot.slack.boards import Boards
from bot.slack.delivery import Delivery as Sender
from bot.slack.http import SLACK_PATH, Pages
from bot.store import Store
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

from .deliveries import ANA, BEN, DIRECT, EVE, NARROW, OPEN, OPENED_IN, XENA, Delivery, delivery
from .outside import Outside, Sent, option_faults, outside

ANSWER_SECONDS = 60.0
"""How long one delivery may take before it counts as hanging: `watch` alone waits 6 s for Slack's word."""

BOARDS_EVERY = 50
SEND_SECONDS = 0.05
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-fuzz-4821", "SLACK_SIGNING_SECRET": "signing-fuzz-4821"}
ACCESS: dict[str, Any] = {
    "channels_may": [{"channel": OPEN, "scopes": ["all"]}, {"channel": NARROW, "scopes": ["account:data"]}],
    "people_may": [{"users": [ANA], "scopes": ["all"]}, {"users": [BEN, EVE, XENA], "scopes": ["cluster:stage-eu"]}],
}
IN_EXAMPLES = frozenset(
    {"prod-eu", "prod-us", "private-1a", "prod", "stage", "data", "edge", "lab", "10.0.0.0/16", "100.64.0.0/16"}
)
"""Names that stand in usage lines and examples, whatever the estate is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was wrong with one run."""

    number: int
    kind: str
    what: str
    given: str


@dataclass(kw_only=True)
class Report:
    """What came of all runs."""

    runs: int = 0
    calls: int = 0
    answers: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


class Inline(Executor):
    """Runs a listener where it is submitted, so that one delivery is over before the next begins."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result, or the exception, of the call that was just made."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as exc:  # what a real executor would keep
            future.set_exception(exc)
            logging.getLogger("fuzz").exception("a listener raised")
        return future


class Tracebacks(logging.Handler):
    """Keeps every record that tells of a defect."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep errors, and whatever carries a traceback."""
        if record.levelno >= logging.ERROR or record.exc_info:
            told = logging.Formatter().format(record)
            self.found.append(f"{record.name}: {told[:200]} … {told[-1_500:]}")


@dataclass(kw_only=True)
class Fuzzer:
    """The app with its outsides; `run` gives it deliveries."""

    app: SlackApp
    store: Store
    pages: Pages
    end: Outside
    boards: Boards
    now: Callable[[], datetime]
    tracebacks: Tracebacks
    names: tuple[str, ...]
    hidden: dict[str, frozenset[str]]

    def run(self, seed: int, count: int, *, first: int = 0) -> Report:
        """So many deliveries of this seed, from number `first` on."""
        report = Report()
        for number in range(first, first + count):
            given = delivery(Random(f"{seed}:{number}"), number, self.names, f"{self.end.url}/hook/{number}")
            faults, sent = self._deliver(given, number)
            report.runs += 1
            report.kinds[given.kind] += 1
            report.calls += len(sent)
            report.answers += any(call.says for call in sent)
            report.faults += [
                Fault(number=number, kind=given.kind, what=what, given=given.typed[:1_500]) for what in faults
            ]
        return report

    def _deliver(self, given: Delivery, number: int) -> tuple[list[str], list[Sent]]:
        """What was wrong with one delivery, and what the bot sent."""
        faults: list[str] = []
        if number % BOARDS_EVERY == 0:
            self.boards.step()
            faults += [found for call in self.end.taken() for found in self.wrong(given, call, _channel(call))]
        status, body = self._posted(given)
        allowed = ("200", "404") if given.is_whole else ("200", "400", "404")
        if status not in allowed:
            faults.append(f"status {status}")
        if given.kind == "options" and status == "200":
            faults += [f"options: {fault}" for fault in option_faults(body)]
            faults += [f"options show {name}" for name in self._leaked(given, body, _place(given))]
        answered = threading.Event()
        if not self.app.workers.take(answered.set) or not answered.wait(ANSWER_SECONDS):
            faults.append("not answered in time")
        sent = self.end.taken()
        faults += [f"traceback: {told}" for told in self.tracebacks.found]
        self.tracebacks.found.clear()
        if given.is_owed and not any(call.says and not call.is_queued for call in sent):
            faults.append("no word to the person")
        for call in sent:
            faults += self.wrong(given, call, _shown_in(given, call))
        return faults, sent

    def wrong(self, given: Delivery, call: Sent, place: str) -> list[str]:
        """What Slack could not take of a call, and what it shows that may not be seen in that place."""
        leaked = self._leaked(given, call.shown, place)
        return [f"{call.method}: {fault}" for fault in call.faults] + [f"{call.method} shows {name}" for name in leaked]

    def _posted(self, given: Delivery) -> tuple[str, str]:
        """The status and body that a delivery is answered with, signed as Slack signs it."""
        form = given.kind == "slash"
        fields = given.payload if form else {"payload": json.dumps(given.payload)}
        is_event = given.payload.get("type") == "event_callback"
        body = (json.dumps(given.payload) if is_event else urlencode(fields, errors="replace")).encode()
        at = str(int(self.now().timestamp()))
        environ = {
            "PATH_INFO": SLACK_PATH,
            "REQUEST_METHOD": "POST",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json" if is_event else "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_SLACK_REQUEST_TIMESTAMP": at,
            "HTTP_X_SLACK_SIGNATURE": signature(SECRETS["SLACK_SIGNING_SECRET"], at, body),
            "wsgi.input": BytesIO(body),
        }
        statuses: list[str] = []
        try:
            found = b"".join(self.pages(environ, lambda status, headers: statuses.append(status)))  # type: ignore[arg-type]
        except Exception:  # what the web server would turn into a 500
            logging.getLogger("fuzz").exception("the app raised")
            return "500", ""
        return statuses[-1].partition(" ")[0], found.decode()

    def _leaked(self, given: Delivery, shown: str, place: str) -> list[str]:
        """The secrets and hidden names that are shown to those who may not see them."""
        found = [name for name in SECRETS.values() if name in shown]
        names = self.hidden.get(place, frozenset())
        leaked = {name for name in names if name in shown and name not in given.typed}
        return found + sorted(leaked - self._in_reasons(shown) if leaked else leaked)

    def _in_reasons(self, shown: str) -> set[str]:
        """The names in people's own reasons for a silence that is shown there: whoever reads it may read those."""
        told = _plain(shown)
        reasons = [silence.reason for silence in self.store.silences(self.now()) if silence.reason]
        return {name for reason in reasons if _plain(reason) in told for name in self.names if name in reason}


def _plain(text: str) -> str:
    """The text's words alone, however it was escaped."""
    return " ".join(re.findall(r"[\w.-]+", unescape(unescape(text))))


def _shown_in(given: Delivery, call: Sent) -> str:
    """Where a call shows what it says; a Home tab is drawn again when newer figures are there, whoever asks by then."""
    if call.method == "views.publish":
        return DIRECT.get(str(call.params.get("user_id")), "")
    return _channel(call) if call.is_queued else _place(given)


def _channel(call: Sent) -> str:
    return str(call.params.get("channel") or "")


def _place(given: Delivery) -> str:
    """What decides what may be seen: the person, where they may see nothing or ask alone, else the channel.

    "" of a spoilt delivery: who asks where may be what was spoilt.
    """
    if not given.is_whole:
        return ""
    if given.user in (EVE, XENA):
        return given.user
    if given.kind in ("submission", "options", "closed"):
        chosen = given.payload["view"].get("state", {}).get("values", {}).get("channel")
        if chosen is not None and given.kind == "submission":
            return str(chosen["channel"]["selected_conversation"])
        at_view = OPENED_IN in given.payload["view"]["private_metadata"]
        return given.channel if at_view else DIRECT[given.user]
    from_home = "channel" not in given.payload and given.kind in ("press", "menu", "form", "graph", "feedback", "home")
    return DIRECT[given.user] if given.channel.startswith("D") or from_home else given.channel


def _names(inventory: Inventory) -> frozenset[str]:
    """Every name and id of an inventory that tells something of it."""
    found = {name for account in inventory.accounts for name in (account.account_id, account.name)}
    found |= {cluster.name for cluster in inventory.clusters}
    found |= {name for vpc in inventory.vpcs for name in (vpc.vpc_id, vpc.name)}
    found |= {name for subnet in inventory.subnets for name in (subnet.subnet_id, subnet.name)}
    return frozenset(name for name in found if len(name) > 3) - IN_EXAMPLES


def _hidden(parts: Parts) -> dict[str, frozenset[str]]:
    """The names each place may not show."""
    everything = _names(parts.facts.inventory())
    places = {NARROW: (NARROW, BEN), DIRECT[BEN]: (DIRECT[BEN], BEN)}
    hidden = {}
    for place, (channel, user) in places.items():
        here = seen(Request(text="", surface=Surface.SLASH, channel_id=channel, user_id=user), parts.services)
        known = here.facts().inventory()
        own = {subnet.vpc_id for subnet in known.subnets}
        vpcs = {name for vpc in parts.facts.inventory().vpcs if vpc.vpc_id in own for name in (vpc.vpc_id, vpc.name)}
        hidden[place] = everything - _names(known) - vpcs
    return hidden | dict.fromkeys((EVE, XENA, DIRECT[EVE], DIRECT[XENA]), everything)


def _fire(parts: Parts) -> None:
    """An alert on a subnet of every cluster, told where everything may be seen."""
    known = parts.facts.inventory()
    labels = {subnet.subnet_id: subnet.label for subnet in known.subnets}
    alerts = [
        replace(
            FIRING,
            scope_key=f"subnet:{subnet_id}",
            label=labels[subnet_id],
            clusters=(cluster.name,),
            account_id=cluster.account_id,
            region=cluster.region,
        )
        for cluster in known.clusters
        for subnet_id in sorted(cluster.all_subnet_ids)[:1]
    ]
    steps = [Step(alert=alert, transition=Transition.OPENED) for alert in alerts]
    save_steps(parts.store, steps, {alert.scope_key: (OPEN,) for alert in alerts}, parts.now())


@contextmanager
def fuzzer() -> Iterator[Fuzzer]:
    """The app over the demo's AWS and the loopback Slack, its outbox emptied beside it."""
    with ExitStack() as stack:
        end = stack.enter_context(outside())
        facts = {"access": ACCESS, "slack": {"api_url": f"{end.url}/api/", "workers": 1}}
        estate = stack.enter_context(demo_estate({**SECRETS}, facts))
        parts = Parts(estate.settings, past=estate.give_past)
        stack.callback(parts.close)
        parts.facts.inventory()
        _fire(parts)
        services = replace(parts.services, allowance=None)
        app = build_app(
            parts.settings,
            lambda request: dispatch(request, services),
            parts.store.first_time,
            parts.now,
            services=services,
            private_waits=(ANSWER_SECONDS,),
            visible_waits=(ANSWER_SECONDS,),
        )
        stack.callback(app.close)
        app.bolt.listener_runner.listener_executor = Inline()
        app.workers._slow_seconds = math.inf  # one delivery after the other, however slow
        tracebacks = Tracebacks()
        logging.getLogger().addHandler(tracebacks)
        stack.callback(logging.getLogger().removeHandler, tracebacks)
        stop = threading.Event()
        sender = Sender(
            store=parts.store,
            client=app.client,
            card=Cards(parts.store, parts.settings, parts.now, parts.facts.known).message,
            now=parts.now,
            owner="fuzz",
        )
        thread = threading.Thread(target=_send, args=(sender, stop), daemon=True)
        thread.start()
        stack.callback(thread.join, 30)
        stack.callback(stop.set)
        names = tuple(sorted(_names(parts.facts.inventory()) | IN_EXAMPLES))
        yield Fuzzer(
            app=app,
            store=parts.store,
            pages=Pages(not_ready=tuple, now=parts.now, app=app.bolt, signing_secret=SECRETS["SLACK_SIGNING_SECRET"]),
            end=end,
            boards=Boards(app.client, services, parts.now),
            now=parts.now,
            tracebacks=tracebacks,
            names=names,
            hidden=_hidden(parts),
        )


def _send(sender: Sender, stop: threading.Event) -> None:
    """Empty the outbox as `serve` does, looking oftener: `watch` waits for its test message."""
    while not stop.is_set():
        if sender.step(stop) == 0:
            stop.wait(SEND_SECONDS)
