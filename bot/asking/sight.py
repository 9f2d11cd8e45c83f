"""Sight: what may be seen where somebody asks, and the part of an inventory, of alerts and of interfaces that leaves.

The one place that hides: commands get facts, alerts and interfaces that went through it, so that an answer, a
suggestion or a completion has no name of another scope to show. The monitor asks it what a channel may hear.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from bot.alerts.alert import Alert
from bot.alerts.silences import in_scope
from bot.alerts.subject import SubjectKind
from bot.config import AccessSettings
from bot.errors import UserError
from bot.inventory import BlindSpot, Cluster, Eni, Inventory, RegionFacts, SubnetContents
from bot.scope import Scope, ScopeKind, cluster_key, resolve, subnets_in

log = logging.getLogger(__name__)

OTHERS = "*"
"""The channel of the entry that is for every channel and person no other entry names."""

ANOTHER_CLUSTER = "another-cluster"
"""How the cluster of an interface is named where the cluster itself may not be seen."""

_CLUSTER_TAG = "cluster.k8s.amazonaws.com/name"
_INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
_DIRECT = "D"
_SAYS_NOTHING = (ScopeKind.ALL, ScopeKind.REGION, ScopeKind.AZ)


def seen_scopes(access: AccessSettings, channel_id: str, user_id: str) -> tuple[str, ...] | None:
    """The scopes that may be seen in a channel, or by a person in direct messages; None is everything.

    With any entry in the settings, who is named by none sees what "*" names, and nothing without that.
    """
    if not access.limits_seeing:
        return None
    if channel_id and not channel_id.startswith(_DIRECT):
        lists = [entry.scopes for entry in access.channels_may if entry.channel == channel_id]
    else:
        lists = [entry.scopes for entry in access.people_may if user_id in entry.users]
    if not lists:
        lists = [entry.scopes for entry in access.channels_may if entry.channel == OTHERS]
    words = tuple(dict.fromkeys(word.strip() for scopes in lists for word in scopes))
    return None if any(word.lower() == ScopeKind.ALL.value for word in words) else words


@dataclass(frozen=True)
class Sight:
    """What may be seen of `whole` by those who may see these scopes."""

    scopes: tuple[Scope, ...]
    whole: Inventory

    @cached_property
    def inventory(self) -> Inventory:
        """The inventory without everything that may not be seen.

        A VPC of which a subnet is hidden is left out: what is free in it could not be told without the hidden ones.
        """
        regions = tuple(part for facts in self.whole.regions if (part := self._part(facts)) is not None)
        owners = {subnet.account_id for region in regions for subnet in region.subnets}
        owners |= {region.account_id for region in regions}
        owners |= {scope.value for scope in self.scopes if scope.kind is ScopeKind.ACCOUNT}
        spots = tuple(spot for spot in self.whole.blind_spots if self._is_theirs(spot.account_id, spot.region))
        unread = {spot.account_id for spot in spots} - {region.account_id for region in regions}
        return replace(
            self.whole,
            accounts=tuple(account for account in self.whole.accounts if account.account_id in owners),
            regions=regions,
            expected_regions=len(regions) + len(unread),
            blind_spots=spots,
            account_changes=tuple(c for c in self.whole.account_changes if self._is_theirs(c.account_id, "")),
        )

    def holds(self, scope: Scope) -> bool:
        """Whether the whole of a scope may be seen, so that what is done to it touches nothing else."""
        match scope.kind:
            case ScopeKind.CLUSTER:
                return scope.value in self._cluster_keys
            case ScopeKind.SUBNET:
                return scope.value in self._subnet_ids
            case ScopeKind.VPC:
                return scope.value in self._vpc_ids
            case _:
                return any((mine.kind, mine.value) == (scope.kind, scope.value) for mine in self.scopes)

    def may_name(self, scope: Scope) -> bool:
        """Whether the scope may be named: it may be seen, or its name says nothing of others (all, region, zone)."""
        return scope.kind in _SAYS_NOTHING or self.holds(scope)

    def may_name_text(self, text: str) -> bool:
        """The same of a scope's stored form, "cluster:111122223333/eu-west-1/prod-eu"."""
        word, _, value = text.partition(":")
        kinds = {kind.value: kind for kind in ScopeKind}
        return word in kinds and self.may_name(Scope(kind=kinds[word], value=value))

    def alert(self, alert: Alert) -> Alert | None:
        """The alert without the clusters that may not be seen; None when it may not be seen at all."""
        match alert.scope_kind:
            case SubjectKind.SUBNET:
                seen = alert.subnet_id in self._subnet_ids or self._lies_in_scope(alert)
            case SubjectKind.CLUSTER | SubjectKind.NODEGROUP:
                key = "/".join(alert.scope_id.split("/")[:3])
                seen = any(_holds_cluster(s, key, alert.vpc_id) for s in self.scopes)
            case _:
                seen = self._lies_in_scope(alert)
        if not seen:
            return None
        clusters = tuple(name for name in alert.clusters if name in self._cluster_names)
        return alert if clusters == alert.clusters else replace(alert, clusters=clusters)

    def contents(self, contents: SubnetContents) -> SubnetContents:
        """The contents with the names of clusters that may not be seen taken off: shared subnets hold both."""
        hidden = frozenset(cluster.name for cluster in self.whole.clusters) - self._cluster_names
        if not hidden:
            return contents
        named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(hidden)))})(?![\w-])")
        strangers = {node.instance_id for node in contents.nodes if node.cluster in hidden}
        return replace(
            contents,
            enis=tuple(_unnamed(eni) if _is_of(eni, strangers, named) else eni for eni in contents.enis),
            nodes=tuple(
                replace(node, cluster=ANOTHER_CLUSTER, nodegroup=None, private_dns_name="")
                if node.instance_id in strangers
                else node
                for node in contents.nodes
            ),
        )

    @cached_property
    def _clusters(self) -> tuple[Cluster, ...]:
        return tuple(
            cluster
            for cluster in self.whole.clusters
            if any(_holds_cluster(scope, cluster_key(cluster), cluster.vpc_id) for scope in self.scopes)
        )

    @cached_property
    def _cluster_keys(self) -> frozenset[str]:
        return frozenset(cluster_key(cluster) for cluster in self._clusters)

    @cached_property
    def _cluster_names(self) -> frozenset[str]:
        named = {scope.value.split("/")[-1] for scope in self.scopes if scope.kind is ScopeKind.CLUSTER}
        return frozenset(cluster.name for cluster in self._clusters) | named

    @cached_property
    def _subnet_ids(self) -> frozenset[str]:
        """The subnets of the scopes, and those the clusters in sight use, whoever owns them."""
        used = {subnet_id for cluster in self._clusters for subnet_id in cluster.all_subnet_ids}
        return frozenset(used | {s.subnet_id for scope in self.scopes for s in subnets_in(scope, self.whole)})

    @cached_property
    def _vpc_ids(self) -> frozenset[str]:
        hidden = {subnet.vpc_id for subnet in self.whole.subnets if subnet.subnet_id not in self._subnet_ids}
        seen = {subnet.vpc_id for subnet in self.whole.subnets if subnet.subnet_id in self._subnet_ids}
        named = {scope.value for scope in self.scopes if scope.kind is ScopeKind.VPC}
        whole = {vpc.vpc_id for vpc in self.whole.vpcs if self._is_theirs(vpc.account_id, vpc.region)}
        return frozenset((seen | named | whole) - hidden)

    def _part(self, facts: RegionFacts) -> RegionFacts | None:
        """What may be seen of an account and region; None where that is nothing."""
        subnets = tuple(subnet for subnet in facts.subnets if subnet.subnet_id in self._subnet_ids)
        clusters = tuple(cluster for cluster in facts.clusters if cluster_key(cluster) in self._cluster_keys)
        theirs = self._is_theirs(facts.account_id, facts.region)
        if not (subnets or clusters or theirs):
            return None
        # A reason quotes what AWS answered, which may name anything of the account and region.
        spots = facts.blind_spots if theirs else tuple(_without_reason(spot) for spot in facts.blind_spots)
        vpcs = tuple(vpc for vpc in facts.vpcs if vpc.vpc_id in self._vpc_ids)
        # Where a deleted subnet belonged is not known any more, save that it was in this account and region.
        gone = facts.gone if theirs else ()
        return replace(facts, vpcs=vpcs, subnets=subnets, clusters=clusters, blind_spots=spots, gone=gone)

    def _is_theirs(self, account_id: str, region: str) -> bool:
        """Whether an account, or an account's part of a region, may be seen as a whole."""
        return any(
            scope.value == (account_id if scope.kind is ScopeKind.ACCOUNT else region)
            for scope in self.scopes
            if scope.kind in (ScopeKind.ACCOUNT, ScopeKind.REGION) and scope.value
        )

    def _lies_in_scope(self, alert: Alert) -> bool:
        return any(in_scope(scope, alert) for scope in self.scopes)


def sight(words: Iterable[str], whole: Inventory) -> Sight:
    """What may be seen by those who may see these scopes; one that names nothing known now shows nothing.

    It is kept with the inventory, for the scopes as they are written and no others.
    """
    asked = tuple(words)
    kept: dict[tuple[str, ...], Sight] = whole.derived.setdefault(Sight, {})
    if (known := kept.get(asked)) is None:
        known = kept[asked] = _sight(asked, whole)
    return known


def _sight(words: Iterable[str], whole: Inventory) -> Sight:
    found = []
    for text in words:
        try:
            found.append(resolve(text, whole))
        except UserError:
            log.warning("a scope of [access] names nothing known", extra={"scope": text})
    return Sight(scopes=tuple(found), whole=whole)


def _holds_cluster(scope: Scope, key: str, vpc_id: str) -> bool:
    account_id, region, _ = key.split("/", 2)
    match scope.kind:
        case ScopeKind.ACCOUNT:
            return scope.value == account_id
        case ScopeKind.REGION:
            return scope.value == region
        case ScopeKind.VPC:
            return scope.value == vpc_id
        case ScopeKind.CLUSTER:
            return scope.value == key
        case _:
            return scope.kind is ScopeKind.ALL


def _without_reason(spot: BlindSpot) -> BlindSpot:
    return replace(spot, reason="could not be read in full")


def _is_of(eni: Eni, strangers: Iterable[str], named: re.Pattern[str]) -> bool:
    """Whether an interface belongs to a cluster that may not be seen."""
    instance = eni.instance_id or eni.tag(_INSTANCE_TAG) or ""
    words = (eni.description, *(word for tag in eni.tags for word in tag))
    return instance in strangers or any(named.search(text) for text in words)


def _unnamed(eni: Eni) -> Eni:
    """An interface whose owner may not be told: what kind it is stays, since its addresses are taken all the same."""
    kind = next((start for start in _KINDS if eni.description.startswith(start)), "")
    tags = tuple((key, value) for key, value in eni.tags if key == _INSTANCE_TAG)
    shown = f"{kind}{ANOTHER_CLUSTER}" if kind else ""
    return replace(eni, description=shown, tags=((_CLUSTER_TAG, ANOTHER_CLUSTER), *tags))


_KINDS = ("Amazon EKS ", "aws-k8s-trunk-eni-", "aws-k8s-branch-eni-", "aws-K8S-")
"""Beginnings of the descriptions that the CNI and EKS write."""
