"""EC2's XML for the estate, written from templates: a page of 100 interfaces costs a fraction of a millisecond.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (API_Subnet, API_NetworkInterface, API_Vpc,
API_Instance, API_InstanceTypeInfo, API_RouteTable, API_SubnetCidrReservation, API_Region).
"""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network

from bot.demo.allocator import SpaceReservation
from bot.inventory import InstanceLimits

from .answers import REQUEST_ID
from .content import Interface, RegionState, SubnetState

NODE_TYPE = "m5.large"
"""What every node is: up to 10 addresses on each interface, as many as an interface of the plan holds."""
LAUNCHED = "2026-11-01T06:00:00.000Z"


def document(action: str, name: str, items: str, token: str = "") -> bytes:
    """A whole answer: one set of items, and the token of the next page if there is one."""
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{REQUEST_ID}</requestId><{name}>{items}</{name}>{more}</{action}Response>"
    ).encode()


def subnet(state: SubnetState, zone: tuple[str, str]) -> str:
    """A subnet as the account whose zone name is given sees it."""
    region = state.region
    if state.cidr:
        block, native, ipv6 = f"<cidrBlock>{state.cidr}</cidrBlock>", "false", ""
    else:
        block, native = "", "true"
        ipv6 = (
            f"<item><associationId>subnet-cidr-assoc-{state.key}000000</associationId>"
            f"<ipv6CidrBlock>{state.ipv6_cidr}</ipv6CidrBlock>"
            "<ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item>"
        )
    cluster = "".join(
        f"<item><key>kubernetes.io/cluster/{name}</key><value>shared</value></item>" for name in region.cluster_names
    )
    return (
        f"<item><subnetId>{state.subnet_id}</subnetId>"
        f"<subnetArn>arn:aws:ec2:{region.region}:{region.account_id}:subnet/{state.subnet_id}</subnetArn>"
        f"<state>available</state><ownerId>{region.account_id}</ownerId><vpcId>{state.vpc_id}</vpcId>{block}"
        f"<ipv6CidrBlockAssociationSet>{ipv6}</ipv6CidrBlockAssociationSet>"
        f"<availableIpAddressCount>{state.available_ips}</availableIpAddressCount>"
        f"<availabilityZone>{zone[0]}</availabilityZone><availabilityZoneId>{zone[1]}</availabilityZoneId>"
        "<defaultForAz>false</defaultForAz><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>"
        "<mapCustomerOwnedIpOnLaunch>false</mapCustomerOwnedIpOnLaunch>"
        "<assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation><enableDns64>false</enableDns64>"
        f"<ipv6Native>{native}</ipv6Native><privateDnsNameOptionsOnLaunch><hostnameType>ip-name</hostnameType>"
        "<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>"
        "<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptionsOnLaunch>"
        f"<tagSet><item><key>Name</key><value>{state.name}</value></item>"
        f"<item><key>kubernetes.io/role/internal-elb</key><value>1</value></item>{cluster}</tagSet></item>"
    )


def interfaces(zone: str, shown: Sequence[Interface]) -> str:
    """Interfaces of one subnet, in a zone of that name."""
    if not shown:
        return ""
    state = shown[0].subnet
    region = state.region.region
    dotted, dashed = _tails()
    first, second, low = state.base >> 24, state.base >> 16 & 255, state.base & 0xFFFF
    cluster = next(iter(state.region.cluster_names), "")
    tag = f"<item><key>cluster.k8s.amazonaws.com/name</key><value>{cluster}</value></item>" if cluster else ""
    before = (
        f"<subnetId>{state.subnet_id}</subnetId><vpcId>{state.vpc_id}</vpcId>"
        f"<availabilityZone>{zone}</availabilityZone>"
    )
    open_ip = f"<item><privateIpAddress>{first}.{second}."
    open_name = f"</privateIpAddress><privateDnsName>ip-{first}-{second}-"
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    secondary = f".{domain}</privateDnsName><primary>false</primary></item>"
    primary = f".{domain}</privateDnsName><primary>true</primary></item>"
    written = []
    for interface in shown:
        spots = [low + offset for offset in interface.offsets]
        addresses = "".join(
            [f"{open_ip}{dotted[spot]}{open_name}{dashed[spot]}{secondary}" for spot in spots[1:]]
            if len(spots) > 1
            else ()
        )
        main, key = spots[0], f"{state.key}{interface.number:06x}"
        prefixes = "".join(
            f"<item><ipv4Prefix>{first}.{second}.{dotted[low + offset]}/28</ipv4Prefix></item>"
            for offset in interface.prefixes
        )
        node = interface.instance_id
        description = f"aws-K8S-{node}" if interface.device_index else ""
        written.append(
            f"<item><networkInterfaceId>eni-{key}</networkInterfaceId>{before}"
            f"<description>{description}</description><ownerId>{interface.owner_id}</ownerId>"
            "<requesterManaged>false</requesterManaged>"
            f"<status>in-use</status><macAddress>0a:{key[1:3]}:{key[3:5]}:{key[5:7]}:{key[-4:-2]}:{key[-2:]}</macAddress>"
            f"<privateIpAddress>{first}.{second}.{dotted[main]}</privateIpAddress>"
            f"<privateDnsName>ip-{first}-{second}-{dashed[main]}.{domain}</privateDnsName>"
            "<sourceDestCheck>true</sourceDestCheck>"
            f"<groupSet><item><groupId>sg-{state.region.key}0000000000</groupId><groupName>eks-node</groupName></item></groupSet>"
            f"<attachment><attachmentId>eni-attach-{key}</attachmentId><instanceId>{node}</instanceId>"
            f"<instanceOwnerId>{interface.owner_id}</instanceOwnerId><deviceIndex>{interface.device_index}</deviceIndex>"
            f"<networkCardIndex>0</networkCardIndex><status>attached</status><attachTime>{LAUNCHED}</attachTime>"
            "<deleteOnTermination>true</deleteOnTermination></attachment>"
            f"<tagSet><item><key>node.k8s.amazonaws.com/instance_id</key><value>{node}</value></item>{tag}</tagSet>"
            f"<privateIpAddressesSet>{open_ip}{dotted[main]}{open_name}{dashed[main]}{primary}{addresses}"
            f"</privateIpAddressesSet><ipv6AddressesSet/><ipv4PrefixSet>{prefixes}</ipv4PrefixSet>"
            "<interfaceType>interface</interfaceType></item>"
        )
    return "".join(written)


def vpc(region: RegionState, number: int, blocks: Sequence[IPv4Network]) -> str:
    """A VPC with all its blocks."""
    vpc_id = f"vpc-{region.key}{number:04x}000000"
    associations = "".join(
        f"<item><cidrBlock>{block}</cidrBlock><associationId>vpc-cidr-assoc-{region.key}{number:04x}{index:06x}"
        "</associationId><cidrBlockState><state>associated</state></cidrBlockState></item>"
        for index, block in enumerate(blocks)
    )
    return (
        f"<item><vpcId>{vpc_id}</vpcId><ownerId>{region.account_id}</ownerId><state>available</state>"
        f"<cidrBlock>{blocks[0]}</cidrBlock><cidrBlockAssociationSet>{associations}</cidrBlockAssociationSet>"
        f"<ipv6CidrBlockAssociationSet/><dhcpOptionsId>dopt-{region.key}0000000000</dhcpOptionsId>"
        "<instanceTenancy>default</instanceTenancy><isDefault>false</isDefault>"
        f"<tagSet><item><key>Name</key><value>{region.account_name}-{number}</value></item></tagSet></item>"
    )


def instance(interface: Interface, zone: str) -> str:
    """The node an interface belongs to, in a reservation of its own."""
    state = interface.subnet
    key = interface.instance_id.removeprefix("i-")
    address = f"{state.base >> 24}.{state.base >> 16 & 255}.{_tails()[0][(state.base & 0xFFFF) + interface.offsets[0]]}"
    cluster = next(iter(state.region.cluster_names), "")
    tags = (
        f"<item><key>eks:cluster-name</key><value>{cluster}</value></item>"
        "<item><key>eks:nodegroup-name</key><value>general</value></item>"
        if cluster
        else ""
    )
    return (
        f"<item><reservationId>r-{key}</reservationId><ownerId>{interface.owner_id}</ownerId><groupSet/><instancesSet>"
        f"<item><instanceId>{interface.instance_id}</instanceId><imageId>ami-0{'0' * 15}1</imageId>"
        "<instanceState><code>16</code><name>running</name></instanceState>"
        f"<privateDnsName>ip-{address.replace('.', '-')}.{state.region.region}.compute.internal</privateDnsName>"
        f"<instanceType>{NODE_TYPE}</instanceType><launchTime>{LAUNCHED}</launchTime>"
        f"<placement><availabilityZone>{zone}</availabilityZone><tenancy>default</tenancy></placement>"
        f"<subnetId>{state.subnet_id}</subnetId><vpcId>{state.vpc_id}</vpcId>"
        f"<privateIpAddress>{address}</privateIpAddress><tagSet>{tags}</tagSet></item></instancesSet></item>"
    )


def reservation(state: SubnetState, number: int, reserved: SpaceReservation) -> str:
    """A CIDR reservation of a subnet."""
    return (
        f"<item><subnetCidrReservationId>scr-{state.key}{number:06x}</subnetCidrReservationId>"
        f"<subnetId>{state.subnet_id}</subnetId><cidr>{reserved.cidr}</cidr>"
        f"<reservationType>{reserved.reservation_type}</reservationType>"
        f"<ownerId>{state.region.account_id}</ownerId><description/><tagSet/></item>"
    )


def route_table(region: RegionState, number: int, blocks: Sequence[IPv4Network]) -> str:
    """The main route table of a VPC: its own blocks, and a NAT gateway for the rest."""
    local = "".join(
        f"<item><destinationCidrBlock>{block}</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state>"
        "<origin>CreateRouteTable</origin></item>"
        for block in blocks
    )
    key = f"{region.key}{number:04x}000000"
    return (
        f"<item><routeTableId>rtb-{key}</routeTableId><vpcId>vpc-{key}</vpcId><ownerId>{region.account_id}</ownerId>"
        f"<routeSet>{local}<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-{key}"
        "</natGatewayId><state>active</state><origin>CreateRoute</origin></item></routeSet>"
        "<associationSet/><propagatingVgwSet/><tagSet/></item>"
    )


def instance_type(limits: InstanceLimits) -> str:
    """What EC2 says of an instance type's network, processors and memory."""
    hypervisor = f"<hypervisor>{limits.hypervisor}</hypervisor>" if limits.hypervisor else ""
    return (
        f"<item><instanceType>{limits.instance_type}</instanceType><currentGeneration>true</currentGeneration>"
        f"<bareMetal>{str(limits.bare_metal).lower()}</bareMetal>{hypervisor}"
        f"<vCpuInfo><defaultVCpus>{limits.vcpus}</defaultVCpus></vCpuInfo>"
        f"<memoryInfo><sizeInMiB>{limits.memory_mib}</sizeInMiB></memoryInfo><networkInfo>"
        f"<maximumNetworkInterfaces>{limits.max_enis}</maximumNetworkInterfaces>"
        f"<maximumNetworkCards>{limits.network_cards}</maximumNetworkCards>"
        "<defaultNetworkCardIndex>0</defaultNetworkCardIndex><networkCards><item><networkCardIndex>0</networkCardIndex>"
        f"<maximumNetworkInterfaces>{limits.max_enis}</maximumNetworkInterfaces></item></networkCards>"
        f"<ipv4AddressesPerInterface>{limits.ipv4_per_eni}</ipv4AddressesPerInterface>"
        f"<ipv6AddressesPerInterface>{limits.ipv6_per_eni}</ipv6AddressesPerInterface>"
        f"<ipv6Supported>{str(limits.ipv6_per_eni > 0).lower()}</ipv6Supported></networkInfo></item>"
    )


def region(name: str, opt_in_status: str) -> str:
    """A region as DescribeRegions lists it."""
    return (
        f"<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{opt_in_status}</optInStatus></item>"
    )


@cache
def _tails() -> tuple[list[str], list[str]]:
    """The last two octets of every address of a /16, with a dot and with a dash between them."""
    pairs = [(high, low) for high in range(256) for low in range(256)]
    return [f"{high}.{low}" for high, low in pairs], [f"{high}-{low}" for high, low in pairs]
