"""EC2 answers from the demo estate: subnets, interfaces and reservations; moto's VPCs, instances and types, corrected.

Source for every parameter, limit and error code: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (the page of
the operation, and errors-overview.html).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel, StructureShape
from botocore.parsers import create_parser

from bot.demo import gaps_views as views
from bot.demo.allocator import AllocationError
from bot.demo.estate import Estate, Interface, SubnetState
from bot.demo.wire import AwsError, body_text

_Item = TypeVar("_Item")
_DEFAULT_PAGE = 1000
_TYPES_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Call:
    """One EC2 request, decoded, and whom it comes from; `forward` asks moto."""

    estate: Estate
    account_id: str
    region: str
    operation: OperationModel
    parameters: Mapping[str, Any]
    request: AWSPreparedRequest
    forward: Callable[[AWSPreparedRequest], AWSResponse]

    def ask_moto(
        self, *, without: Sequence[str] = (), extra: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, Any]:
        """moto's answer as boto3 would return it, to the request changed in its form fields.

        Raises: AwsError with the code of moto's refusal.
        """
        fields = [pair for pair in parse_qsl(body_text(self.request)) if pair[0] not in without]
        body = urlencode([*fields, *extra.items()]).encode()
        original = self.request
        headers = HTTPHeaders()
        for name, value in original.headers.items():
            headers[name] = str(len(body)) if name.lower() == "content-length" else value
        response = self.forward(AWSPreparedRequest(original.method, original.url, headers, body, False))
        document = {"status_code": response.status_code, "headers": response.headers, "body": response.content}
        shape = self.operation.output_shape or StructureShape("Nothing", {})
        parsed: dict[str, Any] = create_parser("ec2").parse(document, shape)
        if response.status_code >= 300:
            error = parsed.get("Error", {})
            raise AwsError(error.get("Code", "InternalError"), error.get("Message", ""), status=response.status_code)
        parsed.pop("ResponseMetadata", None)
        return parsed


def _page(
    call: Ec2Call, items: Sequence[_Item], *, smallest: int = 5, largest: int = 1000
) -> tuple[Sequence[_Item], dict[str, str]]:
    """One page of `items`, and the NextToken member of the answer when there is more."""
    asked: int | None = call.parameters.get("MaxResults")
    if asked is not None and not smallest <= asked <= largest:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ( {asked} ) for parameter maxResults is invalid. "
            f"Expecting a value between {smallest} and {largest}.",
        )
    start = _start(call.parameters.get("NextToken"))
    end = start + (asked or min(_DEFAULT_PAGE, largest))
    more = {"NextToken": base64.b64encode(f"from {end}".encode()).decode()} if end < len(items) else {}
    return items[start:end], more


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, offset = base64.b64decode(token, validate=True).decode().partition(" ")
        if word == "from":
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise AwsError("InvalidNextToken", "The specified nextToken is not valid.")


def _no_page_size_with(call: Ec2Call, ids: str) -> None:
    if call.parameters.get(ids) and call.parameters.get("MaxResults") is not None:
        raise AwsError(
            "InvalidParameterCombination", f"The parameter {ids} cannot be used with the parameter maxResults"
        )


def _filtered(
    call: Ec2Call, items: Iterable[_Item], values: Callable[[_Item, str], Iterable[object] | None]
) -> list[_Item]:
    """The items that match every filter of the request; `values` gives an item's values for a filter name.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html: filters are ANDed, the values of
    one are ORed, `*` and `?` are wildcards.
    """
    kept = list(items)
    for condition in call.parameters.get("Filters", ()):
        name, wanted = condition.get("Name", ""), condition.get("Values", [])
        matching = []
        for item in kept:
            got = values(item, name)
            if got is None:
                raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
            if any(fnmatchcase(str(value), pattern) for value in got for pattern in wanted):
                matching.append(item)
        kept = matching
    return kept


def _describe_subnets(call: Ec2Call) -> dict[str, Any]:
    subnets = call.estate.subnets_of(call.account_id, call.region)
    asked: list[str] = call.parameters.get("SubnetIds", [])
    known = {subnet.subnet_id: subnet for subnet in subnets}
    missing = next((subnet_id for subnet_id in asked if subnet_id not in known), None)
    if missing:
        raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{missing}' does not exist")
    chosen = [known[subnet_id] for subnet_id in dict.fromkeys(asked)] if asked else subnets
    page, more = _page(call, _filtered(call, chosen, views.subnet_filter))
    return {"Subnets": [views.subnet(subnet) for subnet in page], **more}


def _describe_network_interfaces(call: Ec2Call) -> dict[str, Any]:
    _no_page_size_with(call, "NetworkInterfaceIds")
    asked: list[str] = call.parameters.get("NetworkInterfaceIds", [])
    if asked:
        chosen = [call.estate.known_interface(eni_id, call.account_id) for eni_id in dict.fromkeys(asked)]
    else:
        chosen = call.estate.interfaces_of(call.account_id, call.region)
    page, more = _page(call, _filtered(call, chosen, views.interface_filter))
    return {"NetworkInterfaces": [views.interface(interface) for interface in page], **more}


def _get_subnet_cidr_reservations(call: Ec2Call) -> dict[str, Any]:
    subnet = _own_subnet(call)
    page, more = _page(call, _filtered(call, subnet.reservations, views.reservation_filter))
    return {
        "SubnetIpv4CidrReservations": [views.reservation(subnet, reservation) for reservation in page],
        "SubnetIpv6CidrReservations": [],
        **more,
    }


def _create_network_interface(call: Ec2Call) -> dict[str, Any]:
    asked = call.parameters
    listed = asked.get("PrivateIpAddresses", [])
    named = [IPv4Address(entry["PrivateIpAddress"]) for entry in listed if not entry.get("Primary")]
    first = next((entry["PrivateIpAddress"] for entry in listed if entry.get("Primary")), asked.get("PrivateIpAddress"))
    tags = {
        tag["Key"]: tag["Value"]
        for specification in asked.get("TagSpecifications", ())
        if specification.get("ResourceType") == "network-interface"
        for tag in specification.get("Tags", ())
    }
    interface = call.estate.create_interface(
        _own_subnet(call).subnet_id,
        primary=IPv4Address(first) if first else None,
        named=named,
        secondary_count=asked.get("SecondaryPrivateIpAddressCount", 0),
        prefix_count=asked.get("Ipv4PrefixCount", 0),
        named_prefixes=_prefixes(asked.get("Ipv4Prefixes", ())),
        description=asked.get("Description", ""),
        interface_type=asked.get("InterfaceType", "interface"),
        tags=tags,
    )
    return {"NetworkInterface": views.interface(interface)}


def _assign_private_ip_addresses(call: Ec2Call) -> dict[str, Any]:
    asked = call.parameters
    interface = _own_interface(call)
    addresses, prefixes = call.estate.assign(
        interface.eni_id,
        named=[IPv4Address(address) for address in asked.get("PrivateIpAddresses", ())],
        count=asked.get("SecondaryPrivateIpAddressCount", 0),
        prefix_count=asked.get("Ipv4PrefixCount", 0),
        named_prefixes=[IPv4Network(prefix) for prefix in asked.get("Ipv4Prefixes", ())],
    )
    return {
        "NetworkInterfaceId": interface.eni_id,
        "AssignedPrivateIpAddresses": [{"PrivateIpAddress": str(address)} for address in addresses],
        "AssignedIpv4Prefixes": [{"Ipv4Prefix": str(prefix)} for prefix in prefixes],
    }


def _unassign_private_ip_addresses(call: Ec2Call) -> dict[str, Any]:
    call.estate.unassign(
        _own_interface(call).eni_id,
        [IPv4Address(address) for address in call.parameters.get("PrivateIpAddresses", ())],
        [IPv4Network(prefix) for prefix in call.parameters.get("Ipv4Prefixes", ())],
    )
    return {}


def _delete_network_interface(call: Ec2Call) -> dict[str, Any]:
    call.estate.delete_interface(_own_interface(call).eni_id)
    return {}


def _describe_vpcs(call: Ec2Call) -> dict[str, Any]:
    """moto's VPCs without the default one it invents in every region, in pages."""
    if not call.estate.subnets_of(call.account_id, call.region):
        if call.parameters.get("VpcIds"):
            missing = call.parameters["VpcIds"][0]
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{missing}' does not exist")
        return {"Vpcs": []}
    answer = call.ask_moto(without=("MaxResults", "NextToken"))
    page, more = _page(call, [vpc for vpc in answer["Vpcs"] if not vpc["IsDefault"]])
    return {"Vpcs": page, **more}


def _describe_instances(call: Ec2Call) -> dict[str, Any]:
    """moto's instances with the estate's interfaces and launch times, one reservation each, in pages."""
    _no_page_size_with(call, "InstanceIds")
    if not call.estate.subnets_of(call.account_id, call.region) and not call.parameters.get("InstanceIds"):
        return {"Reservations": []}
    answer = call.ask_moto(without=("MaxResults", "NextToken"))
    found = [
        {**reservation, "Instances": [instance]}
        for reservation in answer["Reservations"]
        for instance in reservation["Instances"]
    ]
    page, more = _page(call, found)
    for reservation in page:
        instance = reservation["Instances"][0]
        node = call.estate.nodes.get(instance["InstanceId"])
        if node is None:
            instance["NetworkInterfaces"] = []  # Terminated: moto keeps its own picture of what was plugged in.
        else:
            instance.update(views.instance(node, call.estate.attached_to(node.instance_id)))
    return {"Reservations": page, **more}


def _describe_instance_types(call: Ec2Call) -> dict[str, Any]:
    """moto's instance types, at most 100 a page; only the types of the page are asked of moto, which takes seconds for
    all of them."""
    _no_page_size_with(call, "InstanceTypes")
    if call.parameters.get("InstanceTypes") or call.parameters.get("Filters"):
        answer = call.ask_moto(without=("MaxResults", "NextToken"))
        page, more = _page(call, answer["InstanceTypes"], largest=_TYPES_PAGE)
        return {"InstanceTypes": page, **more}
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    names, more = _page(call, sorted(INSTANCE_TYPES), largest=_TYPES_PAGE)
    wanted = {f"InstanceType.{number}": name for number, name in enumerate(names, start=1)}
    return {**call.ask_moto(without=("MaxResults", "NextToken"), extra=wanted), **more}


def _describe_regions(call: Ec2Call) -> dict[str, Any]:
    asked: list[str] = call.parameters.get("RegionNames", [])
    regions = [region for region in views.REGIONS if not asked or region["RegionName"] in asked]
    if len(regions) < len(set(asked)):
        raise AwsError("InvalidParameterValue", f"Invalid region '{asked[0]}'")
    if not call.parameters.get("AllRegions") and not asked:
        regions = [region for region in regions if region["OptInStatus"] != "not-opted-in"]
    return {"Regions": _filtered(call, regions, views.region_filter)}


def _own_subnet(call: Ec2Call) -> SubnetState:
    subnet_id = call.parameters.get("SubnetId", "")
    for subnet in call.estate.subnets_of(call.account_id, call.region):
        if subnet.subnet_id == subnet_id:
            return subnet
    raise AllocationError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")


def _own_interface(call: Ec2Call) -> Interface:
    return call.estate.known_interface(call.parameters.get("NetworkInterfaceId", ""), call.account_id)


def _prefixes(entries: Iterable[Mapping[str, str]]) -> list[IPv4Network]:
    return [IPv4Network(entry["Ipv4Prefix"]) for entry in entries]


ANSWERS: Mapping[str, Callable[[Ec2Call], dict[str, Any]]] = MappingProxyType(
    {
        "DescribeSubnets": _describe_subnets,
        "DescribeNetworkInterfaces": _describe_network_interfaces,
        "GetSubnetCidrReservations": _get_subnet_cidr_reservations,
        "CreateNetworkInterface": _create_network_interface,
        "AssignPrivateIpAddresses": _assign_private_ip_addresses,
        "UnassignPrivateIpAddresses": _unassign_private_ip_addresses,
        "DeleteNetworkInterface": _delete_network_interface,
        "DescribeVpcs": _describe_vpcs,
        "DescribeInstances": _describe_instances,
        "DescribeInstanceTypes": _describe_instance_types,
        "DescribeRegions": _describe_regions,
    }
)
