"""Pages of EC2 read past botocore's parser hold what botocore's parser finds in them, field by field."""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ec2_wire import EU, Wire, answer, interfaces, subnets

from bot.aws import convert, ec2_pages
from bot.inventory import Eni, Subnet

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ACCOUNT = "111122223333"

BARE = "<networkInterfaceId>eni-1</networkInterfaceId>"
NODE_ENI = """
<networkInterfaceId>eni-0a</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
<availabilityZone>eu-west-1a</availabilityZone><availabilityZoneId>euw1-az1</availabilityZoneId>
<description>aws-K8S-i-0a</description><ownerId>999900001111</ownerId><requesterId>AROA1:eks</requesterId>
<requesterManaged>false</requesterManaged><status>in-use</status><macAddress>02:00:00:00:00:01</macAddress>
<privateIpAddress>10.0.0.7</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
<groupSet><item><groupId>sg-1</groupId><groupName>nodes</groupName></item></groupSet>
<attachment><attachmentId>eni-attach-1</attachmentId><instanceId>i-0a</instanceId>
<instanceOwnerId>111122223333</instanceOwnerId><deviceIndex>1</deviceIndex><networkCardIndex>0</networkCardIndex>
<status>attached</status><attachTime>2026-11-01T08:00:00.000Z</attachTime>
<deleteOnTermination>true</deleteOnTermination></attachment>
<association><publicIp>192.0.2.7</publicIp></association>
<tagSet><item><key>node.k8s.amazonaws.com/instance_id</key><value>i-0a</value></item>
<item><key>empty</key><value/></item><item><key>none</key></item><item><value>no key</value></item></tagSet>
<privateIpAddressesSet>
<item><privateIpAddress>10.0.0.9</privateIpAddress><primary>false</primary></item>
<item><privateIpAddress>10.0.0.7</privateIpAddress><privateDnsName>ip-10-0-0-7</privateDnsName><primary>true</primary>
<association><publicIp>192.0.2.7</publicIp></association></item>
<item><privateIpAddress>10.0.0.8</privateIpAddress></item></privateIpAddressesSet>
<ipv6AddressesSet/><interfaceType>interface</interfaceType>"""

INTERFACES = [
    pytest.param(BARE, id="nothing but an id"),
    pytest.param(NODE_ENI, id="a node's interface: addresses, attachment, tags, another owner"),
    pytest.param(
        BARE + "<ipv4PrefixSet><item><ipv4Prefix>10.0.1.16/28</ipv4Prefix></item><item/>"
        "<item><ipv4Prefix>10.0.1.32/28</ipv4Prefix></item></ipv4PrefixSet>",
        id="prefixes, one of them empty",
    ),
    pytest.param(
        BARE + "<ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet>"
        "<ipv6PrefixSet><item><ipv6Prefix>2001:db8::/80</ipv6Prefix></item></ipv6PrefixSet>"
        "<privateIpAddressesSet/>",
        id="IPv6 only",
    ),
    pytest.param(BARE + "<interfaceType>trunk</interfaceType>", id="trunk"),
    pytest.param(
        BARE + "<interfaceType>branch</interfaceType><description>aws-k8s-branch-eni</description><attachment/>",
        id="branch, with an empty attachment",
    ),
    pytest.param(BARE + "<interfaceType>natGateway</interfaceType>", id="NAT gateway as the API lists it"),
    pytest.param(BARE + "<interfaceType>nat_gateway</interfaceType>", id="NAT gateway as EC2 answers"),
    pytest.param(
        BARE + "<description>ELB app/a&amp;b &lt;prod&gt; &#xE9;\u00fc\u4e2d &quot;x&quot;</description>"
        "<requesterManaged>true</requesterManaged>",
        id="escaped and foreign characters",
    ),
    pytest.param(BARE + "<description><![CDATA[a <b> & c]]></description>", id="CDATA"),
    pytest.param(
        BARE
        + "<attachment><deviceIndex>0</deviceIndex><status>attaching</status></attachment><status>available</status>",
        id="a status inside and outside of the attachment",
    ),
    pytest.param(
        BARE + "<ownerId/><subnetId/><futureField><item><subnetId>no</subnetId></item></futureField>",
        id="empty texts and a field of the future",
    ),
]


def eni_of(item: Mapping[str, Any]) -> Eni:
    """The interface by botocore's dict, spelled out once more: what the fast way is compared with."""
    attachment = item.get("Attachment", {})
    kind = item.get("InterfaceType", "")
    addresses = sorted(item.get("PrivateIpAddresses", ()), key=lambda address: not address.get("Primary"))
    return Eni(
        eni_id=item["NetworkInterfaceId"],
        subnet_id=item.get("SubnetId", ""),
        vpc_id=item.get("VpcId", ""),
        account_id=ACCOUNT,
        owner_id=item.get("OwnerId") or ACCOUNT,
        region=EU,
        az=item.get("AvailabilityZone", ""),
        status=item.get("Status", ""),
        interface_type="nat_gateway" if kind == "natGateway" else kind,
        description=item.get("Description", ""),
        addresses=tuple(IPv4Address(a["PrivateIpAddress"]) for a in addresses if a.get("PrivateIpAddress")),
        prefixes=tuple(IPv4Network(p["Ipv4Prefix"]) for p in item.get("Ipv4Prefixes", ()) if p.get("Ipv4Prefix")),
        ipv6_prefixes=len(item.get("Ipv6Prefixes", ())),
        requester_id=item.get("RequesterId", ""),
        requester_managed=bool(item.get("RequesterManaged")),
        instance_id=attachment.get("InstanceId") or None,
        device_index=attachment.get("DeviceIndex"),
        network_card_index=attachment.get("NetworkCardIndex"),
        tags=tuple((tag["Key"], tag.get("Value", "")) for tag in item.get("TagSet", ()) if tag.get("Key")),
    )


def subnet_of(item: Mapping[str, Any]) -> Subnet:
    """The subnet by botocore's dict."""
    block = item.get("CidrBlock")
    cidr = IPv4Network(block) if block and not item.get("Ipv6Native") else None
    return Subnet(
        subnet_id=item["SubnetId"],
        name=convert.name_tag(item.get("Tags")),
        account_id=item.get("OwnerId") or ACCOUNT,
        region=EU,
        az_id=item.get("AvailabilityZoneId", ""),
        az=item.get("AvailabilityZone", ""),
        vpc_id=item.get("VpcId", ""),
        cidr=cidr,
        available_ips=convert.available_ips(cidr, item.get("AvailableIpAddressCount")),
        ipv6_cidrs=convert.ipv6_cidrs(item.get("Ipv6CidrBlockAssociationSet")),
        observed_at=NOW,
    )


@pytest.mark.parametrize("item", INTERFACES)
def test_an_interface_has_the_fields_that_botocores_parser_finds(item: str) -> None:
    slow: Any = Wire(interfaces(item)).client(fast=False)
    fast: Any = Wire(interfaces(item)).client(fast=True)
    (expected,) = slow.describe_network_interfaces()["NetworkInterfaces"]
    (found,) = fast.describe_network_interfaces()["NetworkInterfaces"]
    assert ec2_pages.eni(found, ACCOUNT, EU) == eni_of(expected)


def test_the_primary_address_comes_first_and_tags_without_a_key_are_left_out() -> None:
    client: Any = Wire(interfaces(NODE_ENI)).client(fast=True)
    (item,) = client.describe_network_interfaces()["NetworkInterfaces"]
    eni = ec2_pages.eni(item, ACCOUNT, EU)
    assert [str(address) for address in eni.addresses] == ["10.0.0.7", "10.0.0.9", "10.0.0.8"]
    assert (eni.status, eni.device_index, eni.owner_id) == ("in-use", 1, "999900001111")
    assert eni.tags == (("node.k8s.amazonaws.com/instance_id", "i-0a"), ("empty", ""), ("none", ""))


SUBNET = "<subnetId>subnet-1</subnetId>"
IPV6 = (
    "<ipv6CidrBlockAssociationSet><item>"
    "<ipv6CidrBlock>2001:db8:0:1::/64</ipv6CidrBlock>{state}"
    "</item></ipv6CidrBlockAssociationSet>"
)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(SUBNET, id="nothing but an id"),
        pytest.param(
            SUBNET + "<ownerId>999900001111</ownerId><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/24</cidrBlock>"
            "<availableIpAddressCount>203</availableIpAddressCount><availabilityZone>eu-west-1a</availabilityZone>"
            "<availabilityZoneId>euw1-az1</availabilityZoneId><state>available</state><tagSet><item><key>Name</key>"
            "<value>private &amp; 1a</value></item><item><key>team</key><value>x</value></item></tagSet>",
            id="a shared subnet with a name",
        ),
        pytest.param(
            SUBNET + "<cidrBlock>10.0.0.0/28</cidrBlock><availableIpAddressCount>0</availableIpAddressCount>", id="full"
        ),
        pytest.param(
            SUBNET + "<cidrBlock>10.0.0.0/28</cidrBlock><availableIpAddressCount>-9</availableIpAddressCount>",
            id="an impossible count",
        ),
        pytest.param(
            SUBNET
            + "<ipv6Native>true</ipv6Native><cidrBlock/><availableIpAddressCount>0</availableIpAddressCount>"
            + IPV6.format(state="<ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState>"),
            id="IPv6 only",
        ),
        pytest.param(SUBNET + IPV6.format(state="<ipv6CidrBlockState/>"), id="a state without a word"),
        pytest.param(SUBNET + IPV6.format(state=""), id="no state"),
        pytest.param(
            SUBNET + IPV6.format(state="<ipv6CidrBlockState><state>disassociating</state></ipv6CidrBlockState>"),
            id="an IPv6 block on its way out",
        ),
    ],
)
def test_a_subnet_has_the_fields_that_botocores_parser_finds(item: str) -> None:
    slow: Any = Wire(subnets(item)).client(fast=False)
    fast: Any = Wire(subnets(item)).client(fast=True)
    (expected,) = slow.describe_subnets()["Subnets"]
    (found,) = fast.describe_subnets()["Subnets"]
    assert ec2_pages.subnet(found, ACCOUNT, EU, NOW) == subnet_of(expected)


def test_pages_follow_each_other_and_the_request_id_is_kept() -> None:
    bodies = interfaces(BARE, token="a&amp;b"), interfaces(token="c"), interfaces(BARE.replace("eni-1", "eni-2"))
    every: Any = Wire(*bodies).client(fast=True)
    found = ec2_pages.every_item(every.describe_network_interfaces, "NetworkInterfaces", Filters=[])
    assert [item.findtext("networkInterfaceId") for item in found] == ["eni-1", "eni-2"]
    client: Any = Wire(*bodies).client(fast=True)
    pages = [client.describe_network_interfaces() for _ in bodies]
    assert [page["NextToken"] for page in pages] == ["a&b", "c", ""]
    assert {page["ResponseMetadata"]["RequestId"] for page in pages} == {"59dbff89-35bd-4eac-99ed-be587EXAMPLE"}


@pytest.mark.parametrize("number", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("space", ["", "\n        "], ids=["in one line", "indented"])
def test_a_page_of_any_length_is_read_whole_and_in_order(number: int, space: str) -> None:
    described = "<description>an &lt;item&gt; of 10 &lt; 20</description>"
    body = interfaces(*(f"{space}<networkInterfaceId>eni-{n}</networkInterfaceId>{described}" for n in range(number)))
    client: Any = Wire(body).client(fast=True)
    found = ec2_pages.every_item(client.describe_network_interfaces, "NetworkInterfaces")
    assert [ec2_pages.eni(item, ACCOUNT, EU).eni_id for item in found] == [f"eni-{n}" for n in range(number)]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("<vpcId>vpc-1</vpcId><networkInterfaceId>eni-2</networkInterfaceId>", id="id in second place"),
        pytest.param("<!-- --><networkInterfaceId>eni-2</networkInterfaceId>", id="after a comment"),
    ],
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_items_that_begin_otherwise_are_found_too(item: str, position: int) -> None:
    several = [BARE, BARE]
    several.insert(position, item)
    client: Any = Wire(interfaces(*several)).client(fast=True)
    found = ec2_pages.every_item(client.describe_network_interfaces, "NetworkInterfaces")
    ids = [ec2_pages.eni(part, ACCOUNT, EU).eni_id for part in found]
    assert ids.count("eni-2") == 1
    assert len(ids) == 3


@pytest.mark.parametrize("cut", range(20, 900, 97))
def test_a_page_cut_off_anywhere_is_refused(cut: int) -> None:
    body = interfaces(*[NODE_ENI] * 20)
    client: Any = Wire(body[: -cut * 7]).client(fast=True)
    with pytest.raises(ValueError, match="DescribeNetworkInterfaces"):
        list(ec2_pages.every_item(client.describe_network_interfaces, "NetworkInterfaces"))


def test_a_page_broken_in_the_middle_is_refused() -> None:
    body = (
        interfaces(*[NODE_ENI] * 40)
        .replace(b"</attachment>", b"</attach>", 25)
        .replace(b"</attach>", b"</attachment>", 24)
    )
    client: Any = Wire(body).client(fast=True)
    with pytest.raises(ValueError, match="cut off or malformed"):
        list(ec2_pages.every_item(client.describe_network_interfaces, "NetworkInterfaces"))


def test_a_page_that_names_itself_as_the_next_one_is_refused() -> None:
    client: Any = Wire(*(interfaces(BARE, token="again") for _ in range(3))).client(fast=True)
    with pytest.raises(ValueError, match="comes again"):
        list(ec2_pages.every_item(client.describe_network_interfaces, "NetworkInterfaces"))


def test_facts_share_the_texts_that_all_of_them_have() -> None:
    client: Any = Wire(interfaces(NODE_ENI, NODE_ENI)).client(fast=True)
    first, second = (
        ec2_pages.eni(item, ACCOUNT, EU) for item in client.describe_network_interfaces()["NetworkInterfaces"]
    )
    for field in ("vpc_id", "subnet_id", "az", "status", "interface_type", "owner_id"):
        assert getattr(first, field) is getattr(second, field)
    assert first.tags[0][0] is second.tags[0][0]


def test_another_version_of_the_namespace_changes_nothing() -> None:
    body = answer("DescribeSubnets", "subnetSet", SUBNET, namespace="http://ec2.amazonaws.com/doc/2099-01-01/")
    client: Any = Wire(body).client(fast=True)
    assert len(list(client.describe_subnets()["Subnets"])) == 1


def test_an_error_is_botocores_own() -> None:
    body = (
        b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>No.</Message></Error></Errors>"
        b"<RequestID>r-1</RequestID></Response>"
    )
    client: Any = Wire(body, status=403).client(fast=True)
    with pytest.raises(ClientError) as caught:
        client.describe_subnets()
    assert caught.value.response["Error"] == {"Code": "UnauthorizedOperation", "Message": "No."}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(interfaces(NODE_ENI)[:-40], id="cut off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body>Sign in</body></html>", id="a proxy's page"),
        pytest.param(interfaces().replace(b"networkInterfaceSet", b"somethingElse"), id="no set"),
    ],
)
def test_a_body_that_is_not_the_whole_answer_is_no_empty_answer(body: bytes) -> None:
    client: Any = Wire(body).client(fast=True)
    with pytest.raises(ValueError, match="DescribeNetworkInterfaces"):
        client.describe_network_interfaces()


@pytest.mark.parametrize("text", ["10.0.0", "10.0.0.256", "ten", "10.0.0.1 x", ""])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    item = BARE + f"<ipv4PrefixSet><item><ipv4Prefix>{text}/28</ipv4Prefix></item></ipv4PrefixSet>"
    client: Any = Wire(interfaces(item)).client(fast=True)
    (found,) = client.describe_network_interfaces()["NetworkInterfaces"]
    with pytest.raises(ValueError, match="IPv4"):
        ec2_pages.eni(found, ACCOUNT, EU)


def test_an_item_without_its_id_is_refused() -> None:
    client: Any = Wire(subnets("<vpcId>vpc-1</vpcId>")).client(fast=True)
    (found,) = client.describe_subnets()["Subnets"]
    with pytest.raises(KeyError):
        ec2_pages.subnet(found, ACCOUNT, EU, NOW)
