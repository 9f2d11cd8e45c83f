"""`cidr VPC [CANDIDATE]`: which block may be added to a VPC, and the commands that add it. Runs none of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError, ip_network
from typing import TypedDict

from bot.answers.capacity import CidrAnswer, CidrCandidate
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.capacity.cidr import LARGEST_LENGTH, LARGEST_QUOTA, SMALLEST_LENGTH, Candidate, association, candidates
from bot.capacity.cidr_steps import ASSUMED_ZONES, Addition, Step, shell_steps, terraform_steps, zone_slices
from bot.capacity.subnets import usable_ips
from bot.errors import QueryError, UserError
from bot.inventory import Inventory, Vpc, VpcRouting
from bot.message import (
    Bullets,
    Button,
    Code,
    Controls,
    Coverage,
    Line,
    Link,
    Message,
    Mono,
    Part,
    Sources,
    Strong,
    Text,
    Tone,
)
from bot.scope import ScopeKind, clusters_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.views import blind_words, count, coverage, footer, plural

_EXAMPLE = "cidr 10.0.0.0/16 100.64.0.0/16"
_GUIDE = Link("VPC CIDR blocks", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html")
TERRAFORM = "terraform"
"""The word that asks for Terraform in place of shell commands."""

_LOOKS_LIKE_A_CIDR = re.compile(r"-?\d{1,3}[./]|[0-9a-f]*:[0-9a-f:]*:", re.IGNORECASE)
_WORDS = {True: "may be added", False: "may not be added", None: "may or may not be added"}
_MARKS = {True: "yes", False: "no", None: "not settled"}
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The VPC asked about: known to AWS, or only its blocks."""

    cidrs: tuple[IPv4Network, ...]
    words: str
    vpc_id: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    others: tuple[IPv4Network, ...] = ()
    routing: VpcRouting | None = None
    as_of: datetime | None = None
    coverage: Coverage | None = None


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Whether the candidate may be added, or which blocks may; with the commands for the best one."""
    words, terraform = _words(asked)
    if not 1 <= len(words) <= 2:
        raise UserError(f"`cidr` takes a VPC (or its blocks) and one candidate, for example `{_EXAMPLE}`.", [_EXAMPLE])
    named = parse_cidr(words[1]) if len(words) == 2 else None
    target = _target(words[0], services)
    suggested = candidates(target.cidrs, other_cidrs=target.others, **_rules(target))
    if named is None:
        shown: tuple[Candidate, ...] = suggested
        chosen = suggested[0] if suggested else None
    else:
        chosen = association(named, target.cidrs, other_cidrs=target.others, **_rules(target))
        instead = tuple(other for other in suggested if other.cidr != named) if chosen.allowed is False else ()
        shown = (chosen, *instead)
    steps = _steps(chosen, target, terraform=terraform)
    return _message(words, chosen, shown, steps, target, services.now(), terraform=terraform)


def parse_cidr(text: str) -> IPv4Network:
    """The IPv4 block that a word means, of any length.

    Raises: UserError for anything else, naming what was read and a block that works.
    """
    shown = text if len(text) <= 40 else text[:37] + "…"
    try:
        network = ip_network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise UserError(_not_a_cidr(text, shown), [_EXAMPLE]) from None
    if isinstance(network, IPv6Network):
        raise UserError(f"`{shown}` is IPv6; `cidr` answers for IPv4 blocks, for example `{_EXAMPLE}`.", [_EXAMPLE])
    if "/" not in text:
        raise UserError(f"`{shown}` has no length: write a block, for example `{_EXAMPLE}`.", [_EXAMPLE])
    return network


def _not_a_cidr(text: str, shown: str) -> str:
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return f"`{shown}` is not an IPv4 block. One is four numbers to 255 and a length, for example `{_EXAMPLE}`."
    return f"`{shown}` is inside a block, not the start of one: did you mean `{meant}`? For example `{_EXAMPLE}`."


def _words(asked: Asked) -> tuple[list[str], bool]:
    """The VPC and the candidate, and whether Terraform was asked for (as a word or as `--terraform`)."""
    words = re.sub(r"\s*,\s*", ",", asked.target).split()
    rest = [word for word in words if word.lower() != TERRAFORM]
    return rest, len(rest) < len(words)


def _target(word: str, services: Services) -> _Target:
    if _LOOKS_LIKE_A_CIDR.match(word):
        return _blocks(word)
    inventory = services.facts().inventory()
    scope = resolve(word, inventory, verb="cidr")
    vpc_ids = {subnet.vpc_id for subnet in subnets_in(scope, inventory)}
    vpc_ids |= {cluster.vpc_id for cluster in clusters_in(scope, inventory) if scope.kind is ScopeKind.CLUSTER}
    if scope.kind is ScopeKind.VPC:
        vpc_ids = {scope.value}
    vpcs = {vpc.vpc_id: vpc for vpc in inventory.vpcs if vpc.vpc_id in vpc_ids}
    if len(vpc_ids) != 1:
        names = [vpc.name or vpc.vpc_id for vpc in list(vpcs.values())[:3]]
        example = f"cidr {names[0]}" if names else _EXAMPLE
        raise UserError(
            f"`{scope.words}` has {plural(len(vpc_ids), 'VPC')}; name one, for example `{example}`.",
            [f"cidr {name}" for name in names] or [_EXAMPLE],
        )
    if not vpcs:
        raise QueryError(
            f"The blocks of {next(iter(vpc_ids))} could not be read; `accounts` tells why. "
            f"With its blocks I can answer without AWS: `{_EXAMPLE}`.",
            api="ec2:DescribeVpcs",
        )
    vpc = next(iter(vpcs.values()))
    routing = services.reader().vpc_routing(vpc)
    found = _known(vpc, inventory)
    return replace(
        found,
        others=(*found.others, *routing.requester_cidrs),
        routing=routing,
        coverage=coverage(read_for(scope, inventory), routing.blind_spots),
    )


def _known(vpc: Vpc, inventory: Inventory) -> _Target:
    clusters = tuple(cluster for cluster in inventory.clusters if cluster.vpc_id == vpc.vpc_id)
    used = frozenset().union(*(cluster.all_subnet_ids for cluster in clusters))
    subnets = inventory.vpc_subnets(vpc.vpc_id)
    nodes = [subnet for subnet in subnets if subnet.subnet_id in used] or subnets
    # Local zones (us-west-2-lax-1a) hold no part of a cluster's default subnets.
    zones = sorted({subnet.az for subnet in nodes if subnet.az[:-1] == vpc.region})
    read = [region.observed_at for region in inventory.regions if vpc in region.vpcs]
    return _Target(
        cidrs=vpc.cidrs,
        words=vpc.name or vpc.vpc_id,
        vpc_id=vpc.vpc_id,
        region=vpc.region,
        zones=tuple(zones),
        clusters=tuple(sorted(cluster.name for cluster in clusters)),
        others=tuple(cidr for other in inventory.vpcs if other.vpc_id != vpc.vpc_id for cidr in other.cidrs),
        as_of=min(read, default=None),
    )


def _blocks(text: str) -> _Target:
    """A VPC given by its blocks, the primary first.

    Raises: UserError when they cannot be the blocks of one VPC.
    """
    blocks = tuple(parse_cidr(part) for part in text.split(",") if part)
    if len(blocks) > LARGEST_QUOTA:
        raise UserError(f"You named {len(blocks)} blocks; a VPC has at most {LARGEST_QUOTA}. For example `{_EXAMPLE}`.")
    for index, block in enumerate(blocks):
        if not LARGEST_LENGTH <= block.prefixlen <= SMALLEST_LENGTH:
            raise UserError(
                f"A VPC has no block like {block}: each is a /{LARGEST_LENGTH} to a /{SMALLEST_LENGTH}. "
                f"For example `{_EXAMPLE}`.",
                [_EXAMPLE],
            )
        clash = next((other for other in blocks[:index] if other.overlaps(block)), None)
        if clash is not None:
            raise UserError(
                f"{clash} and {block} overlap, so they cannot be blocks of one VPC. For example `{_EXAMPLE}`.",
                [_EXAMPLE],
            )
    return _Target(cidrs=blocks, words=", ".join(str(block) for block in blocks[:3]) + ("…" if len(blocks) > 3 else ""))


class _Rules(TypedDict):
    """What routes and peerings say of a block, as `association` and `candidates` take it."""

    routes: tuple[IPv4Network, ...] | None
    peer_cidrs: tuple[IPv4Network, ...] | None
    pending_requests: tuple[str, ...]


def _rules(target: _Target) -> _Rules:
    known = target.routing or VpcRouting(vpc_id=target.vpc_id)
    return {"routes": known.routes, "peer_cidrs": known.peer_cidrs, "pending_requests": known.pending_requests}


def _steps(chosen: Candidate | None, target: _Target, *, terraform: bool) -> tuple[Step, ...]:
    """The commands for the block, none when it is refused for another reason than the quota."""
    if chosen is None:
        return ()
    quota = None
    if chosen.allowed is False:
        raised = association(chosen.cidr, target.cidrs, quota=LARGEST_QUOTA, **_rules(target))
        if raised.allowed is False:
            return ()
        quota = len(target.cidrs) + 1
    addition = Addition(
        cidr=chosen.cidr, vpc_id=target.vpc_id, region=target.region, zones=target.zones, quota_to_ask=quota
    )
    return terraform_steps(addition) if terraform else shell_steps(addition)


def _message(
    words: Sequence[str],
    chosen: Candidate | None,
    shown: Sequence[Candidate],
    steps: Sequence[Step],
    target: _Target,
    now: datetime,
    *,
    terraform: bool,
) -> Message:
    asked_for = words[1] if len(words) == 2 else ""
    command = " ".join(("cidr", *words, *(("terraform",) if terraform else ())))
    commands = [text for step in steps for text in step.commands]
    items: tuple[Line, ...] = tuple(
        (Mono(str(item.cidr)), " ", Strong(_MARKS[item.allowed]), f": {item.reason}") for item in shown
    )
    parts: list[Part] = []
    if target.vpc_id:
        parts.append(Text(lines=((f"Has {', '.join(str(cidr) for cidr in target.cidrs)} · ", Mono(target.vpc_id)),)))
    parts.append(Bullets(items=items))
    parts += [Code(title=step.title, text="\n".join(step.commands)) for step in steps]
    if steps and chosen is not None:
        parts.append(Bullets(title="Then", items=_after(chosen.cidr, target)))
    notes = (_not_checked(shown, target), blind_words(target.coverage))
    parts += [
        footer(command, target.as_of, now, *notes),
        Sources(links=(_GUIDE,)),
        Controls(items=_buttons(words[0], shown, terraform=terraform, steps=bool(steps))),
    ]
    return Message(
        text=_sentence(chosen, target, asked_for),
        tone=_TONES[chosen.allowed] if chosen else Tone.BAD,
        verdict=_verdict(chosen, target, asked_for),
        parts=tuple(parts),
        command=command,
        as_of=target.as_of,
        coverage=target.coverage,
        answer=fields(
            CidrAnswer(
                vpc_id=target.vpc_id or None,
                cidrs=[str(cidr) for cidr in target.cidrs],
                candidates=[
                    CidrCandidate(cidr=str(item.cidr), allowed=item.allowed, reason=item.explanation) for item in shown
                ],
                commands=commands,
            )
        ),
    )


def _sentence(chosen: Candidate | None, target: _Target, asked_for: str) -> str:
    if chosen is None:
        return f"I find no block that may be added to {target.words}."
    if asked_for:
        return f"{chosen.cidr} {_WORDS[chosen.allowed]} to {target.words}: {_small(chosen.reason)}"
    if chosen.allowed is False:
        return f"No block may be added to {target.words} now: {_small(chosen.reason)}"
    return f"Add {chosen.cidr} to {target.words}: {_small(chosen.reason)}"


def _verdict(chosen: Candidate | None, target: _Target, asked_for: str) -> Line:
    if chosen is None:
        return (Strong(target.words), " · no block may be added")
    if asked_for or chosen.allowed is False:
        return (Strong(str(chosen.cidr)), f" {_WORDS[chosen.allowed]} to {target.words}")
    return ("Add ", Strong(str(chosen.cidr)), f" to {target.words}")


def _small(reason: str) -> str:
    """The reason inside a sentence: its first letter small unless the word is a name."""
    first = reason.split(maxsplit=1)[0]
    return reason if first.isupper() or first.startswith("AWS") else reason[:1].lower() + reason[1:]


def _after(cidr: IPv4Network, target: _Target) -> tuple[Line, ...]:
    """What a person still has to do or know once the subnets exist.

    Source: https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html and
    https://docs.aws.amazon.com/eks/latest/best-practices/custom-networking.html
    """
    zones = len(target.zones) or len(ASSUMED_ZONES)
    slices = zone_slices(cidr, zones)
    usable = count(usable_ips(slices[0]))
    assumed = "" if target.zones else " (3 zones assumed)"
    short = f"; {zones - len(slices)} of {zones} zones get none" if len(slices) < zones else ""
    lines: list[Line] = [
        (
            f"{plural(len(slices), 'subnet')} of /{slices[0].prefixlen}, {usable} usable addresses each{assumed}{short}"
            ": associate each zone's private route table.",
        ),
        ("New ENIs use tagged subnets by subnet discovery (VPC CNI 1.18+); addresses that nodes hold stay put.",),
    ]
    if len(target.clusters) > 1:
        lines.append(
            (
                f"{len(target.clusters)} clusters share this VPC and all would use them: a tag ",
                Mono(f"cni.networking.k8s.aws/cluster/{target.clusters[0]}"),
                " keeps them for one (VPC CNI 1.22.1+).",
            )
        )
    return (
        *lines,
        (
            "With custom networking replace the nodes; max-pods loses one ENI (Karpenter: ",
            Mono("RESERVED_ENIS=1"),
            ").",
        ),
        (
            "To move nodes too, start node groups there (Karpenter: the EC2NodeClass's ",
            Mono("subnetSelectorTerms"),
            ") and drain the old ones.",
        ),
    )


def _not_checked(shown: Sequence[Candidate], target: _Target) -> str:
    missing = list(dict.fromkeys(name for item in shown for name in item.not_checked))
    missing += [] if target.vpc_id else ["other VPCs"]
    return f"Not checked: {', '.join(missing)}." if missing else ""


def _buttons(vpc: str, shown: Sequence[Candidate], *, terraform: bool, steps: bool) -> tuple[Button, ...]:
    others = [item for item in shown[1:] if item.allowed is not False][:2]
    buttons = [Button(label=str(item.cidr), command=f"cidr {vpc} {item.cidr}") for item in others]
    if steps and not terraform:
        buttons.append(Button(label="As Terraform", command=f"cidr {vpc} {shown[0].cidr} terraform"))
    return (*buttons, Button(label="Which may stand together?", command="explain secondary-cidr"))
