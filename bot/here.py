"""Local numbers for an explanation: what this estate shows of the concept, from facts already known."""

from collections.abc import Callable

from bot.answers.occupied import occupied
from bot.capacity.screening import screened
from bot.capacity.sites import MAX_READS, UPDATE_IPS
from bot.capacity.standing import looks_low, standings_as_kept
from bot.capacity.subnets import SubnetState, worst_first
from bot.errors import EksipError
from bot.inventory import Cluster, Inventory, Subnet
from bot.message import Line, Strong
from bot.scope import EVERYTHING, Scope, ScopeKind, cluster_key, clusters_in, subnets_in
from bot.services import Services
from bot.views import count, free_of, plural

Figures = Callable[[Scope, Inventory, Services], Line]

MOST_PLACES = 20
"""Account-regions whose CloudWatch an explanation asks at most: one call each, for a line at its end."""


def here(topic_id: str, question: str, services: Services) -> Line:
    """The line that ends an explanation ("Here: …"), or nothing where the topic has no figures or nothing is known.

    Asks AWS for two things at most, both cached for a minute: warm addresses, and, where nobody reads in the
    background, the contents of what looks low.
    """
    figures = FIGURES.get(topic_id)
    if figures is None:
        return ()
    try:
        inventory = services.facts().known()
        return () if inventory is None else figures(_scope(question, inventory), inventory, services)
    except EksipError:
        return ()


def _scope(question: str, inventory: Inventory) -> Scope:
    """The cluster the question names, else everything."""
    words = {word.strip("\"'`?.,!()").lower() for word in question.split()}
    named = [cluster for cluster in inventory.clusters if cluster.name.lower() in words]
    if len(named) != 1:
        return EVERYTHING
    return Scope(kind=ScopeKind.CLUSTER, value=cluster_key(named[0]), label=named[0].name)


def _where(scope: Scope) -> str:
    return "in all clusters" if scope == EVERYTHING else f"in {scope.words}"


def _warm(scope: Scope, inventory: Inventory, services: Services) -> Line:
    clusters = clusters_in(scope, inventory)
    if not services.settings.alerts.cloudwatch:
        return ("Here: warm share not known (CloudWatch is not asked: [alerts] cloudwatch).",)
    if len({(cluster.account_id, cluster.region) for cluster in clusters}) > MOST_PLACES:
        return (f"Here: warm share not read of all {plural(len(clusters), 'cluster')}; name one in the question.",)
    warm = services.reader().warm_ips(clusters)
    if not warm:
        return ("Here: warm share not known (no CNI Metrics Helper figures).",)
    told = f"{len(warm)} of {plural(len(clusters), 'cluster')}" if scope == EVERYTHING else "CNI Metrics Helper"
    return ("Here: ", Strong(f"{count(sum(warm.values()))} warm addresses"), f" {_where(scope)} ({told}).")


def _low(scope: Scope, inventory: Inventory, services: Services) -> Line:
    limits = services.settings.thresholds.limits
    subnets = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    if not subnets:
        return ()
    suspects = [subnet for subnet in screened(subnets, limits, 0).close if looks_low(subnet, limits)]
    # What looks low may be reserved for prefixes: only the interfaces and reservations tell.
    rows = standings_as_kept(suspects, occupied(suspects, services, MAX_READS).known, limits).values()
    low = [row for row in rows if row.state not in (SubnetState.OK, SubnetState.UNKNOWN)]
    if not low:
        return (f"Here: none of {plural(len(subnets), 'subnet')} {_where(scope)} is known to be low.",)
    worst = min(low, key=lambda row: (worst_first(row.state), row.free_pct or 0))
    return (
        "Here: ",
        Strong(f"{len(low)} of {plural(len(subnets), 'subnet')}"),
        f" {_where(scope)} are low, worst {worst.subnet.label}: {free_of(worst.free_ips, worst.usable_ips)} free.",
    )


def _modes(scope: Scope, inventory: Inventory, _services: Services) -> Line:
    clusters = [cluster for cluster in clusters_in(scope, inventory) if cluster.ip_family == "ipv4"]
    if not clusters:
        return ()
    on = [cluster for cluster in clusters if cluster.prefix_mode]
    unknown = [cluster for cluster in clusters if cluster.prefix_mode is None]
    names = f" ({', '.join(cluster.name for cluster in on[:3])})" if on else ""
    rest = f", {len(unknown)} not known" if unknown else ""
    return (
        "Here: ",
        Strong(f"{len(on)} of {plural(len(clusters), 'IPv4 cluster')}"),
        f" in prefix mode{names}{rest}, by the add-on's configuration.",
    )


def _control_plane(scope: Scope, inventory: Inventory, _services: Services) -> Line:
    short = [
        f"{cluster.name}/{subnet.label}"
        for cluster in clusters_in(scope, inventory)
        for subnet in _control_subnets(cluster, inventory)
        if subnet.available_ips is not None and subnet.available_ips < UPDATE_IPS
    ]
    if not short:
        return (f"Here: every control-plane subnet {_where(scope)} has at least {UPDATE_IPS} free addresses.",)
    return (
        "Here: ",
        Strong(plural(len(short), "control-plane subnet")),
        f" under {UPDATE_IPS} free: {', '.join(short[:3])}.",
    )


def _control_subnets(cluster: Cluster, inventory: Inventory) -> list[Subnet]:
    known = inventory.subnets_by_id
    return [known[subnet_id] for subnet_id in dict.fromkeys(cluster.subnet_ids) if subnet_id in known]


FIGURES: dict[str, Figures] = {
    "warm-pool": _warm,
    "warm-eni-target": _warm,
    "warm-ip-target": _warm,
    "warm-prefix-target": _warm,
    "cni-metrics-helper": _warm,
    "address-exhaustion": _low,
    "exhaustion-strategies": _low,
    "subnet-sizing": _low,
    "growth-planning": _low,
    "secondary-cidr": _low,
    "prefix-delegation": _modes,
    "prefix-delegation-rollout": _modes,
    "secondary-ip-mode": _modes,
    "control-plane-subnets": _control_plane,
}
"""Which figures a topic ends with."""
