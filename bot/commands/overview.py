"""`overview`: every cluster with its worst subnet, open alerts, and the watches with their health; the Home tab."""

from collections.abc import Mapping

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.figures import problem
from bot.alerts.grouping import worst_first
from bot.answers.alerting import WatchRow
from bot.answers.conversation import OverviewAnswer, OverviewCluster
from bot.answers.glance import glance, worst_standing
from bot.answers.model import fields
from bot.answers.rows import alert_row
from bot.asking.command import Asked, Request
from bot.capacity.screening import worst_candidates
from bot.capacity.standing import Standing
from bot.capacity.subnets import SubnetState
from bot.inventory import Cluster
from bot.message import Bullets, Button, Channel, Controls, Line, Message, Mono, Part, Press, Strong, Text, Tone
from bot.scope import EVERYTHING, read_for
from bot.services import Services
from bot.store import Watch
from bot.views import TONES, blind_words, coverage, footer, free_of, plural

CLUSTERS, ALERTS, WATCHES = 12, 8, 10
"""Lines of each list: a glance, not a report."""

_MARKS = {
    SubnetState.OK: "ok",
    SubnetState.LOW: "low",
    SubnetState.CRITICAL: "critical",
    SubnetState.EXHAUSTED: "exhausted",
    SubnetState.UNKNOWN: "not known",
}


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """What matters now, from what is known already: no read of AWS is waited for."""
    inventory = services.facts().inventory()
    by_id = inventory.subnets_by_id
    theirs = (tuple(by_id[i] for i in c.all_subnet_ids if i in by_id) for c in inventory.clusters)
    # A standing is worked out only where it may be the worst of a cluster: not for each of 80,000 subnets.
    rows = glance(worst_candidates(theirs, services.settings.thresholds.limits), services)
    clusters = sorted(((c, _worst(c, rows)) for c in inventory.clusters), key=_order)
    alerts = tuple(sorted(services.open_alerts(), key=worst_first))
    watches, broken = _watches(services)
    bad = [row for _, row in clusters if row is not None and row.state not in (SubnetState.OK, SubnetState.UNKNOWN)]
    firing = [alert for alert in alerts if alert.status is not AlertStatus.PENDING]
    told = f"{plural(len(bad), 'cluster')} of {len(clusters)} low on addresses, {plural(len(firing), 'alert')} firing."
    covered = coverage(read_for(EVERYTHING, inventory))
    return Message(
        text=told if clusters else f"No cluster is known. {blind_words(covered)}".strip(),
        tone=_tone([row for _, row in clusters], firing),
        verdict=(Strong(told),) if clusters else ("No cluster is known.",),
        parts=(
            *_clusters(clusters),
            *_alerts(alerts),
            *_watching(watches, broken),
            footer("overview", inventory.as_of, services.now(), blind_words(covered)),
            Controls(
                items=(
                    Button(label="Status", command="status", primary=True),
                    Button(label="New watch", command="watch", press=Press.FORM),
                    Button(label="Help", command="help"),
                )
            ),
        ),
        command="overview",
        as_of=inventory.as_of,
        coverage=covered,
        answer=_json(clusters, alerts, watches, broken),
    )


def _worst(cluster: Cluster, rows: Mapping[str, Standing]) -> Standing | None:
    mine = [rows[subnet_id] for subnet_id in cluster.all_subnet_ids if subnet_id in rows]
    return min(mine, key=worst_standing, default=None)


def _order(pair: tuple[Cluster, Standing | None]) -> tuple[int, float, str]:
    cluster, row = pair
    return (99, 101.0, cluster.name) if row is None else (*worst_standing(row)[:2], cluster.name)


def _tone(rows: list[Standing | None], firing: list[Alert]) -> Tone:
    known = [row for row in rows if row is not None]
    if not known:
        return Tone.UNKNOWN
    worst = TONES[known[0].state]
    return Tone.WARNING if firing and worst is Tone.GOOD else worst


def _clusters(clusters: list[tuple[Cluster, Standing | None]]) -> tuple[Part, ...]:
    if not clusters:
        return ()
    items = tuple(_cluster_line(cluster, row) for cluster, row in clusters[:CLUSTERS])
    rest = clusters[CLUSTERS:]
    bad = sum(row is not None and row.state is not SubnetState.OK for _, row in rest)
    more = f"+{len(rest)} more, {bad} of them not ok" if rest else ""
    return (Bullets(title="Clusters, worst subnet", items=items, more=more),)


def _cluster_line(cluster: Cluster, row: Standing | None) -> Line:
    if row is None:
        return (Strong(cluster.name), f" ({cluster.region}): no subnet of it was read")
    if row.subnet.cidr is None:
        return (Strong(cluster.name), f" ({cluster.region}): IPv6 subnets")
    free = free_of(row.free_ips, row.usable_ips)
    return (
        Strong(cluster.name),
        f" ({cluster.region}): ",
        Strong(_MARKS[row.state]),
        f", {row.subnet.label} {free} free",
    )


def _alerts(alerts: tuple[Alert, ...]) -> tuple[Part, ...]:
    if not alerts:
        return (Text(lines=(("No open alert.",),)),)
    items = tuple(
        (Mono(str(a.alert_id)), f" {a.label} {a.status.value} ({a.severity.value}): {problem(a)}") for a in alerts
    )
    more = f"+{len(items) - ALERTS} more" if len(items) > ALERTS else ""
    return (Bullets(title="Open alerts", items=items[:ALERTS], more=more),)


def _watching(watches: tuple[Watch, ...], broken: dict[str, str]) -> tuple[Part, ...]:
    if not watches:
        return (Text(lines=(("No watch was set up by command.",),)),)
    first = sorted(watches, key=lambda watch: watch.channel not in broken)
    items = tuple(_watch_line(watch, broken.get(watch.channel, "")) for watch in first)
    more = f"+{len(items) - WATCHES} more" if len(items) > WATCHES else ""
    return (Bullets(title="Watches", items=items[:WATCHES], more=more),)


def _watch_line(watch: Watch, reason: str) -> Line:
    quiet = ""
    if watch.quiet is not None:
        quiet = f", quiet {watch.quiet.starts:%H:%M} to {watch.quiet.ends:%H:%M} {watch.quiet.zone}"
    health = f"broken, Slack says {reason}" if reason else "healthy"
    return (Strong(watch.label), " in ", Channel(watch.channel), f": {health}{quiet}")


def _watches(services: Services) -> tuple[tuple[Watch, ...], dict[str, str]]:
    """The watches that may be seen, and which of their channels Slack refuses."""
    store = services.stored()
    if store is None:
        return (), {}
    watches = store.watches()
    channels = {watch.channel for watch in watches}
    return watches, {found.channel: found.reason for found in store.broken_channels() if found.channel in channels}


def _json(
    clusters: list[tuple[Cluster, Standing | None]],
    alerts: tuple[Alert, ...],
    watches: tuple[Watch, ...],
    broken: dict[str, str],
) -> dict[str, object]:
    return fields(
        OverviewAnswer(
            clusters=[
                OverviewCluster(
                    name=cluster.name,
                    account_id=cluster.account_id,
                    region=cluster.region,
                    subnets=len(cluster.all_subnet_ids),
                    worst_subnet_id=None if row is None else row.subnet.subnet_id,
                    worst_free_ips=None if row is None else row.free_ips,
                    worst_state=None if row is None else row.state.value,
                )
                for cluster, row in clusters
            ],
            alerts=[alert_row(alert) for alert in alerts],
            watches=[WatchRow(channel=w.channel, scope=w.scope, source="command") for w in watches],
            broken_channels=sorted(broken),
        )
    )
