"""Options of a plan that does not fit, ranked: what would make it fit, what each gains in addresses, its commands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.capacity.cni_env import MINIMUM_IP, PREFIX_DELEGATION, WARM_IP, WARM_PREFIX
from bot.capacity.nodes import HOST_NETWORK_PODS, PREFIX_IPS, prefix_supported
from bot.capacity.option_steps import nodegroup_command, settings_commands
from bot.capacity.plan_question import Option, Question, left_after, left_in
from bot.capacity.rooms import Need, Room, Take, Zone, node_need
from bot.capacity.subnet_options import custom_networking, discovery, new_subnets
from bot.capacity.warmpool import PoolMode, PoolSettings, default_max_pods, steady_state

WARM_IPS = 2
"""WARM_IP_TARGET of the setting that is offered: one spare address makes every new pod an EC2 call.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md (avoid it in large clusters).
"""


def options(question: Question) -> tuple[Option, ...]:
    """The options, those that make it fit first and among them the least effort first; none when it fits already.

    IPv6 takes a new cluster, so it is last whatever it gains.
    """
    if not question.asked or question.found.fits is True:
        return ()
    ways = (_placement, _warm_ips, new_subnets, discovery, custom_networking, _prefix_mode)
    found = [option for way in ways if (option := way(question)) is not None]
    last = _ipv6(question)
    return (*sorted(found, key=_rank), *(() if last is None else (last,)))


def _rank(option: Option) -> tuple[int, int]:
    """Those that fit, then those that cannot be told, in order of effort; those that do not fit by their gain there."""
    if option.fits is False:
        return 2, option.elsewhere_ips - (option.gain_ips or 0)
    return (0 if option.fits else 1), 0


def _placement(question: Question) -> Option | None:
    """Another distribution over the zones: all nodes in one, else in each as many as it can take."""
    zones = (*question.site.zones, *question.site.elsewhere)
    need = question.found.need
    fits = [zone.nodes_fit(need) for zone in zones]
    room = [(zone, fit) for zone, fit in zip(zones, fits, strict=True) if fit]
    if len(zones) < 2 or not room:
        return None
    best, most = max(room, key=lambda found: found[1])
    if most >= question.asked:
        shares = [(best, question.asked)]
        title = f"All {question.asked:,} in {best.label}"
    else:
        shares = _by_room(room, question.asked)
        title = "Spread by room: " + ", ".join(f"{zone.label} {nodes:,}" for zone, nodes in shares[:4])
        title += f" and {len(shares) - 4} more" if len(shares) > 4 else ""
    placed = sum(nodes for _, nodes in shares)
    now = sum(min(zone.asked or 0, zone.nodes_fit or 0) for zone in question.found.zones)
    if placed <= now:
        return None
    instance_type = question.limits.instance_type
    return Option(
        title=title,
        gain_ips=(placed - now) * need.ips,
        fits=placed >= question.asked,
        left_ips=sum(left_in(zone, need, nodes) for zone, nodes in shares) if placed == question.asked else None,
        short_ips=(question.asked - placed) * need.ips,
        commands=tuple(
            nodegroup_command(
                question.site.cluster,
                f"{instance_type.replace('.', '-')}-{zone.az or zone.az_id}",
                instance_type,
                nodes,
                [room.subnet_id for room in zone.node_rooms],
            )
            for zone, nodes in shares
        ),
        note="A node group in one zone does not survive its loss." if len(shares) == 1 else "",
    )


def _by_room(room: Sequence[tuple[Zone, int]], nodes: int) -> list[tuple[Zone, int]]:
    """As even as the zones allow, the fullest first: what one cannot take the roomier ones get."""
    shares, left = [], nodes
    ordered = sorted(room, key=lambda found: found[1])
    for index, (zone, fit) in enumerate(ordered):
        share = min(fit, left // (len(ordered) - index))
        shares.append((zone, share))
        left -= share
    return [(zone, share) for zone, share in shares if share]


def _warm_ips(question: Question) -> Option | None:
    """WARM_IP_TARGET instead of whole ENIs or prefixes: on the new nodes, and on those there where pods are known."""
    settings = question.settings
    if question.ipv6 or (settings.ip_targets and settings.warm_ip <= WARM_IPS):
        return None
    minimum = min(question.pods, *(question.existing_pods or {}).values(), question.pods)
    need = node_need(question.limits, replace(settings, warm_ip=WARM_IPS, minimum_ip=minimum), question.pods)
    running = question.running or settings
    freed = _freed(question, replace(running, warm_ip=WARM_IPS, minimum_ip=minimum))
    zones = tuple(_with_freed(zone, freed or {}, running.mode) for zone in question.site.zones)
    found = question.again(need, zones)
    gain = question.asked * (question.found.need.ips - need.ips) + sum((freed or {}).values())
    if gain <= 0:
        return None
    own = {room.subnet_id for zone in zones for room in (*zone.node_rooms, *zone.pod_rooms, *zone.discovered)}
    changes = {WARM_IP: str(WARM_IPS)} | ({MINIMUM_IP: str(minimum)} if minimum else {})
    return Option(
        title=" ".join(f"{name}={value}" for name, value in changes.items()),
        gain_ips=gain,
        fits=found.fits,
        left_ips=left_after(found),
        short_ips=found.short_by_ips,
        commands=settings_commands(question.site.cluster, changes),
        note=(
            "More EC2 calls when pods come and go."
            if freed is not None
            else "What nodes now there would give back is not known: their pods are not."
        ),
        elsewhere_ips=sum(ips for subnet_id, ips in (freed or {}).items() if subnet_id not in own),
    )


def _freed(question: Question, lean: PoolSettings) -> dict[str, int] | None:
    """Addresses by subnet that the nodes there would give back; None when their pods or interfaces are not known."""
    held, limits_of = question.site.held, question.limits_of or {}
    if held is None or question.existing_pods is None:
        return None
    own = question.site.node_subnet_ids
    freed: dict[str, int] = {}
    for item in held:
        pods = question.existing_pods.get(item.instance_type)
        if item.instance_type in limits_of and pods is not None:
            pool = steady_state(limits_of[item.instance_type], lean, pods)
            keeps = pool.node_subnet_addresses if item.subnet_id in own else pool.pod_subnet_addresses
            freed[item.subnet_id] = freed.get(item.subnet_id, 0) + max(item.ips - item.nodes * keeps, 0)
    return freed


def _with_freed(zone: Zone, freed: Mapping[str, int], mode: PoolMode) -> Zone:
    def more(rooms: tuple[Room, ...]) -> tuple[Room, ...]:
        prefixes = mode is PoolMode.PREFIX
        return tuple(
            room.with_more(ips, blocks=ips // PREFIX_IPS if prefixes else 0)
            for room in rooms
            for ips in [freed.get(room.subnet_id, 0)]
        )

    return replace(
        zone,
        node_rooms=more(zone.node_rooms),
        pod_rooms=more(zone.pod_rooms),
        discovered=more(zone.discovered),
    )


def _prefix_mode(question: Question) -> Option | None:
    """Prefixes on the new nodes with as many pods; nodes there keep single addresses until they are replaced."""
    settings, limits = question.settings, question.limits
    if question.ipv6 or settings.mode is PoolMode.PREFIX or not prefix_supported(limits):
        return None
    prefixes = replace(settings, mode=PoolMode.PREFIX, warm_prefix=max(settings.warm_prefix, 1))
    prefixes = replace(prefixes, max_pods=max(default_max_pods(limits, prefixes), question.pods + HOST_NETWORK_PODS))
    need = node_need(limits, prefixes, question.pods)
    found = question.again(need)
    gain = question.asked * (question.found.need.ips - need.ips)
    if gain <= 0:
        return None
    changes = {PREFIX_DELEGATION: "true", WARM_PREFIX: str(prefixes.warm_prefix)}
    return Option(
        title="Prefix mode",
        gain_ips=gain,
        fits=found.fits,
        left_ips=left_after(found),
        short_ips=found.short_by_ips,
        commands=settings_commands(question.site.cluster, changes),
        note="Needs free /28 blocks; nodes there keep single addresses until they are replaced.",
    )


def _ipv6(question: Question) -> Option | None:
    """An IPv6 cluster, where a node takes one IPv4 address: the family is fixed at creation, so a new cluster.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    """
    if question.ipv6 or not prefix_supported(question.limits):
        return None
    need = Need(node=Take(singles=1))
    found = question.again(need)
    return Option(
        title="IPv6 in a new cluster (long term)",
        gain_ips=question.asked * (question.found.need.ips - need.ips),
        fits=found.fits,
        left_ips=left_after(found),
        short_ips=found.short_by_ips,
    )
