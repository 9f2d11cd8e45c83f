"""The verbs in the order help shows them: how each is called, what it answers, and the module that answers it.

The module is loaded when its verb is first asked: a question about one thing does not wait for the others. A process
that serves loads all of them before anybody asks.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import bot.commands
from bot.asking.command import POOL_FLAGS, POOL_OPTIONS, Asked, Command, Request
from bot.asking.defaults import defaults_change
from bot.asking.digest_words import digest_changes
from bot.commands.help import help_command
from bot.message import Message
from bot.services import Services


def _in(module: str, function: str = "answer") -> Callable[[Asked, Request, Services], Message]:
    """The function of a module of this package that answers, loaded at the first call."""

    def run(asked: Asked, request: Request, services: Services) -> Message:
        answer: Callable[[Asked, Request, Services], Message]
        answer = getattr(import_module(f"bot.commands.{module}"), function)
        return answer(asked, request, services)

    return run


def load_all() -> None:
    """Load the modules of all verbs: together they take as long as a few hundred answers."""
    for found in iter_modules(bot.commands.__path__):
        import_module(f"bot.commands.{found.name}")


VERBS: tuple[Command, ...] = (
    Command(
        verb="status",
        usage="status [SCOPE] [limit=N]",
        summary="Free addresses of every subnet in the scope, worst first",
        example="status prod-eu",
        run=_in("status"),
        aliases=("st", "s"),
        options=("limit",),
    ),
    Command(
        verb="subnet",
        usage="subnet ID | NAME | CIDR",
        summary="One subnet: free addresses, /28 blocks, reservations, who holds what",
        example="subnet private-1a",
        run=_in("subnet", "subnet_answer"),
        aliases=("sn",),
    ),
    Command(
        verb="who",
        usage="who [SCOPE]",
        summary="Who holds the addresses: nodes, load balancers, functions, endpoints …",
        example="who prod-eu",
        run=_in("who"),
        aliases=("holders",),
    ),
    Command(
        verb="maxpods",
        usage="maxpods TYPE",
        summary="Pods a node of this instance type can hold, in every mode",
        example="maxpods m5.large",
        run=_in("maxpods"),
        aliases=("max-pods", "mp"),
    ),
    Command(
        verb="simulate",
        usage="simulate TYPE pods=P [mode=prefix] [warm-ip=N …] [custom-networking] [pod-eni] [windows]",
        summary="ENIs and addresses that one node holds with these warm-pool settings",
        example="simulate m5.large pods=16 mode=prefix",
        run=_in("simulate"),
        aliases=("sim",),
        options=("pods", *POOL_OPTIONS),
        flags=("windows", "ipv6", *POOL_FLAGS),
    ),
    Command(
        verb="plan",
        usage="plan [+N] [TYPE] [SCOPE] [pods=P] [with-growth] [sums] [prefix] [warm-ip=] [min-ip=] [warm-eni=] …",
        summary="Whether so many more nodes fit, where it stops, what would make them fit; without +N how many do",
        example="plan +40 m5.xlarge prod-eu",
        run=_in("plan"),
        aliases=("whatif", "fit"),
        options=("nodes", "pods", "cluster", *POOL_OPTIONS),
        flags=("with-growth", "sums", *POOL_FLAGS),
    ),
    Command(
        verb="tune",
        usage="tune SCOPE [pods=P] [churn=N/h] [as=addon|kubectl|helm|terraform]",
        summary="Warm-pool settings that fit a cluster's mix of instance types, and what they give back",
        example="tune prod-eu",
        run=_in("tune"),
        aliases=("tuning",),
        options=("pods", "churn", "as"),
    ),
    Command(
        verb="prefix",
        usage="prefix SCOPE [pods=P]",
        summary="Whether prefix mode is safe for a cluster: Nitro, free /28s, max-pods, what to do first",
        example="prefix prod-us",
        run=_in("prefix"),
        options=("pods",),
    ),
    Command(
        verb="upgrade",
        usage="upgrade CLUSTER [max-unavailable=N]",
        summary="Whether a cluster's upgrade fits: control plane subnets, node groups' extra nodes, EKS health",
        example="upgrade prod-eu",
        run=_in("upgrade"),
        aliases=("update",),
        options=("max-unavailable",),
    ),
    Command(
        verb="cidr",
        usage="cidr VPC | CIDR,CIDR [CANDIDATE] [terraform]",
        summary="Which block may be added to a VPC, and the commands that add it",
        example="cidr 10.0.0.0/16 100.64.0.0/16",
        run=_in("cidr"),
        aliases=("add-cidr",),
        flags=("terraform",),
    ),
    Command(
        verb="size",
        usage="size nodes=N type=T [pods=P] [zones=Z] [growth=50%] [mode=prefix] [warm-ip=…]",
        summary="How large subnets and the VPC must be for these nodes",
        example="size nodes=60 type=m5.large pods=20 zones=3 growth=50%",
        run=_in("size"),
        aliases=("sizing",),
        options=("nodes", "type", "pods", "zones", "growth", "max-unavailable", *POOL_OPTIONS),
        flags=POOL_FLAGS,
    ),
    Command(
        verb="trend",
        usage="trend SCOPE [24h|7d|30d]",
        summary="What was free over time: now, lowest, highest, change, and a chart",
        example="trend private-1a 7d",
        run=_in("trend"),
        aliases=("history", "graph"),
    ),
    Command(
        verb="forecast",
        usage="forecast [SCOPE]",
        summary="When it runs out, with its range and the method's record here; of a cluster also committed demand",
        example="forecast prod-eu",
        run=_in("forecast"),
        aliases=("eta", "runway"),
    ),
    Command(
        verb="top",
        usage="top [runout|movers|warm]",
        summary="Soonest to run out, moved most in a day, or most warm addresses",
        example="top runout",
        run=_in("top"),
    ),
    Command(
        verb="digest",
        usage="digest [SCOPE] | mon 9:00 [tz=Europe/Berlin] [SCOPE] | daily 8:30 | when | off",
        summary="A week in one message: what is low, alerts, how forecasts did, what I missed; now, or on a schedule",
        example="digest",
        run=_in("digest"),
        aliases=("report",),
        options=("tz",),
        changes=digest_changes,
    ),
    Command(
        verb="why",
        usage="why [SCOPE] [pasted lines]",
        summary="Why pods or nodes get no address: the likeliest cause, what was seen, what to do now",
        example="why prod-eu",
        run=_in("why"),
        aliases=("diagnose", "diag"),
    ),
    Command(
        verb="explain",
        usage="explain CONCEPT | SETTING | pasted error [analogy]",
        summary="A concept, a setting or an error message, with sources",
        example="explain prefix delegation",
        run=_in("explain"),
        aliases=("what", "ex"),
    ),
    Command(
        verb="alerts",
        usage="alerts [SCOPE | ID | why ID]",
        summary="What is open now and what ended lately, one alert in full, or why you did or did not hear of it",
        example="alerts",
        run=_in("alerts"),
        aliases=("alert", "al"),
    ),
    Command(
        verb="ack",
        usage="ack ID…",
        summary="Say that you have these alerts in hand: they are not repeated for 8 hours, unless they get worse",
        example="ack 1001",
        run=_in("ack", "ack_answer"),
        writes=True,
    ),
    Command(
        verb="unack",
        usage="unack ID…",
        summary="Take an acknowledgement back",
        example="unack 1001",
        run=_in("ack", "unack_answer"),
        writes=True,
    ),
    Command(
        verb="silence",
        usage="silence ID… | SCOPE 30m | 2h | tomorrow 09:00 | until resolved [reason] [rule=] [severity=]",
        summary="Keep alerts, or everything in a scope, quiet until then; at most 7 days",
        example="silence 1001 2h deploying",
        run=_in("silence", "silence_answer"),
        options=("rule", "severity"),
        writes=True,
    ),
    Command(
        verb="unsilence",
        usage="unsilence ID",
        summary="End a silence or a maintenance window now",
        example="unsilence 1",
        run=_in("silence", "unsilence_answer"),
        writes=True,
    ),
    Command(
        verb="maintenance",
        usage="maintenance SCOPE FROM TO | LENGTH [reason] [rule=] [severity=]",
        summary="Keep a scope quiet from then to then, for planned work",
        example="maintenance prod-eu tomorrow 22:00 2h node rollover",
        run=_in("silence", "maintenance_answer"),
        options=("rule", "severity"),
        writes=True,
    ),
    Command(
        verb="watch",
        usage="watch SCOPE [CHANNEL] [below=10%|20ips] [severity=critical] [quiet=22:00-07:00@Europe/Berlin]",
        summary="Tell this channel, or another, of the alerts of the scope; posts a test message first",
        example="watch prod-eu",
        run=_in("watch"),
        options=("below", "severity", "quiet"),
        writes=True,
    ),
    Command(
        verb="unwatch",
        usage="unwatch SCOPE",
        summary="Stop telling this channel about the scope",
        example="unwatch prod-eu",
        run=_in("unwatch"),
        writes=True,
    ),
    Command(
        verb="watching",
        usage="watching",
        summary="What this channel is told about, how, and whether Slack takes it",
        example="watching",
        run=_in("watching"),
        aliases=("watches",),
    ),
    Command(
        verb="cwalarms",
        usage="cwalarms SCOPE [as=cli|cloudformation|terraform] [topic=ARN]",
        summary="CloudWatch alarms for a cluster and its VPC, with thresholds of this estate, beside those there are",
        example="cwalarms prod-eu",
        run=_in("cwalarms"),
        aliases=("cw-alarms",),
        options=("as", "topic"),
    ),
    Command(
        verb="board",
        usage="board SCOPE [2h] | stop",
        summary="A message here that keeps itself up to date for 5 minutes to 24 hours, and closes with a summary",
        example="board prod-eu 2h",
        run=_in("board"),
        writes=True,
    ),
    Command(
        verb="defaults",
        usage="defaults [cluster=NAME] [tz=ZONE] [visibility=private|channel] [mode=incident|normal]",
        summary="How this channel wants to be answered",
        example="defaults cluster=prod-eu tz=Europe/Berlin",
        run=_in("defaults"),
        options=("cluster", "scope", "tz", "visibility", "mode"),
        changes=defaults_change,
    ),
    Command(
        verb="overview",
        usage="overview",
        summary="Every cluster with its worst subnet, open alerts and watches",
        example="overview",
        run=_in("overview"),
        aliases=("home",),
    ),
    Command(
        verb="accounts",
        usage="accounts",
        summary="What can be read, what cannot and why, and how old it is",
        example="accounts",
        run=_in("accounts"),
        aliases=("coverage",),
    ),
    Command(
        verb="version",
        usage="version",
        summary="Which release of eksip answers",
        example="version",
        run=_in("version"),
    ),
)

COMMANDS: tuple[Command, ...] = (*VERBS, help_command(VERBS))
"""Every verb; help, docs and tests walk it."""
