"""What the answer of a plan rests on, in sentences: the most important first."""

from collections.abc import Iterator

from bot.capacity.cni_env import acting_environment
from bot.capacity.nodes import HOST_NETWORK_PODS, max_pods
from bot.capacity.plan_question import Question
from bot.capacity.rooms import Room, full_need
from bot.capacity.warmpool import PoolMode, default_max_pods, effective_mode, steady_state
from bot.wording import UNSEEN


def assumptions(question: Question, *, type_given: bool, pods_given: bool, growth: bool) -> tuple[str, ...]:
    """One sentence for each thing taken for granted; `growth` says that the node groups' growth was subtracted."""
    return (
        *_node(question, type_given=type_given, pods_given=pods_given),
        *_not_known(question),
        *_growing(question, subtracted=growth),
        *_settings(question),
        *_kept(question),
        *_placing(question),
    )


def _node(question: Question, *, type_given: bool, pods_given: bool) -> Iterator[str]:
    need, name = question.found.need, question.limits.instance_type
    if question.ipv6:
        yield "IPv6 cluster: a node takes one IPv4 address, its pods none."
        return
    pool = steady_state(question.limits, question.settings, question.pods)
    whose = f"a node with {question.pods:,} pods" if pods_given else f"a full node ({question.pods:,} pods)"
    prefixes = "" if pool.prefixes is None else f", {pool.prefixes:,} /28 prefixes"
    split = "" if need.pods is None else f", {need.node.ips:,} of them from its own subnet"
    enis = f"{pool.enis} ENI" if pool.enis == 1 else f"{pool.enis} ENIs"
    yield f"Assumes {need.ips:,} IPs {whose}: {enis}{prefixes}{split}; no scale-in."
    if not type_given:
        yield f"No type was named: {name}, the most common of the nodes there."
    if pool.pods_without_address:
        yield f"{pool.pods_without_address:,} of the {question.pods:,} pods on a node get no address."
    if effective_mode(question.limits, question.settings) is not question.settings.mode:
        yield f"{name} takes no prefixes (not Nitro): the CNI falls back to secondary addresses."
    managed = max_pods(question.limits).secondary_managed
    capped = question.settings.mode is PoolMode.SECONDARY and question.settings.max_pods is None
    if not pods_given and capped and default_max_pods(question.limits, question.settings) > managed:
        yield (
            f"Managed node groups without a custom AMI stop at {managed} pods: ask with "
            f"pods={managed - HOST_NETWORK_PODS} max-pods={managed}."
        )


def _not_known(question: Question) -> Iterator[str]:
    site, need = question.site, question.found.need
    if need.node.blocks and site.unread:
        yield f"The /28 blocks of {', '.join(site.unread[:3])} are not known: their interfaces could not be read."
    if need.pods is not None:
        blank = [zone.az or zone.az_id for zone in site.zones if not zone.pod_rooms]
        if blank:
            yield f"Which subnet the ENIConfig of {', '.join(blank)} names is not known: no node has an ENI there."
        else:
            names = sorted({room.label for zone in site.zones for room in zone.pod_rooms})
            yield f"Pods get addresses from {', '.join(names)}, where the nodes' ENIs are now."
    discovered = sorted({room.label for zone in site.zones for room in zone.discovered})
    if discovered and need.extra_enis:
        yield f"Further ENIs may also be in {', '.join(discovered)}, as those of the nodes are now (subnet discovery)."
    if site.unseen_ips:
        yield (f"{site.unseen_ips:,} addresses are held by {UNSEEN}. Each is taken to break up a /28.")


def _growing(question: Question, *, subtracted: bool) -> Iterator[str]:
    growth = question.site.growth
    if not growth:
        return
    known = question.limits_of or {}
    ips = sum(
        item.nodes * full_need(known[item.instance_type], question.settings, ipv6=question.ipv6).ips
        for item in growth
        if item.instance_type in known
    )
    nodes = sum(item.nodes for item in growth)
    done = "subtracted first" if subtracted else "not subtracted (`with-growth` does)"
    yield f"Node groups may still grow by {nodes:,} nodes to their maximum, up to {ips:,} IPs: {done}."


def _settings(question: Question) -> Iterator[str]:
    cluster = question.site.cluster
    if question.ipv6:
        return
    if cluster is None:
        yield "No cluster names these subnets: the VPC CNI's settings as shipped."
    elif cluster.cni.source == "unknown":
        yield "The CNI's settings cannot be read (no managed add-on): as shipped, unless you named others."
    else:
        prefixes = effective_mode(question.limits, question.settings) is PoolMode.PREFIX
        acting = acting_environment(question.settings, prefixes=prefixes)
        yield f"Settings: {' '.join(f'{name}={value}' for name, value in acting)}."


def _kept(question: Question) -> Iterator[str]:
    kept: dict[int, list[str]] = {}
    for zone in question.site.zones:
        for room in zone.node_rooms:
            if room.kept_ips:
                kept.setdefault(room.kept_ips, []).append(room.label)
    for ips, names in sorted(kept.items()):
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        why = "load balancers there" if ips > 5 else "control plane updates"
        yield f"{ips} addresses stay free in {shown} for {why}."


def _placing(question: Question) -> Iterator[str]:
    need, zones = question.found.need, question.site.zones
    if need.node.blocks or (need.pods is not None and need.pods.blocks):
        yield "Each single address is taken to break up a free /28 outside of reservations: EC2 places them anywhere."
        if any(_low_on_singles(room) for zone in zones for room in zone.node_rooms):
            yield "Where a reservation holds most of a subnet, the node's own address comes from what is outside of it."
    if len(zones) > 1:
        yield f"Spread evenly over {len(zones)} zones, as an Auto Scaling group does, and over each zone's subnets."


def _low_on_singles(room: Room) -> bool:
    return bool(room.reserved_blocks) and (room.singles or 0) < 64
