"""Scope: which part of the fleet a command, a watch or an alert is about, and how words become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

from bot.errors import EksipError, QueryError, UserError, nearest
from bot.inventory import Cluster, Inventory, Subnet


class ScopeKind(Enum):
    """The kinds of scope, by the prefix people type."""

    ALL = "all"
    ACCOUNT = "account"
    REGION = "region"
    VPC = "vpc"
    CLUSTER = "cluster"
    SUBNET = "subnet"
    AZ = "az"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A resolved scope: `value` is the stable identifier, `label` the words to show.

    A cluster's value is "account/region/name", since names repeat between accounts.
    """

    kind: ScopeKind
    value: str = ""
    label: str = ""

    def __str__(self) -> str:
        return "all" if self.kind is ScopeKind.ALL else f"{self.kind.value}:{self.value}"

    @property
    def words(self) -> str:
        """How the scope is shown: its label, "all" for everything."""
        return self.label or ("all" if self.kind is ScopeKind.ALL else self.value)


EVERYTHING = Scope(kind=ScopeKind.ALL, label="all")


def cluster_key(cluster: Cluster) -> str:
    """The stable identifier of a cluster: account/region/name."""
    return f"{cluster.account_id}/{cluster.region}/{cluster.name}"


def contains(scope: Scope, subnet: Subnet, clusters: Iterable[Cluster]) -> bool:
    """Whether the subnet lies in the scope; `clusters` are the ones known."""
    match scope.kind:
        case ScopeKind.ALL:
            return True
        case ScopeKind.ACCOUNT:
            return subnet.account_id == scope.value
        case ScopeKind.REGION:
            return subnet.region == scope.value
        case ScopeKind.VPC:
            return subnet.vpc_id == scope.value
        case ScopeKind.AZ:
            return scope.value in (subnet.az_id, subnet.az)
        case ScopeKind.SUBNET:
            return subnet.subnet_id == scope.value
        case ScopeKind.CLUSTER:
            return any(cluster_key(c) == scope.value and subnet.subnet_id in c.all_subnet_ids for c in clusters)


def subnets_in(scope: Scope, inventory: Inventory) -> tuple[Subnet, ...]:
    """The subnets of the inventory that lie in the scope."""
    value = scope.value
    match scope.kind:
        case ScopeKind.ALL:
            return inventory.subnets
        case ScopeKind.REGION:
            return tuple(subnet for subnet in inventory.subnets if subnet.region == value)
        case ScopeKind.CLUSTER:
            return inventory.subnets_of(frozenset().union(*(c.all_subnet_ids for c in clusters_in(scope, inventory))))
        case _:
            return tuple(subnet for subnet in inventory.subnets_near({value}) if contains(scope, subnet, ()))


def clusters_in(scope: Scope, inventory: Inventory) -> tuple[Cluster, ...]:
    """The clusters that the scope names or whose subnets it holds."""
    if scope.kind is ScopeKind.CLUSTER:
        return _clusters_by_key(inventory).get(scope.value, ())
    if scope == EVERYTHING:
        return _clusters_with_subnets(inventory)
    ids = {subnet.subnet_id for subnet in subnets_in(scope, inventory)}
    numbers = {number for subnet_id in ids for number in _places_by_subnet(inventory).get(subnet_id, ())}
    near = (inventory.regions[number] for number in sorted(numbers))
    return tuple(cluster for place in near for cluster in place.clusters if not ids.isdisjoint(cluster.all_subnet_ids))


def _places_by_subnet(inventory: Inventory) -> Mapping[str, tuple[int, ...]]:
    """The positions of the account-regions whose clusters name a subnet, by its id; gathered once for an inventory."""
    kept: Mapping[str, tuple[int, ...]] | None = inventory.derived.get(_places_by_subnet)
    if kept is None:
        found: dict[str, tuple[int, ...]] = {}
        for number, place in enumerate(inventory.regions):
            for subnet_id in place.clusters_by_subnet:
                found[subnet_id] = (*found[subnet_id], number) if subnet_id in found else (number,)
        kept = inventory.derived[_places_by_subnet] = found
    return kept


def _clusters_with_subnets(inventory: Inventory) -> tuple[Cluster, ...]:
    """The clusters of which a subnet is known, gathered once for an inventory."""
    kept: tuple[Cluster, ...] | None = inventory.derived.get(_clusters_with_subnets)
    if kept is None:
        held = inventory.subnets_by_id.keys()
        places = (region for region in inventory.regions if not region.clusters_by_subnet.keys().isdisjoint(held))
        kept = tuple(c for place in places for c in place.clusters if not held.isdisjoint(c.all_subnet_ids))
        inventory.derived[_clusters_with_subnets] = kept
    return kept


def _clusters_by_key(inventory: Inventory) -> Mapping[str, tuple[Cluster, ...]]:
    """The clusters by their stable identifier, gathered once for an inventory."""
    kept: Mapping[str, tuple[Cluster, ...]] | None = inventory.derived.get(_clusters_by_key)
    if kept is None:
        found: dict[str, tuple[Cluster, ...]] = {}
        for cluster in inventory.clusters:
            key = cluster_key(cluster)
            found[key] = (*found.get(key, ()), cluster)
        kept = inventory.derived[_clusters_by_key] = found
    return kept


def read_for(scope: Scope, inventory: Inventory) -> Inventory:
    """The part of the inventory that an answer about the scope rests on, blind spots included.

    Everything for all, a region or a zone, since any account may have a part in those; else the account-regions that
    hold the scope's subnets.
    """
    if scope.kind in (ScopeKind.ALL, ScopeKind.REGION, ScopeKind.AZ):
        return inventory
    if scope.kind is ScopeKind.ACCOUNT:
        regions = tuple(region for region in inventory.regions if region.account_id == scope.value)
        spots = tuple(spot for spot in inventory.blind_spots if spot.account_id == scope.value)
    else:
        places = {(subnet.account_id, subnet.region) for subnet in subnets_in(scope, inventory)}
        regions = tuple(r for r in inventory.regions if (r.account_id, r.region) in places)
        spots = ()
    # An account that could not be entered has no regions here, and still counts as something expected.
    expected = max(len(regions), 1) if spots else len(regions)
    return replace(inventory, regions=regions, expected_regions=expected, blind_spots=spots)


def nothing_in(scope: Scope, inventory: Inventory) -> EksipError:
    """Why a scope holds no subnet that is known: it could not be read, or there is none."""
    spots = read_for(scope, inventory).all_blind_spots
    if not spots:
        return UserError(
            f"I know no subnet in {scope.words}. `accounts` tells what I can read.", ["accounts", "status"]
        )
    spot = spots[0]
    more = f" ({len(spots) - 1} more under `accounts`)" if len(spots) > 1 else ""
    return QueryError(
        f"No subnet of {scope.words} could be read: {spot.api} in {spot.account_id} {spot.region}: {spot.reason}{more}",
        account_id=spot.account_id,
        region=spot.region,
        api=spot.api,
    )


def resolve(words: str, inventory: Inventory, *, verb: str = "status") -> Scope:
    """The one scope that the words name: `kind:value`, or a bare name, id or CIDR.

    Raises: UserError when nothing or more than one thing is meant; its suggestions are whole commands with `verb`.
    Example: `resolve("cluster:prod-eu", inventory)`, `resolve("10.0.16.0/20", inventory)`.
    """
    text = words.strip()
    if text.lower() in _ALL_WORDS:
        return EVERYTHING
    kind_word, colon, value = text.partition(":")
    kinds = {kind.value: kind for kind in ScopeKind}
    if colon and kind_word.lower() in kinds:
        kind = kinds[kind_word.lower()]
        if kind is ScopeKind.ALL:
            return EVERYTHING
        named = _named(inventory, value.strip())
        fitting = [scope for scope in named if scope.kind is kind]
        if named and not fitting:
            raise _wrong_kind(kind, value.strip(), named, verb)
        return _only(text, fitting, inventory, verb)
    if colon and not _is_cidr(text):
        close = nearest(kind_word, kinds) if len(text) <= _LONGEST_WORD else ()
        hint = f" Did you mean `{close[0]}:{value}`?" if close else ""
        raise UserError(
            f"`{_short(kind_word)}:` is not a kind of scope.{hint} Use one of {', '.join(sorted(kinds))}: "
            f"for example `{verb} cluster:prod-eu`.",
            [f"{verb} {close[0]}:{value}"] if close else [],
        )
    return _only(text, _named(inventory, text), inventory, verb)


_ALL_WORDS = frozenset({"", "all", "everything", "fleet"})


def found_scope(words: str, inventory: Inventory) -> Scope | None:
    """The scope that `resolve` finds, None where it finds none or several: no similar name is looked for."""
    text = words.strip()
    if ":" not in text and text.lower() not in _ALL_WORDS:
        named = _named(inventory, text)
        return named[0] if len(named) == 1 else None
    try:
        return resolve(text, inventory)
    except UserError:
        return None


def _named(inventory: Inventory, value: str) -> list[Scope]:
    """Every scope that a bare value names exactly (ids and names, case-insensitive; CIDRs by value)."""
    wanted = value.lower()
    found: dict[str, Scope] = {}
    if not wanted:
        return []

    def add(kind: ScopeKind, key: str, label: str) -> None:
        scope = Scope(kind=kind, value=key, label=label)
        found[str(scope)] = scope

    for account in inventory.accounts:
        if wanted in (account.account_id, account.name.lower()):
            add(ScopeKind.ACCOUNT, account.account_id, account.name)
    cidr = _cidr(value)
    # Of a cluster's key, account/region/name, the name alone is a word; names of VPCs may have strokes in them.
    ending = wanted.rpartition("/")[2]
    for region in inventory.regions:
        if wanted == region.region:
            add(ScopeKind.REGION, region.region, region.region)
        has_block = cidr is not None and cidr in region.blocks
        has_place = has_block or wanted in region.place_words or ending in region.place_words
        has_subnet = has_block or wanted in region.subnet_words
        for vpc in region.vpcs if has_place else ():
            if wanted in (vpc.vpc_id, vpc.name.lower()) or (cidr is not None and cidr in (*vpc.cidrs, *vpc.ipv6_cidrs)):
                add(ScopeKind.VPC, vpc.vpc_id, vpc.name or vpc.vpc_id)
        for cluster in region.clusters if has_place else ():
            if wanted in (cluster.name.lower(), cluster_key(cluster).lower()):
                add(ScopeKind.CLUSTER, cluster_key(cluster), cluster.name)
        for subnet in region.subnets if has_subnet else ():
            if wanted in (subnet.subnet_id, subnet.name.lower()) or (
                cidr is not None and cidr in (subnet.cidr, *subnet.ipv6_cidrs)
            ):
                add(ScopeKind.SUBNET, subnet.subnet_id, subnet.label)
            if wanted == subnet.az_id.lower():
                add(ScopeKind.AZ, subnet.az_id, subnet.az_id)
            elif wanted == subnet.az.lower():
                add(ScopeKind.AZ, subnet.az, subnet.az)
    return list(found.values())


def _only(text: str, found: list[Scope], inventory: Inventory, verb: str) -> Scope:
    if len(found) == 1:
        return found[0]
    if found:
        typed = [_shortest(scope, inventory) for scope in found[:5]]
        choices = ", ".join(f"`{word}` ({_where(scope, inventory)})" for word, scope in zip(typed, found, strict=False))
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise UserError(
            f"`{_short(text)}` names {len(found)} things: {choices}{more}. Say which, for example `{verb} {typed[0]}`.",
            [f"{verb} {word}" for word in typed],
        )
    parts = text.split()
    if 1 < len(parts) <= 5 and all(found_scope(part, inventory) for part in parts):
        raise UserError(
            f"`{_short(text)}` are {len(parts)} scopes, and one is taken at a time. For example `{verb} {parts[0]}`.",
            [f"{verb} {part}" for part in parts],
        )
    names = _known_names(inventory)
    close = nearest(text.partition(":")[2] or text, names) if len(text) <= _LONGEST_WORD else ()
    hint = f" Did you mean {', '.join(f'`{name}`' for name in close)}?" if close else ""
    raise UserError(
        f"I know no account, region, VPC, cluster, subnet or zone `{_short(text)}`.{hint} "
        f"One that works: `{verb} {_example(names, inventory, verb)}`.",
        [f"{verb} {name}" for name in close],
    )


def _shortest(scope: Scope, inventory: Inventory) -> str:
    """The shortest words that name the scope alone: `cluster:prod-eu` where one cluster has the name."""
    if scope.kind in (ScopeKind.SUBNET, ScopeKind.VPC):
        return scope.value
    named = f"{scope.kind.value}:{scope.label}"
    same = [other for other in _named(inventory, scope.label) if other.kind is scope.kind]
    return named if len(same) == 1 and " " not in scope.label else str(scope)


def _wrong_kind(kind: ScopeKind, value: str, named: list[Scope], verb: str) -> UserError:
    kinds = " and ".join(dict.fromkeys(scope.kind.value for scope in named))
    return UserError(
        f"`{_short(value)}` names no {kind.value} but a {kinds}. Say for example `{verb} {named[0]}`.",
        [f"{verb} {scope}" for scope in named[:5]],
    )


def _where(scope: Scope, inventory: Inventory) -> str:
    if scope.kind is ScopeKind.SUBNET:
        for subnet in inventory.subnets_of({scope.value}):
            return f"{scope.label}, {inventory.account_name(subnet.account_id)} {subnet.az or subnet.region}"
    if scope.kind is ScopeKind.VPC:
        for vpc in inventory.vpcs:
            if vpc.vpc_id == scope.value:
                return f"{inventory.account_name(vpc.account_id)} {vpc.region}"
    return scope.label


def _known_names(inventory: Inventory) -> list[str]:
    return list(dict.fromkeys((*inventory.names, *(region.region for region in inventory.regions))))


_LONGEST_WORD = 100
"""Characters beyond which a word is no slip of a name, so that no similar one is looked for."""


def _example(names: list[str], inventory: Inventory, verb: str) -> str:
    """A name that means one thing only, for `subnet` a subnet's; "all" where the first ones are ambiguous."""
    if verb == "subnet":
        names = [subnet.label for subnet in inventory.subnets[:20]]
    return next((name for name in names[:20] if len(_named(inventory, name)) == 1), "all")


def _short(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text[:61])
    return printable if len(printable) <= 60 else printable[:57] + "…"


def _is_cidr(text: str) -> bool:
    return _cidr(text) is not None


def _cidr(text: str) -> IPv4Network | IPv6Network | None:
    if "/" not in text:
        return None
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
