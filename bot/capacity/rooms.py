"""Rooms: how many nodes of one kind the subnets of a zone can still take, by addresses and by /28 blocks."""

from dataclasses import dataclass, replace

from bot.capacity.nodes import HOST_NETWORK_PODS, PREFIX_IPS
from bot.capacity.warmpool import PoolSettings, default_max_pods, steady_state
from bot.inventory import InstanceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What a node takes from one kind of subnet: single addresses and whole /28 blocks."""

    singles: int
    blocks: int = 0

    @property
    def ips(self) -> int:
        """Addresses: the singles, and 16 for each block."""
        return self.singles + PREFIX_IPS * self.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one node takes: from its own subnet, and under custom networking from the ENIConfig's (`pods`).

    `extra_enis` of its ENIs, each with at most `eni_ips` addresses, may be in another subnet of the zone where subnet
    discovery has one, 0 where they may not; `primary_ips` stay in the node's own subnet.
    """

    node: Take
    pods: Take | None = None
    extra_enis: int = 0
    eni_ips: int = 0
    primary_ips: int = 0

    @property
    def ips(self) -> int:
        """Addresses from all subnets together."""
        return self.node.ips + (self.pods.ips if self.pods else 0)


def node_need(limits: InstanceLimits, settings: PoolSettings, pods: int, *, ipv6: bool = False) -> Need:
    """What a node of the type takes once `pods` pods with an address run on it.

    A node of an IPv6 cluster takes one IPv4 address, whatever its pods.
    Raises: CniRefusesToStart when ipamd would not run with the settings.
    Source: https://docs.aws.amazon.com/eks/latest/best-practices/ipv6.html and `bot.capacity.warmpool`.
    """
    if ipv6:
        return Need(node=Take(singles=1))
    pool = steady_state(limits, settings, pods)
    blocks = pool.prefixes or 0
    if settings.custom_networking:
        return Need(
            node=Take(singles=pool.node_subnet_addresses),
            pods=Take(singles=pool.pod_subnet_addresses - PREFIX_IPS * blocks, blocks=blocks),
        )
    node = Take(singles=pool.node_subnet_addresses - PREFIX_IPS * blocks, blocks=blocks)
    if blocks:
        return Need(node=node)
    trunks = pool.subnet_addresses - pool.enis - pool.addresses
    return Need(
        node=node,
        extra_enis=pool.enis - 1,
        eni_ips=1 + max(pool.per_eni[1:], default=0),
        primary_ips=1 + pool.per_eni[0] + trunks,
    )


def full_pods(limits: InstanceLimits, settings: PoolSettings) -> int:
    """Pods with an address on a full node: max-pods less the two on the host's network."""
    most = default_max_pods(limits, settings) if settings.max_pods is None else settings.max_pods
    return max(most - HOST_NETWORK_PODS, 0)


def full_need(limits: InstanceLimits, settings: PoolSettings, *, ipv6: bool = False) -> Need:
    """What a full node of the type takes."""
    return node_need(limits, settings, full_pods(limits, settings), ipv6=ipv6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is free in one subnet; None is "not known".

    `singles` are free addresses outside of every reservation, less `kept_ips`, which stay free for the control plane
    and load balancers. `open_blocks` are free /28s outside of reservations, `reserved_blocks` those inside
    reservations for prefixes. `free_ips` counts all that is free, the kept ones included.
    """

    subnet_id: str
    label: str
    free_ips: int | None
    singles: int | None
    kept_ips: int = 0
    open_blocks: int | None = None
    reserved_blocks: int | None = None

    def nodes_fit(self, take: Take) -> int | None:
        """How many nodes that take so much fit, one after the other."""
        if self.singles is None or (take.blocks and (self.open_blocks is None or self.reserved_blocks is None)):
            return None
        if not take.blocks:
            return max(self.singles, 0) // take.singles
        low, high = 0, ((self.open_blocks or 0) + (self.reserved_blocks or 0)) // take.blocks
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.holds(take, middle) else (low, middle - 1)
        return low

    def holds(self, take: Take, nodes: int) -> bool:
        """Whether so many nodes fit a subnet of which everything is known."""
        left = self.after(take, nodes)
        return _all_left(left.singles, left.open_blocks if take.blocks else 0, left.reserved_blocks)

    def blocks_bind(self, take: Take) -> bool:
        """Whether /28 blocks, not single addresses, stop the node after the last that fits."""
        nodes = self.nodes_fit(take)
        if not take.blocks or nodes is None:
            return False
        left = self.after(take, nodes + 1)
        return not _all_left(0, left.open_blocks, left.reserved_blocks)

    def after(self, take: Take, nodes: int) -> "Room":
        """The subnet with so many more nodes in it; figures fall below 0 where they do not fit.

        EC2 gives single addresses from anywhere, so each is taken to break up a free block of its own while there are
        any, the worst that can happen. Blocks come from reservations first.
        Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html (fragmentation) and
        https://github.com/aws/amazon-vpc-cni-k8s/issues/2749 (reservations first).
        """
        singles, blocks = nodes * take.singles, nodes * take.blocks
        from_reserved = min(blocks, self.reserved_blocks or 0)
        from_open = blocks - from_reserved
        broken = min(singles, self.open_blocks or 0)
        taken = singles + PREFIX_IPS * from_open
        return replace(
            self,
            free_ips=None if self.free_ips is None else self.free_ips - taken - PREFIX_IPS * from_reserved,
            singles=None if self.singles is None else self.singles - taken,
            open_blocks=None if self.open_blocks is None else self.open_blocks - broken - from_open,
            reserved_blocks=None if self.reserved_blocks is None else self.reserved_blocks - from_reserved,
        )

    def with_more(self, ips: int, *, blocks: int = 0) -> "Room":
        """The subnet after so many addresses came back to it, `blocks` whole /28s among them."""
        return replace(
            self,
            free_ips=None if self.free_ips is None else self.free_ips + ips,
            singles=None if self.singles is None else self.singles + ips,
            open_blocks=None if self.open_blocks is None else self.open_blocks + blocks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The subnets of one Availability Zone: for nodes, for pods under custom networking, and for subnet discovery."""

    az_id: str
    az: str = ""
    node_rooms: tuple[Room, ...] = ()
    pod_rooms: tuple[Room, ...] = ()
    discovered: tuple[Room, ...] = ()

    @property
    def label(self) -> str:
        """The subnet's name where nodes have one subnet in the zone, else the zone."""
        return self.node_rooms[0].label if len(self.node_rooms) == 1 else self.az or self.az_id

    def rooms(self, *, pods: bool) -> tuple[Room, ...]:
        """The subnets of the pods, or those of the nodes."""
        return self.pod_rooms if pods else self.node_rooms

    def nodes_fit(self, need: Need) -> int | None:
        """How many nodes fit; None when a subnet they would use is not known, or the pods' subnet is not."""
        own = self._own_fit(need)
        if need.pods is None:
            return own
        for_pods = _sum([room.nodes_fit(need.pods) for room in self.pod_rooms]) if self.pod_rooms else None
        return None if own is None or for_pods is None else min(own, for_pods)

    def pods_bind(self, need: Need) -> bool:
        """Whether the pods' subnets, not the nodes', stop the next node."""
        own, both = self._own_fit(need), self.nodes_fit(need)
        return need.pods is not None and (both is None or (own is not None and both < own))

    def _own_fit(self, need: Need) -> int | None:
        alone = _sum([room.nodes_fit(need.node) for room in self.node_rooms])
        if alone is None or not self.discovered or not need.extra_enis:
            return alone
        return max(alone, self._with_discovery(need))

    def _with_discovery(self, need: Need) -> int:
        """Nodes that fit when their extra ENIs may be in any of the zone's subnets, which are taken as one pool.

        ipamd tries the candidates by their free addresses, the fullest last.
        Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go (getVpcSubnets).
        """
        own = sum(room.singles or 0 for room in self.node_rooms)
        elsewhere = sum(max(room.singles or 0, 0) // need.eni_ips for room in self.discovered)
        low, high = 0, sum((room.singles or 0) // need.primary_ips for room in self.node_rooms)
        while low < high:
            middle = (low + high + 1) // 2
            at_home = (own - middle * need.primary_ips) // need.eni_ips
            fits = middle * need.extra_enis <= elsewhere + at_home
            low, high = (middle, high) if fits else (low, middle - 1)
        return low

    def filled(self, need: Need, nodes: int) -> "Zone":
        """The zone with so many more nodes, subnet after subnet; what does not fit leaves the last one below 0."""
        pods = self.pod_rooms if need.pods is None else _filled(self.pod_rooms, need.pods, nodes)
        return replace(self, node_rooms=_filled(self.node_rooms, need.node, nodes), pod_rooms=pods)


def _filled(rooms: tuple[Room, ...], take: Take, nodes: int) -> tuple[Room, ...]:
    left, after = nodes, []
    for index, room in enumerate(rooms):
        last = index == len(rooms) - 1
        here = left if last else min(left, max(room.nodes_fit(take) or 0, 0))
        after.append(room.after(take, here))
        left -= here
    return tuple(after)


def _sum(counts: list[int | None]) -> int | None:
    known = [max(count, 0) for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _all_left(*figures: int | None) -> bool:
    return all((figure or 0) >= 0 for figure in figures)
