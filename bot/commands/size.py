"""`size nodes=N type=T pods=P zones=Z`: how large the subnets and the VPC must be. Needs no AWS."""

import re
from dataclasses import replace

from bot.answers.capacity import SizeAnswer, SizePerZone, SizeSubnet
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.pool_words import instance_limits, pool_words, whole
from bot.capacity.nodes import HOST_NETWORK_PODS, prefix_supported
from bot.capacity.size import Demand, Sizing, blocks_of, sizing, usable_of
from bot.capacity.size_reasons import reasons
from bot.capacity.warmpool import PoolMode, default_max_pods, refusal
from bot.errors import UserError
from bot.message import Bullets, Button, Context, Controls, Link, Message, Mono, Sources, Strong, Table, Tone
from bot.services import Services
from bot.views import count, plural

_EXAMPLE = "size nodes=60 type=m5.large pods=20 zones=3 growth=50%"
_GUIDES = (
    Link("EKS: VPC and subnet requirements", "https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"),
    Link("Subnet CIDR blocks", "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"),
)

DEFAULT_ZONES = 3
"""Zones when none are given: what EKS clusters usually span. Source: eksctl's default VPC."""

MOST_NODES = 100_000
"""Most nodes of an EKS cluster. Source: https://docs.aws.amazon.com/eks/latest/userguide/ultra-scale.html"""

MOST_ZONES = 6
"""Zones of the largest Region, us-east-1. Source: https://aws.amazon.com/about-aws/global-infrastructure/regions_az/"""

_MOST_GROWTH_PCT = 1_000
_COUNTED = {"node": "nodes", "nodes": "nodes", "pod": "pods", "pods": "pods", "zone": "zones", "zones": "zones"}
_PERCENT = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)(%?)")


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Subnet and VPC lengths for the nodes, pods and zones that were named."""
    demand, assumed = _demand(asked)
    found = sizing(demand)
    why = (*assumed, *reasons(demand, found))
    per_zone = " + ".join(
        f"{subnet.per_zone} × /{subnet.prefix_length}" if subnet.per_zone > 1 else f"/{subnet.prefix_length}"
        for subnet in found.subnets[:-1]
    )
    vpc = f"/{found.vpc_prefix_length}" if found.vpc_blocks == 1 else f"{found.vpc_blocks} × /{found.vpc_prefix_length}"
    again = " ".join(("size", *asked.words, *(f"{key}={value}" for key, value in asked.options.items())))
    return Message(
        text=f"{per_zone} in each of {plural(demand.zones, 'zone')} and a {vpc} VPC hold {demand.grown_nodes:,} "
        f"{demand.limits.instance_type} with {demand.pods:,} pods each.",
        tone=Tone.NEUTRAL,
        verdict=(Strong(per_zone), " a zone · VPC ", Strong(vpc), f" · {_load(demand)}"),
        parts=(
            Table(
                columns=("Subnet", "Length", "A zone", "Usable", "Left at peak"),
                rows=tuple(
                    (
                        subnet.purpose.value,
                        f"/{subnet.prefix_length}",
                        f"{subnet.per_zone}",
                        count(usable_of(subnet.prefix_length)),
                        f"{subnet.headroom_pct:g}%",
                    )
                    for subnet in found.subnets
                ),
                right=frozenset({2, 3, 4}),
            ),
            Table(
                columns=("A zone", "Nodes", "Addresses"),
                rows=_loads(found),
                right=frozenset({1, 2}),
            ),
            Bullets(title="Why", items=tuple((reason,) for reason in why)),
            Context(lines=((f"A /19 has {blocks_of(19)} /28 blocks for prefixes · ", Mono("explain subnet-sizing")),)),
            Sources(links=_GUIDES),
            Controls(items=_buttons(demand, again)),
        ),
        command=again,
        answer=fields(_json(found, why)),
    )


def _demand(asked: Asked) -> tuple[Demand, tuple[str, ...]]:
    """What was asked for, and what was assumed where nothing was said."""
    asked = _counted(asked)
    read = pool_words(asked, _EXAMPLE)
    types = [*read.words, *([asked.options["type"]] if "type" in asked.options else [])]
    if len(types) != 1 or "nodes" not in asked.options:
        missing = "one instance type" if len(types) != 1 else "a number of nodes"
        many = f", and I read {len(types)}: `{' '.join(types)[:60]}`. For" if len(types) > 1 else ": for"
        raise UserError(f"`size` needs {missing}{many} example `{_EXAMPLE}`.", [_EXAMPLE])
    limits = instance_limits(types[0], "size", _EXAMPLE)
    most_pods = read.settings.max_pods or default_max_pods(limits, read.settings)
    assumed = []
    pods = whole(asked, "pods", _EXAMPLE, default=max(most_pods - HOST_NETWORK_PODS, 0))
    if "pods" not in asked.options:
        assumed.append(f"pods= not given: full nodes, {pods:,} pods with an address each (max-pods {most_pods:,}).")
    if pods > most_pods:
        raise UserError(
            f"`pods={pods}` is more than max-pods of a {limits.instance_type} in this mode, {most_pods}. "
            f"Lower it, set `max-pods=`, or choose a larger type. For example `{_EXAMPLE}`.",
            [_EXAMPLE],
        )
    if "zones" not in asked.options:
        assumed.append(f"zones= not given: {DEFAULT_ZONES}.")
    demand = Demand(
        limits=limits,
        settings=read.settings,
        nodes=whole(asked, "nodes", _EXAMPLE, default=1, least=1, most=MOST_NODES),
        pods=pods,
        zones=whole(asked, "zones", _EXAMPLE, default=DEFAULT_ZONES, least=1, most=MOST_ZONES),
        growth_pct=_growth(asked.options.get("growth", "0")),
        max_unavailable=whole(asked, "max-unavailable", _EXAMPLE, default=1, least=1, most=MOST_NODES),
    )
    if "growth" not in asked.options:
        assumed.append("growth= not given: none.")
    return demand, tuple(assumed)


def _counted(asked: Asked) -> Asked:
    """`60 nodes` read as `nodes=60`, and so with pods and zones."""
    words: list[str] = []
    options = dict(asked.options)
    for word in asked.words:
        key = _COUNTED.get(word.lower(), "")
        if key and words and words[-1].isdecimal() and key not in options:
            options[key] = words.pop()
        else:
            words.append(word)
    return replace(asked, words=tuple(words), options=options)


def _growth(text: str) -> float:
    """Growth in percent: `50%` and `50` are the same.

    Raises: UserError for what is no percentage from 0 to 1,000; a bare fraction may mean either, so it is asked back.
    """
    found = _PERCENT.fullmatch(text)
    shown = f"growth={text if len(text) <= 40 else text[:37] + '…'}"
    if found is None:
        raise UserError(f"`{shown}` is not a percentage from 0 up. For example `{_EXAMPLE}`.", [_EXAMPLE])
    value = float(found[1])
    if not found[2] and 0 < value < 1:
        raise UserError(
            f"`{shown}`: write a percentage, `growth={100 * value:g}%`. For example `{_EXAMPLE}`.", [_EXAMPLE]
        )
    if value > _MOST_GROWTH_PCT:
        raise UserError(f"`{shown}` is more than {_MOST_GROWTH_PCT:,}%. For example `{_EXAMPLE}`.", [_EXAMPLE])
    return value


def _load(demand: Demand) -> str:
    grown = f" +{demand.growth_pct:g}%" if demand.growth_pct else ""
    return f"{demand.nodes:,}{grown} {demand.limits.instance_type}, {demand.pods:,} pods each"


def _loads(found: Sizing) -> tuple[tuple[str, str, str], ...]:
    rows = [
        ("Steady", count(found.nodes), count(found.addresses)),
        ("Rolling update", count(found.surge_nodes), count(found.with_surge)),
    ]
    if found.zone_lost_nodes is not None:
        rows.append(("One zone lost", count(found.zone_lost_nodes), count(found.with_zone_lost)))
    return tuple(rows)


def _buttons(demand: Demand, again: str) -> tuple[Button, ...]:
    """The same question in the other mode where that mode holds the pods, and where the figures come from."""
    mode = PoolMode.SECONDARY if demand.settings.mode is PoolMode.PREFIX else PoolMode.PREFIX
    settings = replace(demand.settings, mode=mode)
    holds = demand.pods <= (settings.max_pods or default_max_pods(demand.limits, settings))
    words = [word for word in again.split() if word not in ("prefix", "secondary") and not word.startswith("mode=")]
    other = Button(label=f"In {mode.value} mode?", command=" ".join((*words, f"mode={mode.value}")))
    return (
        *((other,) if holds and prefix_supported(demand.limits) and refusal(settings) is None else ()),
        Button(label="Pods per node?", command=f"maxpods {demand.limits.instance_type}"),
        Button(label="Why these sizes?", command="explain subnet-sizing"),
    )


def _json(found: Sizing, why: tuple[str, ...]) -> SizeAnswer:
    return SizeAnswer(
        per_zone=SizePerZone(
            nodes=found.nodes,
            addresses=found.addresses,
            with_surge=found.with_surge,
            with_zone_lost=found.with_zone_lost,
        ),
        subnets=[
            SizeSubnet(
                purpose=subnet.purpose.value,
                prefix_length=subnet.prefix_length,
                per_zone=subnet.per_zone,
                headroom_pct=subnet.headroom_pct,
            )
            for subnet in found.subnets
        ],
        vpc_prefix_length=found.vpc_prefix_length,
        vpc_blocks=found.vpc_blocks,
        reasons=list(why),
    )
