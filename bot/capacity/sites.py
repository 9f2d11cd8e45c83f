"""Sites: the zones where new nodes of a scope would start, what is free there, and what its nodes hold today."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bot.capacity.blocks import block_map, unattributed_ips
from bot.capacity.holders import HolderKind, kind_and_owner
from bot.capacity.node_mix import TypeNodes
from bot.capacity.nodes import PREFIX_IPS
from bot.capacity.rooms import Need, Room, Zone, full_need
from bot.capacity.size import LOAD_BALANCER_IPS
from bot.capacity.subnets import usable_ips
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import (
    Cluster,
    Eni,
    InstanceLimits,
    Inventory,
    Nodegroup,
    Quality,
    ReservationType,
    Subnet,
    SubnetContents,
    Vpc,
)
from bot.scope import Scope, ScopeKind, subnets_in

UPDATE_IPS = 5
"""Free addresses that EKS wants in each of a cluster's subnets for an update of its control plane.

Source: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html (up to five available IP addresses) and
https://github.com/aws/containers-roadmap/issues/1693 (the refusal names each subnet below five).
"""

MAX_READS = 60
"""Subnets whose interfaces one plan reads at most, those of the nodes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the cluster's nodes of one type hold in one subnet: addresses, of these `pod_ips` meant for pods.

    `largest` is the most (single addresses, /28 blocks) that one of them holds there; `nodegroup` is None for nodes
    outside of managed node groups.
    """

    subnet_id: str
    instance_type: str
    nodegroup: str | None
    nodes: int
    ips: int
    pod_ips: int
    largest: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A node group that may still grow by itself: to its maximum, by `nodes` of its first type."""

    nodegroup: str
    instance_type: str
    nodes: int
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a plan's nodes go: `zones` of the scope, `elsewhere` the cluster's other zones, and what is there now.

    `held` is None when the interfaces of a subnet of the nodes were not read. `pods_apart` are addresses that pods
    could have in other subnets: under custom networking the ENIConfigs', else those of subnet discovery.
    """

    cluster: Cluster | None
    vpc: Vpc | None
    zones: tuple[Zone, ...]
    elsewhere: tuple[Zone, ...] = ()
    held: tuple[Held, ...] | None = None
    growth: tuple[Growth, ...] = ()
    unseen_ips: int = 0

    @property
    def types(self) -> Counter[str]:
        """The cluster's nodes by instance type: counted, else the node groups' desired sizes."""
        found: Counter[str] = Counter()
        for item in self.held or ():
            # A node is counted where its own subnet is: there it holds its primary address.
            if item.subnet_id in self.node_subnet_ids:
                found[item.instance_type] += item.nodes
        if not found and self.cluster is not None:
            for group in self.cluster.nodegroups:
                for instance_type in group.instance_types[:1]:
                    found[instance_type] += group.desired_size or 0
        return found

    @property
    def type_nodes(self) -> tuple[TypeNodes, ...]:
        """The nodes that were counted by type, with what they hold in all subnets."""
        by_type: dict[str, list[Held]] = defaultdict(list)
        for item in self.held or ():
            by_type[item.instance_type].append(item)
        counts = self.types
        return tuple(
            TypeNodes(
                instance_type=instance_type,
                mode=PoolMode.PREFIX if any(item.largest[1] for item in items) else PoolMode.SECONDARY,
                nodes=counts[instance_type],
                managed=all(item.nodegroup is not None for item in items),
                held_ips=sum(item.ips for item in items),
                pod_ips=sum(item.pod_ips for item in items),
            )
            for instance_type, items in by_type.items()
            if counts[instance_type]
        )

    @property
    def node_subnet_ids(self) -> frozenset[str]:
        """The subnets of the nodes in all zones."""
        return frozenset(room.subnet_id for zone in (*self.zones, *self.elsewhere) for room in zone.node_rooms)

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of the nodes' subnets whose /28 blocks are not known."""
        return tuple(room.label for zone in self.zones for room in zone.node_rooms if room.open_blocks is None)


def node_subnets(scope: Scope, cluster: Cluster | None, inventory: Inventory) -> tuple[Subnet, ...]:
    """The subnets of the scope where new nodes of the cluster would start; without one of its own, the whole scope."""
    found = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    own = [subnet for subnet in found if cluster is not None and subnet.subnet_id in cluster.node_subnet_ids]
    return tuple(own or ([] if scope.kind is ScopeKind.CLUSTER else found))


def subnets_to_read(nodes_in: Sequence[Subnet], cluster: Cluster | None, inventory: Inventory) -> tuple[Subnet, ...]:
    """The subnets whose interfaces a plan needs: the nodes', then the VPC's others, where pods may have theirs."""
    first = {subnet.subnet_id for subnet in nodes_in}
    if cluster is None:
        return tuple(nodes_in)[:MAX_READS]
    others = [
        subnet
        for subnet in inventory.vpc_subnets(cluster.vpc_id)
        if subnet.subnet_id not in first and subnet.cidr is not None
    ]
    others.sort(key=lambda subnet: (subnet.subnet_id not in cluster.node_subnet_ids, subnet.subnet_id))
    return (*nodes_in, *others)[:MAX_READS]


def site(
    nodes_in: Sequence[Subnet],
    cluster: Cluster | None,
    inventory: Inventory,
    contents: SubnetContents,
    *,
    prefixes: bool,
    custom_networking: bool,
) -> Site:
    """The site of a plan whose nodes start in these subnets; `prefixes` lets reserved blocks count as free."""
    by_subnet = _by_subnet(contents)
    control = inventory.control_subnet_ids
    here = {subnet.subnet_id for subnet in nodes_in}
    vpc_id = cluster.vpc_id if cluster is not None else next((subnet.vpc_id for subnet in nodes_in), "")
    known = {subnet.subnet_id: subnet for subnet in inventory.vpc_subnets(vpc_id)}
    known |= {subnet.subnet_id: subnet for subnet in nodes_in}
    node_ids = here | (cluster.node_subnet_ids if cluster is not None else frozenset())
    held = _held(cluster, contents)
    apart = {item.subnet_id for item in held} - node_ids
    rooms: dict[str, Room] = {}
    unseen = 0
    for subnet_id in (*node_ids, *apart):
        if subnet_id in known and known[subnet_id].cidr is not None:
            rooms[subnet_id], loose = _room(
                known[subnet_id], by_subnet.get(subnet_id, ()), contents, prefixes=prefixes, control=control
            )
            unseen += loose
    pods = apart if custom_networking else frozenset[str]()
    discovered = frozenset[str]() if custom_networking or _custom_now(cluster) else apart
    zones = _zones([known[i] for i in sorted(here)], known, rooms, pods=pods, discovered=discovered)
    rest = [known[i] for i in sorted(node_ids - here) if i in rooms]
    read = node_ids & contents.enis_read
    return Site(
        cluster=cluster,
        vpc=next((vpc for vpc in inventory.vpcs if vpc.vpc_id == vpc_id), None),
        zones=zones,
        elsewhere=_zones(rest, known, rooms, pods=pods, discovered=discovered),
        held=tuple(held) if node_ids and read == node_ids else None,
        growth=tuple(_growth(cluster.nodegroups)) if cluster is not None else (),
        unseen_ips=unseen,
    )


def grown(here: Site, limits_of: Mapping[str, InstanceLimits], settings: PoolSettings, *, ipv6: bool = False) -> Site:
    """The site after every node group grew to its maximum with full nodes, spread evenly over the group's zones.

    A group whose type or limits are not known is left out; what has no room is not placed.
    """
    zones = here.zones
    for growth in here.growth:
        limits = limits_of.get(growth.instance_type)
        if limits is None:
            continue
        need = full_need(limits, settings, ipv6=ipv6)
        own = [zone for zone in (*zones, *here.elsewhere) if _rooms_of(zone, growth.subnet_ids)]
        share = -(-growth.nodes // max(len(own), 1))
        zones = tuple(_grown(zone, need, share, growth.subnet_ids) for zone in zones)
    return replace(here, zones=zones)


def _rooms_of(zone: Zone, subnet_ids: Sequence[str]) -> tuple[Room, ...]:
    return tuple(room for room in zone.node_rooms if room.subnet_id in subnet_ids)


def _grown(zone: Zone, need: Need, nodes: int, subnet_ids: Sequence[str]) -> Zone:
    part = replace(zone, node_rooms=_rooms_of(zone, subnet_ids))
    fit = part.nodes_fit(need) if part.node_rooms else None
    if not fit:
        return zone
    after = part.filled(need, min(nodes, fit))
    changed = {room.subnet_id: room for room in after.node_rooms}
    rooms = tuple(changed.get(room.subnet_id, room) for room in zone.node_rooms)
    return replace(zone, node_rooms=rooms, pod_rooms=after.pod_rooms)


def _custom_now(cluster: Cluster | None) -> bool:
    value = cluster.cni.value("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") if cluster is not None else None
    return (value or "").lower() in {"true", "t", "1"}


def _by_subnet(contents: SubnetContents) -> Mapping[str, Sequence[Eni]]:
    found: dict[str, list[Eni]] = defaultdict(list)
    for eni in contents.enis:
        found[eni.subnet_id].append(eni)
    return found


def _room(
    subnet: Subnet, enis: Sequence[Eni], contents: SubnetContents, *, prefixes: bool, control: Set[str]
) -> tuple[Room, int]:
    """The room of a subnet and the addresses in it that no visible interface explains.

    An address held by somebody unseen may break up any block, so each costs one.
    """
    assert subnet.cidr is not None
    available = None if subnet.quality in (Quality.UNKNOWN, Quality.GONE) else subnet.available_ips
    kept = UPDATE_IPS if subnet.subnet_id in control else 0
    if any(_load_balancer(eni) for eni in enis):
        kept = LOAD_BALANCER_IPS
    room = Room(
        subnet_id=subnet.subnet_id,
        label=subnet.label,
        free_ips=available,
        singles=None if available is None else available - kept,
        kept_ips=kept,
    )
    if subnet.subnet_id not in contents.enis_read & contents.reservations_read or available is None:
        return (replace(room, free_ips=None) if prefixes else room), 0
    reservations = [item for item in contents.reservations if item.subnet_id == subnet.subnet_id]
    blocks = block_map(subnet.cidr, enis, reservations)
    closed = [replace(item, reservation_type=ReservationType.EXPLICIT) for item in reservations]
    outside = block_map(subnet.cidr, enis, closed).free if reservations else blocks.free
    unseen = max(unattributed_ips(usable_ips(subnet.cidr), available, blocks.reserved_free_ips, blocks.used_ips), 0)
    return (
        replace(
            room,
            free_ips=available + (blocks.free_prefix_reserved_ips if prefixes else 0),
            open_blocks=max(outside - unseen, 0),
            reserved_blocks=blocks.free - outside,
        ),
        unseen,
    )


def _load_balancer(eni: Eni) -> bool:
    if eni.instance_id is not None:
        return False
    return kind_and_owner(eni, {})[0] is HolderKind.LOAD_BALANCER


def _zones(
    subnets: Iterable[Subnet],
    known: Mapping[str, Subnet],
    rooms: Mapping[str, Room],
    *,
    pods: Iterable[str],
    discovered: Iterable[str],
) -> tuple[Zone, ...]:
    """The zones of the nodes' subnets, each with the subnets its pods have; pods stay in the node's zone."""
    by_zone: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in subnets:
        by_zone[subnet.az_id or subnet.az].append(subnet)

    def there(zone: str, subnet_ids: Iterable[str]) -> tuple[Room, ...]:
        return tuple(rooms[i] for i in sorted(subnet_ids) if i in rooms and (known[i].az_id or known[i].az) == zone)

    return tuple(
        Zone(
            az_id=zone,
            az=group[0].az,
            node_rooms=tuple(rooms[subnet.subnet_id] for subnet in sorted(group, key=lambda item: item.label)),
            pod_rooms=there(zone, pods),
            discovered=there(zone, discovered),
        )
        for zone, group in sorted(by_zone.items(), key=lambda item: item[1][0].az)
    )


def _held(cluster: Cluster | None, contents: SubnetContents) -> list[Held]:
    """What the nodes of the cluster hold, by subnet, type and node group; branch interfaces are the pods' own."""
    if cluster is None:
        return []
    nodes = {
        node.instance_id: node
        for node in contents.nodes
        if node.cluster == cluster.name and node.region == cluster.region
    }
    per_node: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for eni in contents.enis:
        if eni.instance_id in nodes and eni.interface_type.lower() not in ("branch", "trunk"):
            entry = per_node[eni.subnet_id, eni.instance_id or ""]
            entry[0] += len(eni.addresses)
            entry[1] += len(eni.prefixes)
            entry[2] += len(eni.addresses) - 1 + PREFIX_IPS * len(eni.prefixes)
    groups: dict[tuple[str, str, str | None], list[list[int]]] = defaultdict(list)
    for (subnet_id, instance_id), entry in per_node.items():
        node = nodes[instance_id]
        groups[subnet_id, node.instance_type, node.nodegroup].append(entry)
    return [
        Held(
            subnet_id=subnet_id,
            instance_type=instance_type,
            nodegroup=nodegroup,
            nodes=len(entries),
            ips=sum(singles + PREFIX_IPS * blocks for singles, blocks, _ in entries),
            pod_ips=sum(for_pods for _, _, for_pods in entries),
            largest=(max(singles for singles, _, _ in entries), max(blocks for _, blocks, _ in entries)),
        )
        for (subnet_id, instance_type, nodegroup), entries in groups.items()
    ]


def _growth(nodegroups: Iterable[Nodegroup]) -> Iterable[Growth]:
    for group in nodegroups:
        more = (group.max_size or 0) - (group.desired_size or 0)
        if more > 0 and group.max_size is not None and group.desired_size is not None:
            yield Growth(
                nodegroup=group.name,
                instance_type=next(iter(group.instance_types), ""),
                nodes=more,
                subnet_ids=group.subnet_ids,
            )
