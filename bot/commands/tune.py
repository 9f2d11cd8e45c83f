"""`tune SCOPE`: warm-pool settings that fit the cluster's real mix of instance types, and the exact change."""

import re
from dataclasses import dataclass

from bot.answers.capacity import Refusal, TuneAnswer, TuneCalls, TuneChoice, TuneSettings, TuneType
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.pool_words import number
from bot.capacity.pod_load import Load, loads, pods_measured
from bot.capacity.pool_cost import DEFAULT_PODS_PER_HOUR, Cost, Pace
from bot.capacity.prefix import Readiness, readiness
from bot.capacity.tune import Advice, tune
from bot.capacity.tune_changes import Change, changes, in_words, variables
from bot.capacity.tune_notes import Basis, notes
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.cluster_nodes import ClusterNodes, cluster_nodes, subnet_facts
from bot.commands.tune_picture import trade_picture
from bot.errors import QueryError, UserError
from bot.message import Bullets, Button, Code, Controls, Line, Message, Part, Strong, Table, Tone
from bot.scope import cluster_key
from bot.services import Services
from bot.views import blind_words, count, footer, plural

_EXAMPLE = "tune cluster:prod-eu pods=20 churn=30/h"
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(?:/(h|hour|hr|m|min|d|day))?", re.IGNORECASE)
_PER_HOUR = {"h": 1.0, "hour": 1.0, "hr": 1.0, "m": 60.0, "min": 60.0, "d": 1 / 24, "day": 1 / 24}

MOST_CHURN = 100_000
"""Pods an hour and node beyond which no node could follow: kubelet starts a few in a second."""

_REPLACING = ("EKS add-on", "Terraform")
_WAYS = {"addon": "EKS add-on", "kubectl": "kubectl", "helm": "Helm", "terraform": "Terraform"}
_TYPES, _CHOICES = 6, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tuned:
    nodes: ClusterNodes
    basis: Basis
    advice: Advice
    ways: tuple[Change, ...]

    @property
    def base(self) -> tuple[int, ...]:
        """What comes back is counted from here: what the nodes hold, else what their settings ask for."""
        if None in self.basis.held:
            return tuple(cost.held_ips for cost in self.advice.current.per_type)
        return tuple(ips for ips in self.basis.held if ips is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, and what contradicts the settings."""
        return notes(self.basis, self.advice, self.saved(self.advice.recommended))

    def held(self, found: Cost) -> int:
        """Addresses that the nodes hold with these settings; for those of today what they hold now."""
        return sum(self.base) - self.saved(found)

    def saved(self, found: Cost) -> int:
        """Addresses that come back with these settings; 0 for those of today."""
        return 0 if found.settings == self.advice.current.settings else sum(self.base) - found.held_ips


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The settings advised for the cluster that was named, with what they give back and cost."""
    given = number(asked.options["pods"], "pods", _EXAMPLE) if "pods" in asked.options else None
    pace = Pace(pods_per_hour=_churn(asked.options["churn"]) if "churn" in asked.options else DEFAULT_PODS_PER_HOUR)
    way = _way(asked.options.get("as"))
    inventory = services.facts().inventory()
    nodes = cluster_nodes(asked.target, inventory, services, verb="tune")
    if nodes.cluster.ip_family == "ipv6":
        others = [cluster for cluster in inventory.clusters if cluster.ip_family == "ipv4"]
        words = [f"tune {cluster_key(cluster)}" for cluster in others[:3]]
        raise UserError(
            f"{nodes.cluster.name} is an IPv6 cluster: every node takes one /80 and the warm-pool targets do nothing."
            + (f" An IPv4 cluster: `{words[0]}`." if words else f" For an IPv4 cluster: `{_EXAMPLE}`."),
            words,
        )
    found = _tuned(nodes, services, given=given, pace=pace, churn_given="churn" in asked.options)
    again = " ".join(["tune", asked.target, *(f"{k}={v}" for k, v in asked.options.items())]).replace("  ", " ")
    as_of = nodes.contents.observed_at
    return Message(
        text=_sentence(found),
        tone=Tone.WARNING if found.advice.changes else Tone.GOOD,
        verdict=_verdict(found),
        parts=(
            *_parts(found, way),
            footer(again, as_of, services.now(), *_small(found), blind_words(nodes.covered)),
            Controls(items=_buttons(found, asked, way)),
        ),
        command=again,
        as_of=as_of,
        coverage=nodes.covered,
        charts=trade_picture(nodes.cluster.name, found.advice, found.held, as_of),
        answer=fields(_json(found)),
    )


def _tuned(nodes: ClusterNodes, services: Services, *, given: int | None, pace: Pace, churn_given: bool) -> _Tuned:
    known = [
        (group, nodes.limits[group.instance_type]) for group in nodes.mix.groups if group.instance_type in nodes.limits
    ]
    if not known:
        raise QueryError(
            f"The limits of {nodes.mix.groups[0].instance_type} are neither readable in EC2 nor in my offline table, "
            f"so I cannot tune {nodes.cluster.name}.",
            account_id=nodes.cluster.account_id,
            region=nodes.cluster.region,
            api="ec2:DescribeInstanceTypes",
        )
    warm = services.reader().warm_ips([nodes.cluster]).get(cluster_key(nodes.cluster)) if given is None else None
    measured = pods_measured(nodes.mix.pod_ips, warm) if len(known) == len(nodes.mix.groups) else None
    carried, source = loads(known, nodes.settings, given=given, measured=measured)
    advice = tune(carried, nodes.settings, pace, no_prefixes=_no_prefixes(nodes, carried, services))
    return _Tuned(
        nodes=nodes,
        basis=Basis(
            cni=nodes.cluster.cni,
            mix=nodes.mix,
            loads=carried,
            source=source,
            pace=pace,
            given=given,
            churn_given=churn_given,
        ),
        advice=advice,
        ways=changes(nodes.cluster, nodes.settings, advice.recommended.settings),
    )


def _no_prefixes(nodes: ClusterNodes, carried: tuple[Load, ...], services: Services) -> str:
    """Why prefix mode cannot be offered; "" when it can."""
    if nodes.settings.mode is PoolMode.PREFIX:
        return ""
    facts = subnet_facts(nodes, services.settings.thresholds.limits)
    most = max(load.pods for load in carried)
    found = readiness(nodes.cluster, nodes.mix, nodes.limits, facts, nodes.settings, pods=most)
    return found.reasons[0] if found.verdict in (Readiness.NOT_READY, Readiness.UNKNOWN) else ""


def _churn(text: str) -> float:
    """Pods an hour that `N/h`, `N/min` or `N/d` means; a bare number is by the hour.

    Raises: UserError for anything else.
    """
    found = _RATE.fullmatch(text)
    shown = f"churn={text if len(text) <= 40 else text[:37] + '…'}"
    if found is None:
        raise UserError(f"`{shown}` is not a rate: pods started on each node, like `{_EXAMPLE}`.", [_EXAMPLE])
    value = float(found[1]) * _PER_HOUR[(found[2] or "h").lower()]
    if value > MOST_CHURN:
        raise UserError(
            f"`{shown}` is more than {MOST_CHURN:,} an hour and node. For example `{_EXAMPLE}`.", [_EXAMPLE]
        )
    return value


def _way(text: str | None) -> str:
    if text is not None and text.lower() not in _WAYS:
        raise UserError(
            f"`as={text[:40]}`: the change comes as {', '.join(_WAYS)}, for example "
            "`tune cluster:prod-eu as=terraform`.",
            ["tune cluster:prod-eu as=terraform"],
        )
    return _WAYS[text.lower()] if text else ""


def _verdict(found: _Tuned) -> Line:
    name, best = found.nodes.cluster.name, found.advice.recommended
    if not found.advice.changes:
        return (Strong(name), ": keep the warm-pool settings")
    saved = found.saved(best)
    if saved > 0:
        part = f"{saved:,} of {sum(found.base):,} addresses"
        return (Strong(name), ": ", Strong(part), " come back" + (" on new nodes" if best.new_nodes else ""))
    return (Strong(name), ": change the settings, ", Strong(f"{-saved:,} addresses more"))


def _sentence(found: _Tuned) -> str:
    name, advice = found.nodes.cluster.name, found.advice
    if not advice.changes:
        return f"{name}: keep {in_words(advice.current.settings)}; nothing tried is worth a change."
    pairs = " ".join(f"{k}={v}" for k, v in variables(advice.current.settings, advice.recommended.settings).items())
    saved = found.saved(advice.recommended)
    gives = (
        f"gives back {saved:,} of {sum(found.base):,} addresses" if saved >= 0 else f"takes {-saved:,} addresses more"
    )
    return f"{name}: {pairs} {gives}."


def _parts(found: _Tuned, way: str) -> tuple[Part, ...]:
    advice = found.advice
    rows = [
        (
            load.limits.instance_type,
            f"{load.nodes:,}×{load.pods:,}",
            count(base),
            count(then.held_ips if advice.changes else base),
        )
        for load, base, then in zip(found.basis.loads, found.base, advice.recommended.per_type, strict=True)
    ]
    rest = found.basis.loads[_TYPES:]
    more = f"+{len(rest)} more, {sum(load.nodes for load in rest):,} nodes" if rest else ""
    held = "Holds" if None not in found.basis.held else "Asks"
    parts: list[Part] = [
        Table(
            columns=("Type", "Nodes×pods", held, "Would"),
            rows=tuple(rows[:_TYPES]),
            right=frozenset({1, 2, 3}),
            more=more,
        )
    ]
    why = [(reason,) for reason in advice.reasons]
    calls = f"EC2 calls an hour: {advice.current.calls_per_hour:,.0f}"
    why.append((f"{calls} → {advice.recommended.calls_per_hour:,.0f}." if advice.changes else f"{calls}.",))
    parts.append(Bullets(title=f"Now: {in_words(advice.current.settings)}", items=tuple(why)))
    shown = next((each for each in found.ways if each.title == way), found.ways[0] if found.ways else None)
    if shown is not None:
        # These two replace the add-on's whole configuration, of which only `env` is read here.
        whole = "; it replaces configurationValues: add your other keys" if shown.title in _REPLACING else ""
        parts.append(Code(title=f"{shown.title} (for you to run{whole})", text=shown.text))
    if advice.alternatives:
        others = advice.alternatives[:_CHOICES]
        left = len(advice.alternatives) - len(others)
        items = tuple((_choice(found, each),) for each in others)
        parts.append(Bullets(title="Instead", items=items, more=f"+{left} more" if left > 0 else ""))
    return tuple(parts)


def _choice(found: _Tuned, each: Cost) -> str:
    saved = found.saved(each)
    gives = f"{saved:,} back" if saved >= 0 else f"{-saved:,} more"
    wait = f", {plural(each.waiting_pods, 'pod')} of a burst wait {each.wait_seconds} s" if each.waiting_pods else ""
    new = ", new nodes only" if each.new_nodes else ""
    return f"{in_words(each.settings)}: {gives}, {each.calls_per_hour:,.0f} calls an hour{wait}{new}"


def _small(found: _Tuned) -> tuple[str, ...]:
    refused = ", ".join(each.title for each in found.advice.refused)
    return (*found.notes, f"Not advised: {refused}.")


def _buttons(found: _Tuned, asked: Asked, way: str) -> tuple[Button, ...]:
    base = " ".join(["tune", asked.target, *(f"{k}={v}" for k, v in asked.options.items() if k != "as")])
    buttons = []
    if found.ways:
        shown = way or found.ways[0].title
        buttons = [
            Button(label=f"As {title}", command=f"{base} as={key}") for key, title in _WAYS.items() if title != shown
        ]
    largest = found.basis.loads[0]
    simulate = f"simulate {largest.limits.instance_type} pods={largest.pods}"
    return (
        *buttons[-2:],
        Button(label="Prefix ready?", command=f"prefix {asked.target}".strip()),
        Button(label="Simulate", command=simulate),
    )


def _settings(settings: PoolSettings, source: str) -> TuneSettings:
    return TuneSettings.model_validate(
        {
            "source": source,
            "mode": settings.mode.value,
            "warm_eni": settings.warm_eni,
            "warm_ip": settings.warm_ip,
            "minimum_ip": settings.minimum_ip,
            "warm_prefix": settings.warm_prefix,
            "max_eni": settings.max_eni,
            "custom_networking": settings.custom_networking,
            "pod_eni": settings.pod_eni,
        }
    )


def _json(found: _Tuned) -> TuneAnswer:
    advice = found.advice
    source = "addon" if found.nodes.known else "assumed"
    best = advice.recommended
    return TuneAnswer(
        cluster=found.nodes.cluster.name,
        current=_settings(advice.current.settings, source),
        recommended=_settings(best.settings, "advice" if advice.changes else source),
        changed=advice.changes,
        needs_new_nodes=best.new_nodes,
        saved_ips=found.saved(best),
        held_ips=None if None in found.basis.held else sum(found.base),
        ec2_calls_per_hour=TuneCalls(
            current=round(advice.current.calls_per_hour, 1), recommended=round(best.calls_per_hour, 1)
        ),
        pods_source=found.basis.source.value,
        churn_per_hour=found.basis.pace.pods_per_hour,
        burst_pods=found.basis.pace.burst,
        per_instance_type=[
            TuneType(
                instance_type=load.limits.instance_type,
                mode=load.group.mode.value if load.group.mode else None,
                nodes=load.nodes,
                pods_per_node=load.pods,
                held_ips=load.group.held_ips,
                current_ips=now.held_ips,
                recommended_ips=then.held_ips,
                saved_ips=base - then.held_ips if advice.changes else 0,
            )
            for load, base, now, then in zip(
                found.basis.loads, found.base, advice.current.per_type, best.per_type, strict=True
            )
        ],
        alternatives=[
            TuneChoice(
                settings=_settings(each.settings, "advice"),
                held_ips=each.held_ips,
                saved_ips=found.saved(each),
                ec2_calls_per_hour=round(each.calls_per_hour, 1),
                waiting_pods=each.waiting_pods,
                wait_seconds=each.wait_seconds,
                needs_new_nodes=each.new_nodes,
            )
            for each in advice.alternatives
        ],
        refused=[Refusal(title=each.title, reason=each.reason) for each in advice.refused],
        reasons=list(advice.reasons),
        assumptions=list(found.notes),
        commands=[way.text for way in found.ways],
    )
