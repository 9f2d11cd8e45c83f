"""EC2's describing operations over the estate, each account shown what it may see.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (the page of each operation).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from types import MappingProxyType

from bot.capacity.eni_limits import known_types, snapshot_limits

from . import xml
from .answers import ApiError
from .content import Interface, RegionState, SubnetState
from .ec2_call import Call
from .estate import zone_id


def answer(call: Call) -> bytes:
    """The document that answers the call.

    Raises: ApiError for what EC2 would refuse.
    """
    operation = OPERATIONS.get(call.action)
    if operation is None:
        raise ApiError("InvalidAction", f"The action {call.action} is not valid for this web service.")
    _ = call.size, call.filters, call.position
    return operation(call)


def _describe_subnets(call: Call) -> bytes:
    account, region = call.caller.account_id, call.caller.region
    seen = call.estate.subnets_seen(account, region)
    if asked := call.ids("SubnetId"):
        known = {subnet.subnet_id: subnet for subnet in seen if not subnet.deleted}
        missing = next((subnet_id for subnet_id in asked if subnet_id not in known), None)
        if missing:
            raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{missing}' does not exist")
        chosen = call.filtered([known[subnet_id] for subnet_id in dict.fromkeys(asked)], _subnet_values)
        return xml.document(call.action, "subnetSet", "".join(xml.subnet(one, call.zone(one)) for one in chosen))
    state, listing = call.estate.state(account, region), call.position[1]
    if state and listing < 0:
        listing, state.listings = state.listings, state.listings + 1

    def written() -> bytes:
        listed = [one for one in seen if one.is_listed(_listing_of(one, account, listing))]
        page, token = call.page(call.filtered(listed, _subnet_values), listing)
        return xml.document(call.action, "subnetSet", "".join(xml.subnet(one, call.zone(one)) for one in page), token)

    if call.filters or any(subnet.is_unsettled for subnet in seen):
        return written()
    if len(seen) > (call.size or 1000):
        return written()  # The token carries the number of the listing.
    return call.pages.get((account, region), (call.action, 0, 0), written)


def _listing_of(subnet: SubnetState, account_id: str, listing: int) -> int:
    """The listing that counts for the subnet: the owner's, or now for one that is shared with the caller."""
    return listing if subnet.region.account_id == account_id else subnet.region.listings


def _subnet_values(subnet: SubnetState, name: str) -> Iterable[object] | None:
    values: dict[str, Iterable[object]] = {
        "subnet-id": (subnet.subnet_id,),
        "vpc-id": (subnet.vpc_id,),
        "availability-zone-id": (_zone_id(subnet),),
        "available-ip-address-count": (subnet.available_ips,),
        "cidr-block": (subnet.cidr,),
        "owner-id": (subnet.region.account_id,),
        "state": ("available",),
        "tag:Name": (subnet.name,),
    }
    return values.get(name)


def _describe_network_interfaces(call: Call) -> bytes:
    account, region = call.caller.account_id, call.caller.region
    if asked := call.ids("NetworkInterfaceId"):
        every = {interface.eni_id: interface for interface in _interfaces(call)}
        missing = next((eni_id for eni_id in asked if eni_id not in every), None)
        if missing:
            raise ApiError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{missing}' does not exist")
        return xml.document(
            call.action, "networkInterfaceSet", _written(call, [every[eni_id] for eni_id in dict.fromkeys(asked)])
        )

    def written() -> bytes:
        page, token = call.page(call.filtered(_interfaces(call), _interface_values))
        return xml.document(call.action, "networkInterfaceSet", _written(call, page), token)

    if call.filters:
        return written()
    return call.pages.get((account, region), (call.action, call.position[0], call.size or 0), written)


def _interfaces(call: Call) -> Sequence[Interface]:
    """The interfaces the caller sees; only those of the subnets that a subnet-id filter names."""
    account, region = call.caller.account_id, call.caller.region
    named = [set(values) for name, values in call.filters if name == "subnet-id" and "*" not in "".join(values)]
    found: list[Interface] = []
    for subnet in call.estate.subnets_seen(account, region):
        if not subnet.deleted and all(subnet.subnet_id in values for values in named):
            found += call.estate.interfaces_seen(account, subnet)
    return found


def _written(call: Call, shown: Sequence[Interface]) -> str:
    """The interfaces, written subnet by subnet."""
    parts, start = [], 0
    for end in range(1, len(shown) + 1):
        if end == len(shown) or shown[end].subnet is not shown[start].subnet:
            parts.append(xml.interfaces(call.zone(shown[start].subnet)[0], shown[start:end]))
            start = end
    return "".join(parts)


def _interface_values(interface: Interface, name: str) -> Iterable[object] | None:
    values: dict[str, Iterable[object]] = {
        "subnet-id": (interface.subnet.subnet_id,),
        "vpc-id": (interface.subnet.vpc_id,),
        "network-interface-id": (interface.eni_id,),
        "attachment.instance-id": (interface.instance_id,),
        "owner-id": (interface.owner_id,),
        "availability-zone-id": (_zone_id(interface.subnet),),
        "status": ("in-use",),
        "interface-type": ("interface",),
    }
    return values.get(name)


def _describe_instances(call: Call) -> bytes:
    found: dict[str, Interface] = {}
    for interface in _interfaces(call):
        if interface.offsets and interface.owner_id == call.caller.account_id:
            found.setdefault(interface.instance_id, interface)
    if asked := call.ids("InstanceId"):
        missing = next((instance_id for instance_id in asked if instance_id not in found), None)
        if missing:
            raise ApiError("InvalidInstanceID.NotFound", f"The instance ID '{missing}' does not exist")
        found = {instance_id: found[instance_id] for instance_id in asked}
    page, token = call.page(call.filtered(list(found.values()), _instance_values))
    items = "".join(xml.instance(interface, call.zone(interface.subnet)[0]) for interface in page)
    return xml.document(call.action, "reservationSet", items, token)


def _instance_values(interface: Interface, name: str) -> Iterable[object] | None:
    values: dict[str, Iterable[object]] = {
        "instance-id": (interface.instance_id,),
        "subnet-id": (interface.subnet.subnet_id,),
        "vpc-id": (interface.subnet.vpc_id,),
        "instance-state-name": ("running",),
        "instance-type": (xml.NODE_TYPE,),
    }
    return values.get(name)


def _describe_vpcs(call: Call) -> bytes:
    found = _vpcs(call)
    if asked := call.ids("VpcId"):
        missing = next((vpc_id for vpc_id in asked if vpc_id not in found), None)
        if missing:
            raise ApiError("InvalidVpcID.NotFound", f"The vpc ID '{missing}' does not exist")
        found = {vpc_id: found[vpc_id] for vpc_id in asked}
    page, token = call.page(call.filtered(list(found.items()), _vpc_values))
    return xml.document(call.action, "vpcSet", "".join(xml.vpc(*one) for _, one in page), token)


Vpc = tuple[RegionState, int, tuple[IPv4Network, ...]]


def _vpcs(call: Call) -> dict[str, Vpc]:
    """The VPCs of the subnets the caller sees, by id."""
    return {
        subnet.vpc_id: (subnet.region, subnet.vpc_number, subnet.region.vpc_blocks[subnet.vpc_number])
        for subnet in _one_of_each_vpc(call.estate.subnets_seen(call.caller.account_id, call.caller.region))
    }


def _one_of_each_vpc(subnets: Iterable[SubnetState]) -> Iterable[SubnetState]:
    return {subnet.vpc_id: subnet for subnet in subnets}.values()


def _vpc_values(item: tuple[str, Vpc], name: str) -> Iterable[object] | None:
    vpc_id, (region, _, blocks) = item
    values: dict[str, Iterable[object]] = {
        "vpc-id": (vpc_id,),
        "owner-id": (region.account_id,),
        "state": ("available",),
        "is-default": ("false",),
        "cidr": blocks[:1],
    }
    return values.get(name)


def _describe_route_tables(call: Call) -> bytes:
    found = [item for item in _vpcs(call).items() if item[1][0].account_id == call.caller.account_id]
    page, token = call.page(call.filtered(found, _vpc_values))
    return xml.document(call.action, "routeTableSet", "".join(xml.route_table(*one) for _, one in page), token)


def _describe_vpc_peering_connections(call: Call) -> bytes:
    """No VPC of a fleet is peered."""
    return xml.document(call.action, "vpcPeeringConnectionSet", "")


def _get_subnet_cidr_reservations(call: Call) -> bytes:
    subnet_id = call.request.form.get("SubnetId", "")
    for subnet in call.estate.subnets_seen(call.caller.account_id, call.caller.region):
        if subnet.subnet_id == subnet_id and not subnet.deleted:
            page, token = call.page(subnet.reservations)
            items = "".join(xml.reservation(subnet, number, one) for number, one in enumerate(page, call.position[0]))
            return xml.document(call.action, "subnetIpv4CidrReservationSet", items, token)
    raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")


def _describe_instance_types(call: Call) -> bytes:
    names: Sequence[str] = known_types()
    if asked := call.ids("InstanceType"):
        missing = next((name for name in asked if name not in names), None)
        if missing:
            raise ApiError("InvalidInstanceType", f"The following supplied instance types do not exist: [{missing}]")
        names = asked
    page, token = call.page(call.filtered(names, lambda name, on: (name,) if on == "instance-type" else None))
    items = "".join(xml.instance_type(limits) for name in page if (limits := snapshot_limits(name)))
    return xml.document(call.action, "instanceTypeSet", items, token)


def _describe_regions(call: Call) -> bytes:
    fleet, account = call.estate.fleet, call.caller.account_id
    statuses = dict.fromkeys(fleet.offered, "opt-in-not-required")
    for name in fleet.opt_in:
        statuses[name] = "opted-in" if call.estate.is_enabled(account, name) else "not-opted-in"
    for name in fleet.offered:
        if not call.estate.is_enabled(account, name):
            statuses[name] = "not-opted-in"
    asked = call.ids("RegionName")
    unknown = next((name for name in asked if name not in statuses), None)
    if unknown:
        raise ApiError("InvalidParameterValue", f"Invalid region '{unknown}'")
    if not asked and call.request.form.get("AllRegions") != "true":
        statuses = {name: status for name, status in statuses.items() if status != "not-opted-in"}
    chosen = [item for item in statuses.items() if not asked or item[0] in asked]
    listed = call.filtered(chosen, _region_values)
    return xml.document(call.action, "regionInfo", "".join(xml.region(*item) for item in listed))


def _region_values(item: tuple[str, str], name: str) -> Iterable[object] | None:
    return {"region-name": (item[0],), "opt-in-status": (item[1],)}.get(name)


def _zone_id(subnet: SubnetState) -> str:
    return zone_id(subnet.region.region, subnet.zone)


OPERATIONS: Mapping[str, Callable[[Call], bytes]] = MappingProxyType(
    {
        "DescribeSubnets": _describe_subnets,
        "DescribeNetworkInterfaces": _describe_network_interfaces,
        "DescribeInstances": _describe_instances,
        "DescribeVpcs": _describe_vpcs,
        "DescribeRouteTables": _describe_route_tables,
        "DescribeVpcPeeringConnections": _describe_vpc_peering_connections,
        "GetSubnetCidrReservations": _get_subnet_cidr_reservations,
        "DescribeInstanceTypes": _describe_instance_types,
        "DescribeRegions": _describe_regions,
    }
)
