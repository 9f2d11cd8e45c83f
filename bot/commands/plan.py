"""`plan +N TYPE SCOPE …`: whether so many more nodes fit, where it stops, and what would make them fit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from bot.asking.command import Asked, Request
from bot.asking.form_words import form_offer
from bot.asking.pool_words import instance_limits, number, pool_words
from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.options import options
from bot.capacity.plan import plan
from bot.capacity.plan_assumptions import assumptions
from bot.capacity.plan_question import Question
from bot.capacity.pod_load import loads, pods_measured
from bot.capacity.rooms import full_pods, node_need
from bot.capacity.sites import Site, grown, node_subnets, site, subnets_to_read
from bot.capacity.warmpool import PoolMode, PoolSettings, refusal
from bot.commands.plan_message import GROWTH, SUMS, PlanTold, message
from bot.errors import QueryError, UserError
from bot.inventory import Cluster, InstanceLimits, Inventory
from bot.message import Message
from bot.scope import EVERYTHING, Scope, ScopeKind, cluster_key, clusters_in, nothing_in, read_for, resolve
from bot.services import Services
from bot.views import coverage

_EXAMPLE = "plan +40 m5.xlarge prod-eu"
_TYPE = re.compile(
    r"[a-z][a-z0-9-]*\.(?:\d*(?:nano|micro|small|medium|large|xlarge)|metal(?:-\w+)?)|[a-z]{1,3}\d[a-z0-9-]{0,8}\.\w+",
    re.IGNORECASE,
)
_NODES = re.compile(r"\+\S*|\d{1,7}")
_FILLERS = frozenset({"x", "×", "node", "nodes", "more", "of", "in", "on", "to"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What was typed: the number of nodes, the type and the scope, where they were given."""

    nodes: int | None
    instance_type: str
    scope: str
    pods: int | None
    growth: bool
    sums: bool


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Whether the nodes fit the scope, or without a number how many would."""
    words = _words(asked)
    inventory = services.facts().inventory()
    try:
        scope, cluster = _where(words, inventory, asked.options.get("cluster", ""))
    except UserError as exc:
        if asked.words or asked.options:
            raise
        raise UserError(exc.message, [*form_offer("plan", request), *exc.suggestions]) from exc
    settings = _settings(asked, cluster)
    ipv6 = cluster is not None and cluster.ip_family == "ipv6"
    nodes_in = node_subnets(scope, cluster, inventory)
    if not nodes_in:
        raise nothing_in(scope, inventory)
    contents = services.reader().contents(subnets_to_read(nodes_in, cluster, inventory))
    running = _settings_there(cluster)
    prefixes = settings.mode is PoolMode.PREFIX and not ipv6
    here = site(nodes_in, cluster, inventory, contents, prefixes=prefixes, custom_networking=settings.custom_networking)
    named = words.instance_type or _usual_type(here)
    place = nodes_in[0]
    limits = _limits(
        services, {named, *here.types, *(item.instance_type for item in here.growth)}, place.account_id, place.region
    )
    mine = limits.get(named) or instance_limits(named, "plan", _EXAMPLE)
    pods = full_pods(mine, settings) if words.pods is None else words.pods
    ground = grown(here, limits, settings, ipv6=ipv6) if words.growth else here
    found = plan(ground.zones, node_need(mine, settings, pods, ipv6=ipv6), words.nodes)
    # Only options speak of further blocks, and a plan that fits has none.
    needs_room = bool(words.nodes) and found.fits is not True
    routing = services.reader().vpc_routing(here.vpc) if here.vpc is not None and needs_room else None
    question = Question(
        site=ground,
        limits=mine,
        settings=settings,
        pods=pods,
        found=found,
        ipv6=ipv6,
        existing_pods=_existing_pods(services, here, limits, running),
        running=running,
        limits_of=limits,
        subnet_cidrs=_subnet_cidrs(here, inventory),
        other_cidrs=tuple(c for vpc in inventory.vpcs if vpc != here.vpc for c in vpc.cidrs),
        routing=routing,
    )
    return message(
        PlanTold(
            question=question,
            options=options(question),
            assumptions=assumptions(
                question, type_given=bool(words.instance_type), pods_given=words.pods is not None, growth=words.growth
            ),
            scope=scope,
            command=_again(asked, nodes=True),
            without_number=_again(asked, nodes=False),
            as_of=min(subnet.observed_at for subnet in nodes_in),
            now=services.now(),
            covered=coverage(
                read_for(scope, inventory), (*contents.blind_spots, *(routing.blind_spots if routing else ()))
            ),
            growth_left=bool(here.growth) and not words.growth,
            sums=words.sums,
        )
    )


def _words(asked: Asked) -> _Words:
    """The words sorted by what they look like, in any order; `nodes=40` and `40 nodes` mean +40."""
    read = pool_words(asked, _EXAMPLE)
    flags = {flag: any(word.lower() == flag for word in read.words) for flag in (GROWTH, SUMS)}
    rest = [word for word in read.words if word.lower() not in _FILLERS and word.lower() not in flags]
    counts = [word for word in rest if _NODES.fullmatch(word)]
    types = [word for word in rest if _TYPE.fullmatch(word)]
    given = [
        *(word.removeprefix("+") for word in counts),
        *([asked.options["nodes"]] if "nodes" in asked.options else []),
    ]
    if len(given) > 1 or len(types) > 1:
        twice = "number of nodes" if len(given) > 1 else "instance type"
        raise UserError(f"`plan` takes one {twice}. For example `{_EXAMPLE}`.", [_EXAMPLE])
    for word in rest:
        if re.fullmatch(r"-\d+", word):
            raise UserError(f"`{word[:20]}` is below 1: `plan` adds nodes. For example `{_EXAMPLE}`.", [_EXAMPLE])
    return _Words(
        nodes=number(given[0] or "+", "nodes", _EXAMPLE, least=1) if given else None,
        instance_type=types[0].lower() if types else "",
        scope=" ".join(word for word in rest if word not in (*counts, *types)),
        pods=number(asked.options["pods"], "pods", _EXAMPLE) if "pods" in asked.options else None,
        growth=flags[GROWTH],
        sums=flags[SUMS],
    )


def _where(words: _Words, inventory: Inventory, name: str) -> tuple[Scope, Cluster | None]:
    """The scope that was named, or the only cluster there is; and the cluster whose settings hold there.

    `name` says which, where the scope has several.
    """
    typed = " ".join(part for part in ("plan", f"+{words.nodes}" if words.nodes else "", words.instance_type) if part)
    if words.scope:
        scope = resolve(words.scope, inventory, verb=typed)
        found = clusters_in(scope, inventory)
    else:
        found = inventory.clusters
        scope = EVERYTHING
    if name:
        found = tuple(cluster for cluster in found if cluster.name.lower() == name.lower())
        if not found:
            raise UserError(f"No cluster `{name[:60]}` has subnets there. For example `{_EXAMPLE}`.", [_EXAMPLE])
    if len(found) == 1:
        only = Scope(kind=ScopeKind.CLUSTER, value=cluster_key(found[0]), label=found[0].name)
        return (only if scope == EVERYTHING else scope), found[0]
    if len(found) > 1:
        narrow = f"{typed} {words.scope} cluster=" if words.scope and scope != EVERYTHING else f"{typed} cluster:"
        names = [f"{narrow}{cluster.name}" for cluster in found[:5]]
        which = f"`{words.scope[:60]}` has {len(found)} clusters" if words.scope else f"I know {len(found)} clusters"
        raise UserError(f"{which}; name one, for example `{names[0]}`.", names)
    vpcs = {subnet.vpc_id for subnet in node_subnets(scope, None, inventory)}
    if scope == EVERYTHING or len(vpcs) > 1:
        raise UserError(f"`plan` needs a cluster, VPC, zone or subnet: for example `{_EXAMPLE}`.", [_EXAMPLE])
    return scope, None


_FIELDS = {
    "warm-eni": "warm_eni",
    "warm-ip": "warm_ip",
    "min-ip": "minimum_ip",
    "warm-prefix": "warm_prefix",
    "max-eni": "max_eni",
    "max-pods": "max_pods",
    "custom-networking": "custom_networking",
    "pod-eni": "pod_eni",
}
"""The options that change a setting, with the setting each changes."""


def _settings(asked: Asked, cluster: Cluster | None) -> PoolSettings:
    """The cluster's settings with those changed that were named; as shipped where the cluster's are not known."""
    typed = pool_words(asked, _EXAMPLE).settings
    settings = _settings_there(cluster)
    bare = {word.lower() for word in asked.words}
    changes = {name: getattr(typed, name) for key, name in _FIELDS.items() if key in asked.options or key in bare}
    if "mode" in asked.options or bare & {mode.value for mode in PoolMode}:
        changes["mode"] = typed.mode
    settings = replace(settings, **changes)
    refused = refusal(settings)
    if refused is not None:
        raise UserError(f"{refused} For example `{_EXAMPLE}`.", [_EXAMPLE])
    return settings


def _settings_there(cluster: Cluster | None) -> PoolSettings:
    """What the cluster's nodes run; as shipped where it is not known."""
    return settings_as_shipped(dict(cluster.cni.environment) if cluster is not None else None)


def _usual_type(here: Site) -> str:
    most = here.types.most_common(1)
    if not most or not most[0][0]:
        raise UserError(f"I do not know which type its nodes have; name one, for example `{_EXAMPLE}`.", [_EXAMPLE])
    return most[0][0]


def _limits(services: Services, types: set[str], account_id: str, region: str) -> Mapping[str, InstanceLimits]:
    """The limits of the types by EC2 there, else by the snapshot; those nobody knows are left out."""
    try:
        found = dict(services.reader().instance_limits(sorted(types), account_id, region))
    except QueryError:
        found = {}  # the read is optional: the snapshot has nearly every type
    return found | {name: known for name in types - found.keys() if (known := snapshot_limits(name)) is not None}


def _existing_pods(
    services: Services, here: Site, limits: Mapping[str, InstanceLimits], running: PoolSettings
) -> Mapping[str, int] | None:
    """Pods with an address on a node of each type there: the CNI Metrics Helper's sum, shared; None without it."""
    if here.cluster is None or not here.held:
        return None
    groups = [(group, limits[group.instance_type]) for group in here.type_nodes if group.instance_type in limits]
    warm = services.reader().warm_ips([here.cluster]).get(cluster_key(here.cluster))
    measured = pods_measured(sum(item.pod_ips for item in here.held), warm)
    if measured is None or len(groups) < len(here.types):
        return None
    return {load.group.instance_type: load.pods for load in loads(groups, running, measured=measured)[0]}


def _subnet_cidrs(here: Site, inventory: Inventory) -> tuple[IPv4Network, ...] | None:
    """The VPC's subnets, None where not all of them may be known: some unread, or the VPC another account's."""
    vpc = here.vpc
    complete = vpc is not None and any(region.subnets_complete and vpc in region.vpcs for region in inventory.regions)
    if vpc is None or not complete:
        return None
    return tuple(subnet.cidr for subnet in inventory.vpc_subnets(vpc.vpc_id) if subnet.cidr is not None)


def _again(asked: Asked, *, nodes: bool) -> str:
    """The command to ask again, without `sums`; without the number of nodes where `nodes` is false."""
    counts = [] if nodes else [word for word in asked.words if _NODES.fullmatch(word)]
    typed = [word for word in asked.words if word.lower() != SUMS and word not in counts]
    pairs = [f"{key}={value}" for key, value in asked.options.items() if nodes or key != "nodes"]
    return " ".join(("plan", *typed, *pairs))
