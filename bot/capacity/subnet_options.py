"""Options of a plan that bring new addresses: another subnet in a zone, or a second block of the VPC for pods."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from bot.capacity.blocks import candidate_blocks
from bot.capacity.cidr import LARGEST_LENGTH, SMALLEST_LENGTH, Candidate, candidates
from bot.capacity.cidr_steps import Addition, shell_steps
from bot.capacity.option_steps import subnet_command
from bot.capacity.plan_question import Option, Question, left_after
from bot.capacity.rooms import Need, Room, Zone, node_need
from bot.capacity.subnets import usable_ips
from bot.capacity.vpc_space import first_free
from bot.inventory import Vpc, VpcRouting


def new_subnets(question: Question) -> Option | None:
    """A subnet in each zone that is short, of the VPC's free space or of a block that may be added."""
    found, site = question.found, question.site
    short = [zone for zone in found.zones if zone.fits is False]
    if not short or any(zone.fits is None for zone in found.zones):
        return None
    lengths = range(SMALLEST_LENGTH, LARGEST_LENGTH - 1, -1)
    length = next((n for n in lengths if question.again(found.need, _enlarged(question, n)).fits), None)
    if length is None:
        return None
    after = question.again(found.need, _enlarged(question, length))
    where = short[0].zone.az or short[0].zone.az_id
    title = f"New /{length} in {where}" if len(short) == 1 else f"New /{length} in each of {len(short)} zones"
    cidrs, added, allowed = _space(question, length, len(short))
    commands = []
    if added is not None and site.vpc is not None:
        title += f" from a new block {added}"
        addition = Addition(cidr=added, vpc_id=site.vpc.vpc_id, region=site.vpc.region)
        commands = [next(text for step in shell_steps(addition) for text in step.commands)]
    for zone, cidr in zip(short, cidrs, strict=False):
        if site.vpc is not None:
            az = zone.zone.az or zone.zone.az_id
            commands.append(subnet_command(site.vpc.vpc_id, az, str(cidr), site.vpc.region, name=f"nodes-{az}"))
    return Option(
        title=title,
        gain_ips=len(short) * usable_ips(IPv4Network((0, length))),
        fits=allowed,
        left_ips=left_after(after),
        short_ips=after.short_by_ips,
        commands=tuple(commands),
        note="Nodes use it once a node group or Karpenter's subnetSelectorTerms name it."
        if found.need.pods is None
        else "Nodes use it once an ENIConfig names it.",
    )


def _enlarged(question: Question, length: int) -> tuple[Zone, ...]:
    """The zones with a new subnet of this length where nodes or pods are short."""
    need, new = question.found.need, _new_room(length)
    zones = []
    for item in question.found.zones:
        zone, asked = item.zone, item.asked or 0
        if item.fits is False:
            if sum(room.nodes_fit(need.node) or 0 for room in zone.node_rooms) < asked:
                zone = replace(zone, node_rooms=(*zone.node_rooms, new))
            if need.pods is not None and sum(room.nodes_fit(need.pods) or 0 for room in zone.pod_rooms) < asked:
                zone = replace(zone, pod_rooms=(*zone.pod_rooms, new))
        zones.append(zone)
    return tuple(zones)


def _new_room(length: int) -> Room:
    cidr = IPv4Network((0, length))
    return Room(
        subnet_id="",
        label="",
        free_ips=usable_ips(cidr),
        singles=usable_ips(cidr),
        open_blocks=candidate_blocks(cidr),
        reserved_blocks=0,
    )


def _space(
    question: Question, length: int, count: int
) -> tuple[tuple[IPv4Network, ...], IPv4Network | None, bool | None]:
    """Where so many subnets can go, the block to add first (None: no need), and whether it is possible at all."""
    vpc, taken = question.site.vpc, question.subnet_cidrs
    if vpc is None or taken is None:
        return (), None, None
    inside = _blocks_in(vpc.cidrs, taken, length, count)
    if len(inside) == count:
        return inside, None, True
    for candidate in _suggested(question, vpc):
        blocks = _blocks_in((candidate.cidr,), (), length, count)
        if candidate.allowed is not False and len(blocks) == count:
            return blocks, candidate.cidr, candidate.allowed
    return (), None, False


def _suggested(question: Question, vpc: Vpc, each: int = 2) -> tuple[Candidate, ...]:
    """The blocks that may be added to the VPC, as far as its routes and peerings are known."""
    routing = question.routing or VpcRouting(vpc_id=vpc.vpc_id)
    return candidates(
        vpc.cidrs,
        routes=routing.routes,
        peer_cidrs=routing.peer_cidrs,
        pending_requests=routing.pending_requests,
        other_cidrs=(*question.other_cidrs, *routing.requester_cidrs),
        each=each,
    )


def _blocks_in(
    cidrs: Sequence[IPv4Network], taken: Sequence[IPv4Network], length: int, count: int
) -> tuple[IPv4Network, ...]:
    blocks: list[IPv4Network] = []
    while len(blocks) < count:
        block = first_free(cidrs, (*taken, *blocks), length)
        if block is None:
            break
        blocks.append(block)
    return tuple(blocks)


def discovery(question: Question) -> Option | None:
    """A second block whose tagged subnets take the nodes' further ENIs (VPC CNI 1.18 and later)."""
    need = question.found.need
    if question.settings.custom_networking or not need.extra_enis:
        return None
    return _second_block(question, need, "Subnet discovery", discovery=True)


def custom_networking(question: Question) -> Option | None:
    """A second block for pods alone; the primary ENI then serves no pods."""
    has_them = question.settings.custom_networking and all(zone.pod_rooms for zone in question.site.zones)
    if question.ipv6 or has_them or question.limits.max_enis < 2:
        return None
    need = node_need(question.limits, replace(question.settings, custom_networking=True), question.pods)
    return _second_block(question, need, "Custom networking", discovery=False)


def _second_block(question: Question, need: Need, name: str, *, discovery: bool) -> Option | None:
    vpc = question.site.vpc
    if vpc is None:
        return None
    chosen = next((item for item in _suggested(question, vpc, each=1) if item.allowed is not False), None)
    zones = tuple(sorted({zone.az for zone in question.site.zones if zone.az}))
    if chosen is None or len(zones) != len(question.site.zones):
        return None
    addition = Addition(cidr=chosen.cidr, vpc_id=vpc.vpc_id, region=vpc.region, zones=zones)
    slices = addition.subnets
    if len(slices) < len(zones):
        return None
    new = _new_room(slices[0][1].prefixlen)
    wider = tuple(
        replace(zone, discovered=(*zone.discovered, new)) if discovery else replace(zone, pod_rooms=(new,))
        for zone in question.site.zones
    )
    found = question.again(need, wider)
    own = need.primary_ips if discovery else need.node.ips
    steps = shell_steps(addition)
    used = steps[:-1] if discovery else steps
    return Option(
        title=f"{name} with {chosen.cidr}",
        gain_ips=question.asked * (question.found.need.node.ips - own),
        fits=found.fits if chosen.allowed else None if found.fits else found.fits,
        left_ips=left_after(found),
        short_ips=found.short_by_ips,
        commands=tuple(text for step in used for text in step.commands),
        note=(
            "Each node's first ENI stays in its own subnet (VPC CNI 1.18+)."
            if discovery
            else "Nodes must be replaced, and max-pods loses one ENI."
        ),
    )
