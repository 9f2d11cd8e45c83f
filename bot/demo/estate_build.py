"""Builds the planned estate: through boto3 what moto must answer itself, into the estate what it cannot keep."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any

from bot.demo.allocator import ReservationType, SubnetSpace
from bot.demo.estate import ClusterState, Estate, NodeState, SubnetReservation, SubnetState
from bot.demo.estate_plan import ClusterPlan, Mode, NodegroupPlan, SubnetPlan, VpcPlan
from bot.demo.estate_routing import Clients, add_routing
from bot.demo.gaps_views import tag_list
from bot.demo.holders import HolderBuilder

_ADDON_VERSIONS = MappingProxyType(
    {"vpc-cni": "v1.20.4-eksbuild.2", "coredns": "v1.12.2-eksbuild.4", "kube-proxy": "v1.33.3-eksbuild.4"}
)


class EstateBuilder:
    """Creates VPC after VPC; node launches are also used later, when the demo's demand needs another node."""

    def __init__(self, estate: Estate, clients: Clients) -> None:
        self._estate = estate
        self._clients = clients
        self._holders = HolderBuilder(estate)
        self._vpcs: dict[str, tuple[VpcPlan, str]] = {}
        self._images: dict[tuple[str, str], str] = {}
        self.eni_limits: dict[str, tuple[int, int]] = {}

    def build(self, plan: VpcPlan) -> None:
        """Create one VPC with its subnets, cluster, nodes and other holders of addresses."""
        ec2 = self._clients("ec2", plan.account_id, plan.region)
        ipv6 = plan.cluster is not None and plan.cluster.ip_family == "ipv6"
        vpc = ec2.create_vpc(
            CidrBlock=plan.cidrs[0],
            AmazonProvidedIpv6CidrBlock=ipv6,
            TagSpecifications=_tagged("vpc", {"Name": plan.name}),
        )["Vpc"]
        for cidr in plan.cidrs[1:]:
            ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=cidr)
        ipv6_subnets: Iterator[IPv6Network] | None = None
        if ipv6:
            block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            ipv6_subnets = IPv6Network(block).subnets(new_prefix=64)
        subnets = {
            subnet.name: self._add_subnet(ec2, plan, vpc["VpcId"], subnet, next(ipv6_subnets) if ipv6_subnets else None)
            for subnet in plan.subnets
        }
        self._add_service_holders(plan, subnets)
        if plan.cluster is not None:
            self._add_cluster(plan, plan.cluster, vpc["VpcId"], subnets)
        self._vpcs[plan.name] = (plan, vpc["VpcId"])
        add_routing(plan, self._vpcs, self._clients)

    def launch(
        self, nodegroup: str, cluster: str, subnet: SubnetState, instance_type: str, count: int, *, age: timedelta
    ) -> list[NodeState]:
        """Run `count` instances of a node group in a subnet; their interfaces are up to the caller."""
        ec2 = self._clients("ec2", subnet.account_id, subnet.region)
        tags = {
            "Name": f"{cluster}-{nodegroup}",
            "eks:cluster-name": cluster,
            "eks:nodegroup-name": nodegroup,
            f"kubernetes.io/cluster/{cluster}": "owned",
        }
        run = ec2.run_instances(
            ImageId=self._image(subnet.account_id, subnet.region),
            InstanceType=instance_type,
            SubnetId=subnet.subnet_id,
            MinCount=count,
            MaxCount=count,
            TagSpecifications=_tagged("instance", tags),
        )
        nodes = [
            NodeState(
                instance_id=instance["InstanceId"],
                account_id=subnet.account_id,
                region=subnet.region,
                cluster=cluster,
                nodegroup=nodegroup,
                subnet_id=subnet.subnet_id,
                instance_type=instance_type,
                launched_at=self._estate.now - age,
            )
            for instance in run["Instances"]
        ]
        self._estate.nodes.update({node.instance_id: node for node in nodes})
        return nodes

    def terminate(self, node: NodeState) -> None:
        """Terminate a node whose interfaces are gone."""
        ec2 = self._clients("ec2", node.account_id, node.region)
        ec2.terminate_instances(InstanceIds=[node.instance_id])
        del self._estate.nodes[node.instance_id]

    def limits(self, account_id: str, region: str, instance_type: str) -> tuple[int, int]:
        """ENIs of the default network card and IPv4 addresses per ENI of an instance type."""
        if instance_type not in self.eni_limits:
            ec2 = self._clients("ec2", account_id, region)
            network = ec2.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"][0]["NetworkInfo"]
            card = network["NetworkCards"][network["DefaultNetworkCardIndex"]]
            self.eni_limits[instance_type] = (card["MaximumNetworkInterfaces"], network["Ipv4AddressesPerInterface"])
        return self.eni_limits[instance_type]

    def _image(self, account_id: str, region: str) -> str:
        key = (account_id, region)
        if key not in self._images:
            ec2 = self._clients("ec2", account_id, region)
            self._images[key] = ec2.register_image(Name="amazon-eks-node-al2023-x86_64-standard")["ImageId"]
        return self._images[key]

    def _add_subnet(
        self, ec2: Any, plan: VpcPlan, vpc_id: str, subnet: SubnetPlan, ipv6: IPv6Network | None
    ) -> SubnetState:
        tags = {"Name": subnet.name, **subnet.tags}
        facts = ec2.create_subnet(
            VpcId=vpc_id,
            CidrBlock=subnet.cidr,
            AvailabilityZone=f"{plan.region}{subnet.zone}",
            **({"Ipv6CidrBlock": str(ipv6)} if ipv6 else {}),
            TagSpecifications=_tagged("subnet", tags),
        )["Subnet"]
        state = SubnetState(
            subnet_id=facts["SubnetId"],
            name=subnet.name,
            account_id=plan.account_id,
            region=plan.region,
            vpc_id=vpc_id,
            az=facts["AvailabilityZone"],
            az_id=facts["AvailabilityZoneId"],
            space=SubnetSpace(IPv4Network(subnet.cidr), seed=self._estate.random.getrandbits(32)),
            tags=tags,
            moto_facts={**facts, "Tags": tag_list(tags)},
            ipv6_cidr=ipv6,
        )
        for cidr in subnet.prefix_reservations:
            state.space.reserve(IPv4Network(cidr), ReservationType.PREFIX)
            state.reservations.append(
                SubnetReservation(
                    reservation_id=self._estate.new_id("scr"),
                    cidr=IPv4Network(cidr),
                    reservation_type=ReservationType.PREFIX,
                    description="pods",
                )
            )
        return self._estate.add_subnet(state)

    def _add_service_holders(self, plan: VpcPlan, subnets: Mapping[str, SubnetState]) -> None:
        for subnet in plan.subnets:
            for kind, count in subnet.holders:
                for number in range(1, count + 1):
                    if kind == "leaked":
                        self._holders.leaked(
                            plan.cluster.name if plan.cluster else plan.name,
                            subnets[subnet.name].subnet_id,
                            secondary=9,
                        )
                    else:
                        self._holders.service(kind, subnets[subnet.name].subnet_id, number)

    def _add_cluster(
        self, plan: VpcPlan, cluster: ClusterPlan, vpc_id: str, subnets: Mapping[str, SubnetState]
    ) -> None:
        eks = self._clients("eks", plan.account_id, plan.region)
        control = [subnets[name].subnet_id for name in cluster.control_subnets]
        eks.create_cluster(
            name=cluster.name,
            version=cluster.version,
            roleArn=f"arn:aws:iam::{plan.account_id}:role/eks-cluster",
            resourcesVpcConfig={"subnetIds": control},
            kubernetesNetworkConfig={"ipFamily": cluster.ip_family},
        )
        for subnet_id in control:
            self._holders.control_plane(cluster.name, subnet_id)
        scattered = {subnet.scatter: subnets[subnet.name] for subnet in plan.subnets if subnet.scatter}
        for nodegroup in cluster.nodegroups:
            self._add_nodegroup(eks, plan, cluster, nodegroup, subnets, scattered.get(nodegroup.name))
        if cluster.fargate is not None:
            profile, names, pods = cluster.fargate
            eks.create_fargate_profile(
                fargateProfileName=profile,
                clusterName=cluster.name,
                podExecutionRoleArn=f"arn:aws:iam::{plan.account_id}:role/fargate",
                subnets=[subnets[name].subnet_id for name in names],
                selectors=[{"namespace": profile}],
            )
            for number in range(pods):
                self._holders.fargate_pod(subnets[names[number % len(names)]].subnet_id)
        created_at = self._estate.now - timedelta(days=200)
        issues: list[Mapping[str, object]] = []
        if cluster.unhealthy_subnet is not None:
            issues.append(
                {
                    "code": "InsufficientFreeAddresses",
                    "message": "One or more of the subnets associated with your cluster does not have enough available "
                    "IP addresses for Amazon EKS to perform cluster management operations.",
                    "resourceIds": [subnets[cluster.unhealthy_subnet].subnet_id],
                }
            )
        self._estate.clusters[plan.account_id, plan.region, cluster.name] = ClusterState(
            account_id=plan.account_id,
            region=plan.region,
            name=cluster.name,
            vpc_id=vpc_id,
            created_at=created_at,
            issues=issues,
            addons={
                name: _addon(name, version, plan, cluster, created_at.timestamp())
                for name, version in _ADDON_VERSIONS.items()
            },
        )

    def _add_nodegroup(
        self,
        eks: Any,
        plan: VpcPlan,
        cluster: ClusterPlan,
        nodegroup: NodegroupPlan,
        subnets: Mapping[str, SubnetState],
        scattered: SubnetState | None,
    ) -> None:
        total = sum(nodegroup.nodes_per_subnet)
        eks.create_nodegroup(
            clusterName=cluster.name,
            nodegroupName=nodegroup.name,
            subnets=[subnets[name].subnet_id for name in nodegroup.subnets],
            nodeRole=f"arn:aws:iam::{plan.account_id}:role/eks-node",
            instanceTypes=[nodegroup.instance_type],
            amiType="AL2023_x86_64_STANDARD",
            version=cluster.version,
            releaseVersion=f"{cluster.version}.0-20261101",
            scalingConfig={"minSize": total, "maxSize": total * 2, "desiredSize": total},
        )
        per_eni = self.limits(plan.account_id, plan.region, nodegroup.instance_type)[1]
        for position, (name, count) in enumerate(zip(nodegroup.subnets, nodegroup.nodes_per_subnet, strict=True)):
            age = timedelta(days=self._estate.random.randint(5, 60))
            nodes = self.launch(nodegroup.name, cluster.name, subnets[name], nodegroup.instance_type, count, age=age)
            pods_in = subnets[nodegroup.pod_subnets[position] if nodegroup.pod_subnets else name].subnet_id
            for node in nodes:
                self._plug_in(node, nodegroup, per_eni, pods_in, scattered)

    def _plug_in(
        self, node: NodeState, nodegroup: NodegroupPlan, per_eni: int, pods_in: str, scattered: SubnetState | None
    ) -> None:
        """Give a node its interfaces; in a scattered subnet every address spoils another free /28."""
        holders = self._holders
        singles = per_eni - 1 if nodegroup.mode in (Mode.SECONDARY, Mode.CUSTOM_NETWORKING) else 0
        named: Sequence[IPv4Address] = ()
        for index in range(nodegroup.enis):
            if scattered is not None:
                named = self._one_in_each_block(scattered, per_eni)
            more = max(0, singles + 1 - max(1, len(named)))
            if index > 0:
                holders.secondary(node, pods_in, secondary=more, named=named)
            elif nodegroup.mode is Mode.CUSTOM_NETWORKING:
                holders.primary(node, secondary=0, prefixes=0)
            else:
                primary = holders.primary(node, secondary=more, prefixes=nodegroup.prefixes, named=named)
                block = primary.subnet.ipv6_cidr
                if nodegroup.mode is Mode.IPV6 and block is not None:
                    slot = int(primary.addresses[0]) & 0xFFFF  # One /80 of the subnet's /64 for every IPv4 address.
                    primary.ipv6_prefixes = (IPv6Network((int(block.network_address) + (slot << 48), 80)),)
        if nodegroup.branches:
            holders.trunk_with_branches(node, pods_in, nodegroup.branches)

    def _one_in_each_block(self, subnet: SubnetState, count: int) -> list[IPv4Address]:
        blocks = subnet.space.free_block_networks()
        chosen = self._estate.random.sample(blocks, k=min(count, len(blocks)))
        return [block[self._estate.random.randrange(block.num_addresses)] for block in chosen]


def cni_metrics(
    estate: Estate, builder: EstateBuilder, plan: VpcPlan, cluster: ClusterPlan
) -> Iterator[dict[str, Any]]:
    """The CNI Metrics Helper's datapoints of three hours back and two ahead, two a minute as it publishes them.

    Those ahead keep the figures of a running demo fresh; CloudWatch takes points up to two hours into the future.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/tree/master/cmd/cni-metrics-helper (namespace Kubernetes,
    dimension CLUSTER_ID, values summed over nodes; awscni_total_ip_addresses leaves out each interface's primary
    address).
    """
    nodes = [node for node in estate.nodes.values() if node.cluster == cluster.name]
    pods = {group.name: group.pods - group.branches for group in cluster.nodegroups}
    interfaces = [
        (node, interface)
        for node in nodes
        for interface in estate.attached_to(node.instance_id)
        if interface.interface_type == "interface"
    ]
    limits = {node.instance_id: builder.limits(plan.account_id, plan.region, node.instance_type) for node in nodes}
    total = sum(len(i.addresses) - 1 + 16 * len(i.prefixes) for _, i in interfaces)
    assigned = sum(pods[node.nodegroup] for node in nodes)
    values = {
        "totalIPAddresses": total,
        "maxIPAddresses": sum(enis * (per_eni - 1) for enis, per_eni in limits.values()),
        "eniAllocated": len(interfaces),
        "eniMaxAvailable": sum(enis for enis, _ in limits.values()),
        "totalIPv4Prefixes": sum(len(i.prefixes) for _, i in interfaces),
    }
    for half_minute in range(6 * 60, -4 * 60, -1):
        moment = estate.now - timedelta(seconds=30 * half_minute)
        swing = 1 - 0.05 * (1 - math.cos(half_minute / 40))  # Up to a tenth fewer pods earlier in the morning.
        for name, value in {**values, "assignIPAddresses": round(assigned * swing)}.items():
            yield {
                "MetricName": name,
                "Dimensions": [{"Name": "CLUSTER_ID", "Value": cluster.name}],
                "Timestamp": moment,
                "Value": value,
                "Unit": "Count",
            }


def _addon(name: str, version: str, plan: VpcPlan, cluster: ClusterPlan, created_at: float) -> dict[str, object]:
    addon: dict[str, object] = {
        "addonName": name,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": f"arn:aws:eks:{plan.region}:{plan.account_id}:addon/{cluster.name}/{name}/example",
        "createdAt": created_at,
        "modifiedAt": created_at,
        "tags": {},
    }
    if name == "vpc-cni" and cluster.cni_env:
        addon["configurationValues"] = json.dumps({"env": dict(cluster.cni_env)})
    return addon


def _tagged(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": resource_type, "Tags": tag_list(tags)}]
