"""The state behind the demo's EC2 answers that moto does not keep: subnets with real address spaces, and interfaces.

Every other part reads and changes it under `Estate.lock`; the public methods take the lock themselves.
"""

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from bot.demo.allocator import AllocationError, ReservationType, SubnetSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Where an interface is plugged in; `instance_id` is None when the owner is an AWS service."""

    attachment_id: str
    attached_at: datetime
    device_index: int
    instance_owner_id: str
    instance_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Interface:
    """One elastic network interface; `addresses[0]` is its primary address."""

    eni_id: str
    subnet: "SubnetState"
    addresses: list[IPv4Address]
    prefixes: list[IPv4Network] = field(default_factory=list)
    ipv6_prefixes: tuple[IPv6Network, ...] = ()
    description: str = ""
    interface_type: str = "interface"
    attachment: Attachment | None = None
    in_use: bool = False
    requester_id: str = ""
    requester_managed: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SubnetReservation:
    """A subnet CIDR reservation as GetSubnetCidrReservations shows it."""

    reservation_id: str
    cidr: IPv4Network
    reservation_type: ReservationType
    description: str


@dataclass(slots=True, kw_only=True)
class SubnetState:
    """One subnet; `moto_facts` is moto's own description, the fields the estate does not decide."""

    subnet_id: str
    name: str
    account_id: str
    region: str
    vpc_id: str
    az: str
    az_id: str
    space: SubnetSpace
    tags: Mapping[str, str]
    moto_facts: Mapping[str, object]
    ipv6_cidr: IPv6Network | None = None
    reservations: list[SubnetReservation] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """One EC2 instance that is a node of a cluster."""

    instance_id: str
    account_id: str
    region: str
    cluster: str
    nodegroup: str
    subnet_id: str
    instance_type: str
    launched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """What the demo adds to moto's EKS cluster; `issues` and `addon` are JSON as EKS writes it."""

    account_id: str
    region: str
    name: str
    vpc_id: str
    created_at: datetime
    issues: Sequence[Mapping[str, object]] = ()
    addons: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


class Estate:
    """Subnets, interfaces, nodes and clusters of every account, by id.

    `kubernetes` names the endpoint and the CA (base64) of a cluster, "ACCOUNT/REGION/NAME", while its API is served.
    """

    def __init__(self, *, seed: int, now: datetime) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.random = random.Random(seed)  # noqa: S311 - ids and placement, not cryptography
        self.subnets: dict[str, SubnetState] = {}
        self.interfaces: dict[str, Interface] = {}
        self.nodes: dict[str, NodeState] = {}
        self.clusters: dict[tuple[str, str, str], ClusterState] = {}
        self.nodegroup_issues: dict[tuple[str, str, str, str], list[Mapping[str, object]]] = {}
        self.kubernetes: Callable[[str], tuple[str, str]] | None = None
        self.failed_launches: dict[tuple[str, str, str, str], list[tuple[datetime, str]]] = {}

    def new_id(self, kind: str) -> str:
        """A resource id in EC2's long form, such as eni-0123456789abcdef0."""
        return f"{kind}-0{self.random.getrandbits(64):016x}"

    def add_subnet(self, subnet: SubnetState) -> SubnetState:
        """Register a subnet."""
        with self.lock:
            self.subnets[subnet.subnet_id] = subnet
        return subnet

    def subnets_of(self, account_id: str, region: str) -> list[SubnetState]:
        """The subnets of one account and region in a stable order."""
        with self.lock:
            return [s for s in self.subnets.values() if (s.account_id, s.region) == (account_id, region)]

    def interfaces_of(self, account_id: str, region: str) -> list[Interface]:
        """The interfaces of one account and region, oldest first."""
        with self.lock:
            return [
                interface
                for interface in self.interfaces.values()
                if (interface.subnet.account_id, interface.subnet.region) == (account_id, region)
            ]

    def attached_to(self, instance_id: str) -> Iterator[Interface]:
        """The interfaces attached to an instance, the primary first."""
        with self.lock:
            attached = [
                (interface.attachment.device_index, interface)
                for interface in self.interfaces.values()
                if interface.attachment is not None and interface.attachment.instance_id == instance_id
            ]
        return (interface for _, interface in sorted(attached, key=lambda pair: pair[0]))

    def subnet(self, name_or_id: str) -> SubnetState:
        """The subnet with this id, or the only one with this Name tag.

        Raises: KeyError when none or several carry the name.
        """
        with self.lock:
            if name_or_id in self.subnets:
                return self.subnets[name_or_id]
            named = [subnet for subnet in self.subnets.values() if subnet.name == name_or_id]
        if len(named) != 1:
            raise KeyError(f"{len(named)} subnets of the demo estate are named {name_or_id!r}.")
        return named[0]

    def create_interface(
        self,
        subnet_id: str,
        *,
        primary: IPv4Address | None = None,
        named: Sequence[IPv4Address] = (),
        secondary_count: int = 0,
        prefix_count: int = 0,
        named_prefixes: Sequence[IPv4Network] = (),
        description: str = "",
        interface_type: str = "interface",
        attachment: Attachment | None = None,
        in_use: bool = False,
        requester_id: str = "",
        requester_managed: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Interface:
        """Create an interface with all its addresses and prefixes, or nothing at all.

        Raises: AllocationError with EC2's code.
        """
        with self.lock:
            subnet = self._known_subnet(subnet_id)
            interface = Interface(
                eni_id=self.new_id("eni"),
                subnet=subnet,
                addresses=[],
                description=description,
                interface_type=interface_type,
                attachment=attachment,
                in_use=in_use or attachment is not None,
                requester_id=requester_id,
                requester_managed=requester_managed,
                tags=dict(tags or {}),
            )
            space = subnet.space
            interface.addresses.append(space.take_single() if primary is None else space.take_address(primary))
            try:
                self._grow(
                    interface,
                    named=named,
                    count=secondary_count,
                    prefix_count=prefix_count,
                    named_prefixes=named_prefixes,
                )
            except AllocationError:
                space.release(interface.addresses, interface.prefixes)
                raise
            self.interfaces[interface.eni_id] = interface
            return interface

    def assign(
        self,
        eni_id: str,
        *,
        named: Sequence[IPv4Address] = (),
        count: int = 0,
        prefix_count: int = 0,
        named_prefixes: Sequence[IPv4Network] = (),
    ) -> tuple[list[IPv4Address], list[IPv4Network]]:
        """Add addresses or prefixes to an interface, all or none; returns what was added.

        Raises: AllocationError with EC2's code.
        """
        with self.lock:
            interface = self.known_interface(eni_id)
            held, held_prefixes = len(interface.addresses), len(interface.prefixes)
            try:
                self._grow(
                    interface,
                    named=named,
                    count=count,
                    prefix_count=prefix_count,
                    named_prefixes=named_prefixes,
                )
            except AllocationError:
                added = interface.addresses[held:], interface.prefixes[held_prefixes:]
                interface.subnet.space.release(*added)
                del interface.addresses[held:], interface.prefixes[held_prefixes:]
                raise
            return interface.addresses[held:], interface.prefixes[held_prefixes:]

    def unassign(
        self, eni_id: str, addresses: Iterable[IPv4Address] = (), prefixes: Iterable[IPv4Network] = ()
    ) -> None:
        """Take secondary addresses and prefixes off an interface and give them back to the subnet.

        Raises: AllocationError InvalidParameterValue for an address the interface does not hold as secondary.
        """
        with self.lock:
            interface = self.known_interface(eni_id)
            going, going_prefixes = list(addresses), list(prefixes)
            if not set(going) <= set(interface.addresses[1:]) or not set(going_prefixes) <= set(interface.prefixes):
                raise AllocationError("InvalidParameterValue", f"Some addresses are not assigned to interface {eni_id}")
            interface.subnet.space.release(going, going_prefixes)
            interface.addresses = [address for address in interface.addresses if address not in set(going)]
            interface.prefixes = [prefix for prefix in interface.prefixes if prefix not in set(going_prefixes)]

    def delete_interface(self, eni_id: str, *, force: bool = False) -> None:
        """Delete an interface and give all it held back to the subnet; `force` detaches it first.

        Raises: AllocationError InvalidNetworkInterface.InUse while it is attached.
        """
        with self.lock:
            interface = self.known_interface(eni_id)
            if interface.in_use and not force:
                raise AllocationError(
                    "InvalidNetworkInterface.InUse", f"The network interface '{eni_id}' is currently in use."
                )
            interface.subnet.space.release(interface.addresses, interface.prefixes)
            del self.interfaces[eni_id]

    def known_interface(self, eni_id: str, account_id: str | None = None) -> Interface:
        """The interface with this id.

        Raises: AllocationError InvalidNetworkInterfaceID.NotFound, also for one of another account.
        """
        interface = self.interfaces.get(eni_id)
        if interface is None or account_id not in (None, interface.subnet.account_id):
            raise AllocationError(
                "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{eni_id}' does not exist"
            )
        return interface

    def _known_subnet(self, subnet_id: str) -> SubnetState:
        if subnet_id not in self.subnets:
            raise AllocationError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        return self.subnets[subnet_id]

    @staticmethod
    def _grow(
        interface: Interface,
        *,
        named: Sequence[IPv4Address],
        count: int,
        prefix_count: int,
        named_prefixes: Sequence[IPv4Network],
    ) -> None:
        space = interface.subnet.space
        for address in named:
            interface.addresses.append(space.take_address(address))
        interface.addresses.extend(space.take_singles(count))
        for prefix in named_prefixes:
            interface.prefixes.append(space.take_network(prefix))
        interface.prefixes.extend(space.take_prefixes(prefix_count))
