"""Demand for addresses in the demo: takes them as a growing cluster would, and gives them back."""

from datetime import timedelta

from bot.demo.allocator import AllocationError
from bot.demo.estate import Estate, Interface, NodeState, SubnetState
from bot.demo.estate_build import EstateBuilder
from bot.demo.holders import HolderBuilder


class Demand:
    """What was taken and can be given back, newest first, per subnet."""

    def __init__(self, estate: Estate, builder: EstateBuilder) -> None:
        self._estate = estate
        self._builder = builder
        self._holders = HolderBuilder(estate)
        self._taken: dict[str, list[Interface]] = {}

    def take(self, subnet: SubnetState, addresses: int) -> int:
        """Take up to `addresses` single addresses as the VPC CNI does; returns how many it got.

        New interfaces go to nodes of the subnet with a free slot, then to new nodes as an autoscaler would add them.
        In a subnet without nodes Lambda functions take the addresses, one each.
        """
        taken = 0
        with self._estate.lock:
            while taken < addresses:
                wanted = min(addresses - taken, subnet.space.available_ips)
                try:
                    taken += self._fill_last(subnet, wanted) or self._one_more(subnet, wanted)
                except AllocationError:
                    break
        return taken

    def give_back(self, subnet: SubnetState, addresses: int | None = None) -> int:
        """Give back up to `addresses` of what take() took, all of it by default; returns how many."""
        given = 0
        with self._estate.lock:
            held = self._taken.get(subnet.subnet_id, [])
            while held and (addresses is None or given < addresses):
                interface = held[-1]
                size = len(interface.addresses)
                if addresses is not None and given + size > addresses:
                    some = interface.addresses[size - (addresses - given) :]
                    self._estate.unassign(interface.eni_id, some)
                    given += len(some)
                else:
                    held.pop()
                    self._remove(interface)
                    given += size
        return given

    def _fill_last(self, subnet: SubnetState, addresses: int) -> int:
        """Assign more addresses to the newest interface taken, as the CNI fills one before it attaches another."""
        held = self._taken.get(subnet.subnet_id, [])
        attachment = held[-1].attachment if held else None
        if attachment is None or attachment.instance_id is None:
            return 0
        room = self._limits(self._estate.nodes[attachment.instance_id])[1] - len(held[-1].addresses)
        added, _ = self._estate.assign(held[-1].eni_id, count=min(room, addresses))
        return len(added)

    def _one_more(self, subnet: SubnetState, addresses: int) -> int:
        interface = self._new_interface(subnet, addresses)
        self._taken.setdefault(subnet.subnet_id, []).append(interface)
        return len(interface.addresses)

    def _new_interface(self, subnet: SubnetState, addresses: int) -> Interface:
        node = self._node_with_room(subnet)
        if node is not None:
            size = min(addresses, self._limits(node)[1])
            return self._holders.secondary(node, subnet.subnet_id, secondary=max(0, size - 1))
        like = next((n for n in self._estate.nodes.values() if n.subnet_id == subnet.subnet_id), None)
        if like is None or addresses < 1:
            return self._holders.service("lambda", subnet.subnet_id, len(self._estate.interfaces))
        (node,) = self._builder.launch(
            like.nodegroup, like.cluster, subnet, like.instance_type, 1, age=timedelta(minutes=1)
        )
        return self._holders.primary(node, secondary=min(addresses, self._limits(node)[1]) - 1, prefixes=0)

    def _node_with_room(self, subnet: SubnetState) -> NodeState | None:
        slots: dict[str, int] = {}
        here: set[str] = set()
        for interface in self._estate.interfaces.values():
            instance_id = interface.attachment.instance_id if interface.attachment else None
            if instance_id is not None:
                slots[instance_id] = slots.get(instance_id, 0) + 1
                if interface.subnet is subnet:
                    here.add(instance_id)
        nodes = sorted(here, key=lambda instance_id: (slots[instance_id], instance_id))
        if nodes and slots[nodes[0]] < self._limits(self._estate.nodes[nodes[0]])[0]:
            return self._estate.nodes[nodes[0]]
        return None

    def _limits(self, node: NodeState) -> tuple[int, int]:
        return self._builder.limits(node.account_id, node.region, node.instance_type)

    def _remove(self, interface: Interface) -> None:
        attachment = interface.attachment
        self._estate.delete_interface(interface.eni_id, force=True)
        if attachment is not None and attachment.instance_id is not None and attachment.device_index == 0:
            self._builder.terminate(self._estate.nodes[attachment.instance_id])
