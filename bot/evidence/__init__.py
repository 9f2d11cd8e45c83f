"""Evidence for `why`: everything that can be read about a scope, at the same time, none of it for long.

What takes too long or is refused is named in the evidence; the diagnosis goes on without it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from bot.capacity.cni_env import settings_as_shipped, settings_from_env
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, SubnetView, Unread
from bot.capacity.diagnosis.node_pools import node_pools
from bot.capacity.diagnosis.question import Question
from bot.capacity.node_mix import node_mix
from bot.capacity.standing import standings
from bot.evidence.choosing import clusters_to_read, named_subnets, subnets_to_read
from bot.evidence.reading import Found, read
from bot.inventory import BlindSpot, Cluster, CniSettings, Inventory, Subnet, SubnetContents
from bot.inventory.evidence import CniFigures, RegionEvidence
from bot.scope import EVERYTHING, Scope, ScopeKind, cluster_key, read_for, subnets_in
from bot.services import Services

BURN_WINDOW, LEAST_WINDOW = timedelta(hours=1), timedelta(minutes=5)
"""How far back the pace of a subnet is taken from, and over how much time at least."""

_THROTTLED = "AWS throttled"
"""How the reason of a blind spot begins when EC2 turned the read away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The evidence, the part of the inventory it rests on, what else could not be read, and remarks on the scope."""

    evidence: Evidence
    inventory: Inventory
    blind_spots: tuple[BlindSpot, ...]
    notes: tuple[str, ...] = ()


def gather(scope: Scope, question: Question, inventory: Inventory, services: Services) -> Gathered:
    """What can be read of the scope, or of the subnets in it that the question names.

    Raises: QueryError when no account is configured and the caller's own cannot be found out.
    """
    named, notes = named_subnets(question, scope, inventory)
    clusters, missing = clusters_to_read(scope, named, inventory, services)
    subnets, cut = subnets_to_read(scope, named, clusters, inventory, services)
    found = read(subnets, clusters, services)
    missing += cut
    if found.unread_contents is not None:
        missing += (found.unread_contents.reason,)
    fresh = _fresh(subnets, found)
    nodes, by_nodes, lost = _nodes(question, found.contents)
    places = tuple(place for place in found.places.values() if isinstance(place, RegionEvidence))
    spots = (*found.contents.blind_spots, *(spot for place in places for spot in place.blind_spots))
    whole = scope == EVERYTHING and not named
    resting_on = inventory if whole else _read_for(subnets, scope, inventory)
    throttled = [
        f"{spot.api} in {spot.region}"
        for spot in (*spots, *resting_on.all_blind_spots)
        if spot.reason.startswith(_THROTTLED)
    ]
    focus = {subnet.subnet_id for subnet in named} | by_nodes | _groups(question, clusters)
    if scope.kind in (ScopeKind.SUBNET, ScopeKind.AZ):
        focus |= {subnet.subnet_id for subnet in subnets_in(scope, inventory)}
    evidence = Evidence(
        now=services.now(),
        read_at=found.contents.observed_at,
        subnets=_views(fresh, found, services),
        clusters=tuple(_cluster(cluster, _ref(cluster, inventory), fresh, found) for cluster in clusters),
        focus=frozenset(focus),
        focus_nodes=nodes,
        states=found.states,
        places=places or _why_not(found.places.values()) or Unread(reason="quotas were not read"),
        throttled=tuple(dict.fromkeys(throttled)),
        missing=(*missing, *lost),
    )
    return Gathered(
        evidence=evidence,
        inventory=resting_on,
        blind_spots=spots,
        notes=notes,
    )


def _fresh(subnets: Sequence[Subnet], found: Found) -> tuple[Subnet, ...]:
    """The subnets with the figures just read, where they were."""
    tagged = (each for answer in found.subnets.values() if not isinstance(answer, Unread) for each in answer)
    newer = {each.subnet.subnet_id: each.subnet for each in tagged}
    return tuple(
        replace(old, available_ips=new.available_ips, observed_at=new.observed_at, quality=new.quality)
        if (new := newer.get(old.subnet_id)) is not None
        else old
        for old in subnets
    )


def _views(subnets: Sequence[Subnet], found: Found, services: Services) -> dict[str, SubnetView]:
    tagged = (each for answer in found.subnets.values() if not isinstance(answer, Unread) for each in answer)
    tags = {each.subnet.subnet_id: each.tags for each in tagged}
    unread = _why_not(found.subnets.values()) or Unread(reason="tags of subnets of other accounts are not visible")
    burn = _burn(subnets, services)
    rows = standings(subnets, found.contents, services.settings.thresholds.limits)
    return {
        subnet.subnet_id: SubnetView(
            standing=rows[subnet.subnet_id],
            enis=tuple(eni for eni in found.contents.enis if eni.subnet_id == subnet.subnet_id),
            reservations=tuple(each for each in found.contents.reservations if each.subnet_id == subnet.subnet_id),
            tags=own if (own := tags.get(subnet.subnet_id)) is not None else unread,
            burn_per_hour=burn.get(subnet.subnet_id),
            enis_read=subnet.subnet_id in found.contents.enis_read,
        )
        for subnet in subnets
    }


def _ref(cluster: Cluster, inventory: Inventory) -> str:
    """The words that name the cluster alone: its name, with account and region where others have it too."""
    same = [other for other in inventory.clusters if other.name == cluster.name]
    return f"cluster:{cluster.name if len(same) == 1 else cluster_key(cluster)}"


def _cluster(cluster: Cluster, ref: str, subnets: Sequence[Subnet], found: Found) -> ClusterView:
    near = {s.subnet_id for s in subnets if (s.region, s.vpc_id) == (cluster.region, cluster.vpc_id)}
    contents = replace(
        found.contents,
        subnet_ids=found.contents.subnet_ids & near,
        enis=tuple(eni for eni in found.contents.enis if eni.subnet_id in near),
        nodes=tuple(node for node in found.contents.nodes if node.subnet_id in near),
    )
    kubernetes = found.kubernetes[cluster_key(cluster)]
    live = None if isinstance(kubernetes, Unread) else kubernetes.daemon_set
    addon = cluster.cni
    if live is not None:
        # What runs decides: the add-on's configuration is what somebody wanted, and is compared with it.
        own = CniSettings(source="daemonset", version=live.version or None, environment=live.environment)
        cluster = replace(cluster, cni=own)
    environment = dict(cluster.cni.environment)
    settings = settings_as_shipped(environment) if live is None else settings_from_env(environment)
    return ClusterView(
        cluster=cluster,
        ref=ref,
        settings=settings,
        known=cluster.cni.source != "unknown",
        mix=node_mix(cluster, contents, custom_networking=settings.custom_networking),
        pools=node_pools(cluster, contents, found.limits),
        figures=_figures(cluster, found),
        launches=found.launches[cluster_key(cluster)],
        kubernetes=kubernetes,
        addon=addon,
    )


def _figures(cluster: Cluster, found: Found) -> CniFigures | Unread:
    place = found.places[cluster.account_id, cluster.region]
    if isinstance(place, Unread):
        return place
    figures = next((each for each in place.cni if each.cluster == cluster.name), None)
    refused = next((spot.reason for spot in place.blind_spots if spot.api == "GetMetricData"), "")
    if refused:
        return figures or Unread(reason=refused)
    return figures or Unread(reason="CNI Metrics Helper publishes nothing", of=cluster.name)


def _why_not(answers: Iterable[object]) -> Unread | None:
    """The first of the answers that is none."""
    return next((answer for answer in answers if isinstance(answer, Unread)), None)


def _nodes(question: Question, contents: SubnetContents) -> tuple[frozenset[str], set[str], tuple[str, ...]]:
    """The nodes that the question names, the subnets of their interfaces, and ids that were not found."""
    hit = [
        eni
        for eni in contents.enis
        if eni.eni_id in question.eni_ids
        or eni.instance_id in question.instance_ids
        or any(address in question.addresses for address in eni.addresses)
        or any(address in prefix for prefix in eni.prefixes for address in question.addresses)
    ]
    known = {node.instance_id for node in contents.nodes}
    nodes = frozenset(eni.instance_id for eni in hit if eni.instance_id in known and eni.instance_id)
    seen = {eni.eni_id for eni in hit} | {eni.instance_id for eni in hit}
    lost = sorted((question.instance_ids | question.eni_ids) - seen)
    return nodes, {eni.subnet_id for eni in hit}, tuple(f"{each} is not in the subnets I read" for each in lost[:3])


def _groups(question: Question, clusters: Iterable[Cluster]) -> set[str]:
    """The subnets of node groups that the question names after "in", "on" or "group"."""
    words = question.text.lower().replace("?", " ").split()
    named = {word for before, word in pairwise(words) if before in _BEFORE_A_GROUP}
    groups = (group for cluster in clusters for group in cluster.nodegroups if group.name.lower() in named)
    return {subnet_id for group in groups for subnet_id in group.subnet_ids}


_BEFORE_A_GROUP = frozenset({"in", "on", "of", "group", "nodegroup"})


def _burn(subnets: Sequence[Subnet], services: Services) -> dict[str, float]:
    """Addresses an hour that each subnet lost lately, from the stored past; not where it grew or nothing is stored."""
    store = services.stored()
    if store is None:
        return {}
    now = services.now()
    found = {}
    for subnet_id, samples in store.samples_of([subnet.subnet_id for subnet in subnets], now - BURN_WINDOW).items():
        known = [(sample.observed_at, sample.free_ips) for sample in samples if sample.free_ips is not None]
        if len(known) >= 2 and (length := known[-1][0] - known[0][0]) >= LEAST_WINDOW:
            found[subnet_id] = max((known[0][1] - known[-1][1]) / (length / timedelta(hours=1)), 0.0)
    return found


def _read_for(subnets: Sequence[Subnet], scope: Scope, inventory: Inventory) -> Inventory:
    """The part of the inventory that the answer rests on: the scope's, or the places of what was read."""
    if scope != EVERYTHING:
        return read_for(scope, inventory)
    places = {(subnet.account_id, subnet.region) for subnet in subnets}
    regions = tuple(each for each in inventory.regions if (each.account_id, each.region) in places)
    return replace(inventory, regions=regions, expected_regions=len(regions), blind_spots=())
