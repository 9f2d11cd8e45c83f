"""`upgrade CLUSTER`: whether updating the control plane and rolling the node groups fits the free addresses."""

from collections.abc import Mapping

from bot.answers.capacity import UpgradeAnswer, UpgradeHealth, UpgradeNodegroup, UpgradeSubnet
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.pool_words import number
from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.sites import site, subnets_to_read
from bot.capacity.upgrade import GroupUpdate, SurgeSource, Upgrade, control_subnets, group_update, upgrade
from bot.capacity.warmpool import PoolMode, PoolSettings, refusal
from bot.errors import QueryError, UserError
from bot.inventory import Cluster, InstanceLimits, Inventory, SubnetContents
from bot.message import Bullets, Button, Controls, Line, Link, Message, Part, Sources, Strong, Table, Tone
from bot.scope import Scope, ScopeKind, cluster_key, clusters_in, nothing_in, read_for, resolve
from bot.services import Services
from bot.views import blind_words, count, coverage, footer

_EXAMPLE = "upgrade prod-eu"
_GUIDE = Link("EKS: updating a cluster", "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html")
_MARKS = {True: "fits", False: "short", None: "?"}
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.UNKNOWN}

ROWS, REASONS = 10, 6
"""Subnets and groups in the table, and reasons shown; those that do not fit come first."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The verdict over the control plane's subnets and each node group of the cluster."""
    inventory = services.facts().inventory()
    scope, cluster = _cluster(asked, inventory)
    given = asked.options.get("max-unavailable")
    least = None if given is None else number(given, "max-unavailable", _EXAMPLE, least=1)
    subnets = inventory.subnets_by_id
    nodes_in = [subnets[i] for group in cluster.nodegroups for i in group.subnet_ids if i in subnets]
    wanted = subnets_to_read(tuple(dict.fromkeys(nodes_in)), cluster, inventory)
    contents = services.reader().contents(wanted)
    settings = settings_as_shipped(dict(cluster.cni.environment))
    found = upgrade(
        cluster,
        control_subnets(cluster, subnets),
        _groups(cluster, inventory, contents, settings, _limits(services, cluster), least),
    )
    covered = coverage(read_for(scope, inventory), contents.blind_spots)
    command = " ".join(("upgrade", *asked.words, *(f"{key}={value}" for key, value in asked.options.items())))
    as_of = min((subnets[i].observed_at for i in cluster.all_subnet_ids if i in subnets), default=inventory.as_of)
    return Message(
        text=_sentence(found),
        tone=_TONES[found.fits],
        verdict=(Strong(cluster.name), ": ", Strong(_words(found))),
        parts=(
            *_parts(found),
            footer(command, as_of, services.now(), _assumed(found), blind_words(covered)),
            Sources(links=(_GUIDE,)),
            Controls(items=_buttons(found)),
        ),
        command=command,
        as_of=as_of,
        coverage=covered,
        answer=fields(_json(found)),
    )


def _cluster(asked: Asked, inventory: Inventory) -> tuple[Scope, Cluster]:
    """The cluster that was named, or the only one there is."""
    found = inventory.clusters
    if not asked.words and len(found) == 1:
        scope = Scope(kind=ScopeKind.CLUSTER, value=cluster_key(found[0]), label=found[0].name)
    elif not asked.words:
        names = [f"upgrade cluster:{cluster.name}" for cluster in inventory.clusters[:5]] or [_EXAMPLE]
        raise UserError(f"`upgrade` needs a cluster, for example `{names[0]}`.", names)
    else:
        scope = resolve(asked.target, inventory, verb="upgrade")
        found = clusters_in(scope, inventory)
    if len(found) == 1:
        return scope, found[0]
    if not found and read_for(scope, inventory).all_blind_spots:
        raise nothing_in(scope, inventory)
    names = [f"upgrade cluster:{cluster.name}" for cluster in (found or inventory.clusters)[:5]] or [_EXAMPLE]
    raise UserError(f"`{scope.words}` has {len(found)} clusters; name one, for example `{names[0]}`.", names)


def _groups(
    cluster: Cluster,
    inventory: Inventory,
    contents: SubnetContents,
    settings: PoolSettings,
    limits: Mapping[str, InstanceLimits],
    max_unavailable: int | None,
) -> tuple[GroupUpdate, ...]:
    ipv6 = cluster.ip_family == "ipv6"
    own = inventory.subnets_of(cluster.all_subnet_ids)
    by_id = {subnet.subnet_id: subnet for subnet in own if subnet.cidr is not None}
    found = []
    for group in cluster.nodegroups:
        here = site(
            [by_id[i] for i in group.subnet_ids if i in by_id],
            cluster,
            inventory,
            contents,
            prefixes=settings.mode is PoolMode.PREFIX and not ipv6,
            custom_networking=settings.custom_networking,
        )
        kind = limits.get(next(iter(group.instance_types), "")) if refusal(settings) is None else None
        found.append(group_update(group, here, settings, kind, ipv6=ipv6, max_unavailable=max_unavailable))
    return tuple(found)


def _limits(services: Services, cluster: Cluster) -> Mapping[str, InstanceLimits]:
    """The limits of the node groups' types by EC2 there, else by the snapshot."""
    types = {name for group in cluster.nodegroups for name in group.instance_types[:1]}
    try:
        found = dict(services.reader().instance_limits(sorted(types), cluster.account_id, cluster.region))
    except QueryError:
        found = {}  # the read is optional: the snapshot has nearly every type
    return found | {name: known for name in types - found.keys() if (known := snapshot_limits(name)) is not None}


def _words(found: Upgrade) -> str:
    return {True: "the upgrade fits", False: "the upgrade does not fit", None: "not known whether the upgrade fits"}[
        found.fits
    ]


def _sentence(found: Upgrade) -> str:
    why = f": {found.reasons[0]}" if found.fits is not True and found.reasons else "."
    return f"{found.cluster.name}: {_words(found)}{why}"


def _parts(found: Upgrade) -> tuple[Part, ...]:
    rows = [
        (item.fits, (item.name, count(item.free_ips), count(item.needed_ips), _MARKS[item.fits]))
        for item in found.control_plane
    ]
    rows += [
        (group.fits, (f"{group.name} +{group.surge_nodes}", *_figures(group), _MARKS[group.fits]))
        for group in found.nodegroups
    ]
    rows.sort(key=lambda row: {False: 0, None: 1, True: 2}[row[0]])
    rest = len(rows) - ROWS
    table = Table(
        columns=("Subnet or group", "Free", "Needs", ""),
        rows=tuple(cells for _, cells in rows[:ROWS]),
        right=frozenset({1, 2}),
        more=f"+{rest} more, none worse" if rest > 0 else "",
    )
    reasons: tuple[Line, ...] = tuple((reason,) for reason in found.reasons[:REASONS])
    more = len(found.reasons) - REASONS
    why = Bullets(title="Why", items=reasons, more=f"+{more} more" if more > 0 else "")
    return (table, why) if reasons else (table,)


def _figures(group: GroupUpdate) -> tuple[str, str]:
    return count(_free(group)), count(_needed(group))


def _free(group: GroupUpdate) -> int | None:
    free = [] if group.plan is None else [zone.free_ips for zone in group.plan.zones]
    known = [ips for ips in free if ips is not None]
    return sum(known) if known and len(known) == len(free) else None


def _needed(group: GroupUpdate) -> int | None:
    return None if group.plan is None else group.plan.need.ips * group.surge_nodes


def _assumed(found: Upgrade) -> str:
    """How the added nodes are counted, and of which groups maxUnavailable is not known."""
    names = [group.name for group in found.nodegroups if group.surge_source is SurgeSource.ZONES_ALONE]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    unread = f" (not known of {', '.join(names[:3])}{more}: give it with `max-unavailable=N`)" if names else ""
    return f"An update adds up to two nodes a zone to a node group, or its maxUnavailable where that is more{unread}."


def _buttons(found: Upgrade) -> tuple[Button, ...]:
    short = [item for item in found.control_plane if item.fits is False]
    buttons = [Button(label="Who holds them?", command=f"who subnet:{item.subnet_id}") for item in short[:1]]
    name = f"cluster:{found.cluster.account_id}/{found.cluster.region}/{found.cluster.name}"
    return (
        *buttons,
        Button(label="Status", command=f"status {name}"),
        Button(label="How many fit?", command=f"plan {name}"),
    )


def _json(found: Upgrade) -> UpgradeAnswer:
    return UpgradeAnswer(
        cluster=found.cluster.name,
        fits=found.fits,
        control_plane=[
            UpgradeSubnet(
                subnet_id=item.subnet_id,
                name=item.name,
                free_ips=item.free_ips,
                needed_ips=item.needed_ips,
                fits=item.fits,
            )
            for item in found.control_plane
        ],
        nodegroups=[
            UpgradeNodegroup(
                name=group.name,
                surge_nodes=group.surge_nodes,
                node_ips=None if group.plan is None else group.plan.need.ips,
                needed_ips=_needed(group),
                free_ips=_free(group),
                fits=group.fits,
            )
            for group in found.nodegroups
        ],
        health=[
            UpgradeHealth(
                subject=subject, code=issue.code, message=issue.message, resource_ids=list(issue.resource_ids)
            )
            for subject, issue in found.health
        ],
        reasons=list(found.reasons),
    )
