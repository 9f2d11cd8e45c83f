"""Estate objects as EC2 describes them, and the values EC2's filters compare.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (API_Subnet, API_NetworkInterface, API_Instance,
API_SubnetCidrReservation, API_Region and the Filters of the describing operations).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from bot.demo.estate import Interface, NodeState, SubnetReservation, SubnetState

_ENABLED = (
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 "
    "eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
)
_NOT_OPTED_IN = "af-south-1 ap-east-1 ap-south-2 eu-central-2 eu-south-1 il-central-1 me-central-1 me-south-1"

REGIONS: tuple[Mapping[str, str], ...] = tuple(
    MappingProxyType({"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status})
    for names, status in ((_ENABLED, "opt-in-not-required"), (_NOT_OPTED_IN, "not-opted-in"))
    for name in names.split(" ")
)
"""Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html: the regions enabled by
default, and some that an account must opt in to."""


def subnet(state: SubnetState) -> dict[str, Any]:
    """A subnet with the count of addresses its space really has."""
    return {**state.moto_facts, "Tags": tag_list(state.tags), "AvailableIpAddressCount": state.space.available_ips}


def subnet_filter(state: SubnetState, name: str) -> Iterable[object] | None:
    """A subnet's values for a DescribeSubnets filter, None for a name EC2 does not know."""
    values: dict[str, Iterable[object]] = {
        "subnet-id": (state.subnet_id,),
        "vpc-id": (state.vpc_id,),
        "availability-zone": (state.az,),
        "availabilityZone": (state.az,),
        "availability-zone-id": (state.az_id,),
        "available-ip-address-count": (state.space.available_ips,),
        "cidr-block": (state.space.cidr,),
        "cidr": (state.space.cidr,),
        "owner-id": (state.account_id,),
        "state": ("available",),
        "default-for-az": ("false",),
    }
    return values.get(name, _tag_values(state.tags, name))


def interface(state: Interface) -> dict[str, Any]:
    """An interface; addresses inside its prefixes are not listed, as in EC2."""
    subnet_state = state.subnet
    described: dict[str, Any] = {
        "NetworkInterfaceId": state.eni_id,
        "SubnetId": subnet_state.subnet_id,
        "VpcId": subnet_state.vpc_id,
        "AvailabilityZone": subnet_state.az,
        "Description": state.description,
        "InterfaceType": state.interface_type,
        "Status": "in-use" if state.in_use else "available",
        "OwnerId": subnet_state.account_id,
        "RequesterManaged": state.requester_managed,
        "SourceDestCheck": True,
        "MacAddress": _mac_address(state.eni_id),
        "TagSet": tag_list(state.tags),
        "Groups": [],
        "Ipv6Addresses": [],
        "PrivateIpAddress": state.addresses[0],
        "PrivateIpAddresses": _addresses(state),
    }
    if state.requester_id:
        described["RequesterId"] = state.requester_id
    if state.prefixes:
        described["Ipv4Prefixes"] = [{"Ipv4Prefix": prefix} for prefix in state.prefixes]
    if state.ipv6_prefixes:
        described["Ipv6Prefixes"] = [{"Ipv6Prefix": prefix} for prefix in state.ipv6_prefixes]
    if state.attachment is not None:
        described["Attachment"] = _attachment(state) | {
            "InstanceOwnerId": state.attachment.instance_owner_id,
            **({"InstanceId": state.attachment.instance_id} if state.attachment.instance_id else {}),
        }
    return described


def interface_filter(state: Interface, name: str) -> Iterable[object] | None:
    """An interface's values for a DescribeNetworkInterfaces filter, None for a name EC2 does not know."""
    attachment = state.attachment
    values: dict[str, Iterable[object]] = {
        "network-interface-id": (state.eni_id,),
        "subnet-id": (state.subnet.subnet_id,),
        "vpc-id": (state.subnet.vpc_id,),
        "availability-zone": (state.subnet.az,),
        "description": (state.description,),
        "interface-type": (state.interface_type,),
        "status": ("in-use" if state.in_use else "available",),
        "owner-id": (state.subnet.account_id,),
        "requester-id": (state.requester_id,),
        "requester-managed": ("true" if state.requester_managed else "false",),
        "private-ip-address": (state.addresses[0],),
        "addresses.private-ip-address": state.addresses,
        "ipv4-prefix": state.prefixes,
        "attachment.instance-id": (attachment.instance_id or "",) if attachment else (),
        "attachment.instance-owner-id": (attachment.instance_owner_id,) if attachment else (),
        "attachment.device-index": (attachment.device_index,) if attachment else (),
        "attachment.attachment-id": (attachment.attachment_id,) if attachment else (),
        "attachment.status": ("attached",) if attachment else (),
    }
    return values.get(name, _tag_values(state.tags, name))


def instance(node: NodeState, interfaces: Iterable[Interface]) -> dict[str, Any]:
    """The members of an instance that the estate decides: when it was launched and what is plugged into it."""
    attached = list(interfaces)
    primary = attached[0]
    return {
        "LaunchTime": node.launched_at,
        "PrivateIpAddress": primary.addresses[0],
        "PrivateDnsName": f"ip-{str(primary.addresses[0]).replace('.', '-')}.{node.region}.compute.internal",
        "SubnetId": primary.subnet.subnet_id,
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": state.eni_id,
                "SubnetId": state.subnet.subnet_id,
                "VpcId": state.subnet.vpc_id,
                "OwnerId": state.subnet.account_id,
                "Description": state.description,
                "InterfaceType": state.interface_type,
                "Status": "in-use",
                "MacAddress": _mac_address(state.eni_id),
                "PrivateIpAddress": state.addresses[0],
                "PrivateIpAddresses": _addresses(state),
                "Ipv4Prefixes": [{"Ipv4Prefix": prefix} for prefix in state.prefixes],
                "Attachment": _attachment(state),
            }
            for state in attached
        ],
    }


def reservation(state: SubnetState, reserved: SubnetReservation) -> dict[str, Any]:
    """A subnet CIDR reservation."""
    return {
        "SubnetCidrReservationId": reserved.reservation_id,
        "SubnetId": state.subnet_id,
        "Cidr": reserved.cidr,
        "ReservationType": reserved.reservation_type,
        "OwnerId": state.account_id,
        "Description": reserved.description,
        "Tags": [],
    }


def reservation_filter(reserved: SubnetReservation, name: str) -> Iterable[object] | None:
    """A reservation's values for a GetSubnetCidrReservations filter, None for a name EC2 does not know."""
    return {"reservationType": (reserved.reservation_type,)}.get(name, _tag_values({}, name))


def region_filter(described: Mapping[str, str], name: str) -> Iterable[object] | None:
    """A region's values for a DescribeRegions filter, None for a name EC2 does not know."""
    members = {"region-name": "RegionName", "endpoint": "Endpoint", "opt-in-status": "OptInStatus"}
    return (described[members[name]],) if name in members else None


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2 lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tag_values(tags: Mapping[str, str], name: str) -> Iterable[object] | None:
    if name == "tag-key":
        return tuple(tags)
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return (tags[key],) if key in tags else ()
    return None


def _addresses(state: Interface) -> list[dict[str, Any]]:
    return [{"PrivateIpAddress": address, "Primary": position == 0} for position, address in enumerate(state.addresses)]


def _attachment(state: Interface) -> dict[str, Any]:
    attachment = state.attachment
    if attachment is None:
        return {}
    return {
        "AttachmentId": attachment.attachment_id,
        "AttachTime": attachment.attached_at,
        "DeviceIndex": attachment.device_index,
        "NetworkCardIndex": 0,
        "DeleteOnTermination": True,
        "Status": "attached",
    }


def _mac_address(eni_id: str) -> str:
    digits = eni_id[-10:]
    return ":".join(["0a", *(digits[start : start + 2] for start in range(0, 10, 2))])
