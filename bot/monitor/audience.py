"""The audience of an alert: the channels whose watches cover what it is about, and how much of it they want to hear."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from bot.alerts.alert import Alert
from bot.alerts.quiet import MuteWindow
from bot.alerts.readings import Severity
from bot.alerts.silences import in_scope
from bot.alerts.subject import SubjectKind
from bot.alerts.subnet_rules import LOW_IPS
from bot.asking.sight import Sight, seen_scopes, sight
from bot.capacity.subnets import Limits, threshold_ips, usable_ips
from bot.config.sections import AccessSettings, WatchSettings
from bot.errors import UserError
from bot.inventory import Inventory, Subnet
from bot.scope import Scope, ScopeKind, cluster_key, contains, resolve, subnets_in
from bot.store import Watch

log = logging.getLogger(__name__)

NOBODY = "no channel watches it"
OTHER_SEVERITY = "the channel wants other severities"
NOT_LOW_ENOUGH = "above the channel's own threshold"
NOT_ALLOWED = "the channel may not see it"
"""Why an alert is not told, before the question is asked at all: as `alerts why` shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A channel's watch of a scope; no severities mean all, `below_ips` and `below_pct` are about low subnets only.

    Without them the configured thresholds hold. `owner` is who set it up, which decides what may be seen in direct
    messages.
    """

    channel: str
    scope: Scope
    owner: str = ""
    severities: tuple[Severity, ...] = ()
    below_ips: int | None = None
    below_pct: float | None = None
    quiet: MuteWindow | None = None

    @property
    def has_threshold(self) -> bool:
        """Whether the channel has a threshold of its own."""
        return self.below_ips is not None or self.below_pct is not None

    def wanted_ips(self, usable: int, limits: Limits) -> int:
        """With fewer free addresses than this of so many usable ones the channel wants to hear of a subnet."""
        if not self.has_threshold:
            return threshold_ips(usable, limits, limits.low_pct)
        return max(self.below_ips or 0, ceil(usable * (self.below_pct or 0) / 100))

    def refuses(self, alert: Alert, limits: Limits) -> str:
        """Why the channel does not want this alert of its scope; "" when it does.

        What counts is the least the subnet had in this firing: who watches while it recovers is told as well.
        """
        if self.severities and alert.severity not in self.severities:
            return OTHER_SEVERITY
        if alert.rule != LOW_IPS.name or (not self.has_threshold and alert.severity is Severity.CRITICAL):
            return ""
        wanted = self.wanted_ips(int(alert.capacity or 0), limits)
        return "" if alert.worst_value < wanted else NOT_LOW_ENOUGH


def listeners(watches: Iterable[Watch], configured: Iterable[WatchSettings], inventory: Inventory) -> list[Listener]:
    """The watches set up from Slack and those of the configuration; one that names nothing known is reported."""
    found = [
        Listener(
            channel=watch.channel,
            scope=scope,
            owner=watch.created_by,
            severities=watch.severities,
            below_ips=watch.below_ips,
            below_pct=watch.below_pct,
            quiet=watch.quiet,
        )
        for watch in watches
        if (scope := stored_scope(watch.scope)) is not None
    ]
    for entry in configured:
        try:
            found.append(Listener(channel=entry.channel, scope=resolve(entry.scope, inventory, verb="watch")))
        except UserError as exc:
            log.warning(
                "a configured watch names nothing known",
                extra={"channel": entry.channel, "scope": entry.scope, "reason": exc.message},
            )
    return found


def early_thresholds(every: Iterable[Listener], inventory: Inventory, limits: Limits) -> Mapping[str, int]:
    """The subnets of which a channel wants to hear earlier than the settings say, and below how many free addresses.

    Of several such channels the earliest counts here; each of them is told by its own.
    """
    found: dict[str, int] = {}
    for listener in every:
        if not listener.has_threshold:
            continue
        for subnet in subnets_in(listener.scope, inventory):
            if subnet.cidr is None:
                continue
            usable = usable_ips(subnet.cidr)
            wanted = min(listener.wanted_ips(usable, limits), usable)
            if wanted > max(found.get(subnet.subnet_id, 0), threshold_ips(usable, limits, limits.low_pct)):
                found[subnet.subnet_id] = wanted
    return found


def stored_scope(text: str) -> Scope | None:
    """The scope of a stored watch, whose form is stable; None where this version knows no such kind."""
    word, _, value = text.partition(":")
    kinds = {kind.value: kind for kind in ScopeKind}
    return Scope(kind=kinds[word], value=value) if word in kinds else None


class Audience:
    """Finds who hears of an alert, by one inventory.

    Who watches a part of the fleet hears also that what contains it cannot be read: silence would look like health.
    """

    def __init__(
        self,
        every: Sequence[Listener],
        inventory: Inventory,
        subnets: dict[str, Subnet],
        access: AccessSettings | None = None,
        *,
        limits: Limits,
    ) -> None:
        self._every = every
        self._limits = limits
        self._inventory = inventory
        self._access = access or AccessSettings()
        self._owners = {listener.channel: listener.owner for listener in every}
        self._sights: dict[str, Sight | None] = {}
        self._subnets = subnets
        self._clusters = {cluster_key(cluster): cluster for cluster in inventory.clusters}
        self._vpcs = {vpc.vpc_id: vpc for vpc in inventory.vpcs}
        self._cluster_subnets = {key: cluster.all_subnet_ids for key, cluster in self._clusters.items()}
        self.quiet = tuple(each.quiet for each in every if each.quiet is not None)

    def channels(self, alert: Alert) -> Iterator[tuple[str, str]]:
        """Each channel that watches what the alert is about, once, with why it does not want it ("" when it does)."""
        refused: dict[str, str] = {}
        for listener in self._every:
            if refused.get(listener.channel) != "" and self._covers(listener.scope, alert):
                allowed = self.shown(listener.channel, alert) is not None
                refused[listener.channel] = listener.refuses(alert, self._limits) if allowed else NOT_ALLOWED
        yield from refused.items()

    def shown(self, channel: str, alert: Alert) -> Alert | None:
        """The alert as the channel may see it; None when it may not see it at all."""
        if not self._access.limits_seeing:
            return alert
        if channel not in self._sights:
            words = seen_scopes(self._access, channel, self._owners.get(channel, ""))
            self._sights[channel] = None if words is None else sight(words, self._inventory)
        seen = self._sights[channel]
        return alert if seen is None else seen.alert(alert)

    def _covers(self, scope: Scope, alert: Alert) -> bool:
        if scope.kind is ScopeKind.ALL or in_scope(scope, alert):
            return True
        match alert.scope_kind:
            case SubjectKind.SUBNET:
                return self._holds_subnet(scope, alert.subnet_id)
            case SubjectKind.REGION | SubjectKind.ACCOUNT:
                return self._lies_in(scope, alert.account_id, alert.region)
            case SubjectKind.VPC:
                cluster = self._clusters.get(scope.value) if scope.kind is ScopeKind.CLUSTER else None
                return cluster is not None and cluster.vpc_id == alert.vpc_id
            case _:
                return False

    def _holds_subnet(self, scope: Scope, subnet_id: str) -> bool:
        """Also a subnet that another account shares with the cluster."""
        if scope.kind is ScopeKind.CLUSTER:
            return subnet_id in self._cluster_subnets.get(scope.value, frozenset())
        subnet = self._subnets.get(subnet_id)
        return subnet is not None and contains(scope, subnet, ())

    def _lies_in(self, scope: Scope, account_id: str, region: str) -> bool:
        """Whether the scope is, at least in part, in this account and region ("" for any)."""
        match scope.kind:
            case ScopeKind.REGION:
                return region in ("", scope.value)
            case ScopeKind.CLUSTER:
                cluster = self._clusters.get(scope.value)
                subnets = [self._subnets[i] for i in self._cluster_subnets.get(scope.value, ()) if i in self._subnets]
                places = {(subnet.account_id, subnet.region) for subnet in subnets}
                if cluster is not None:
                    places.add((cluster.account_id, cluster.region))
            case ScopeKind.VPC:
                vpc = self._vpcs.get(scope.value)
                places = set() if vpc is None else {(vpc.account_id, vpc.region)}
            case ScopeKind.SUBNET:
                subnet = self._subnets.get(scope.value)
                places = set() if subnet is None else {(subnet.account_id, subnet.region)}
            case ScopeKind.AZ:
                zone = scope.value
                places = {(s.account_id, s.region) for s in self._subnets.values() if zone in (s.az_id, s.az)}
            case _:
                places = set()
        return any(owner == account_id and region in ("", place) for owner, place in places)
