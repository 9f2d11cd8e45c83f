"""What to run to add a block to a VPC for pods: AWS CLI and kubectl commands, or the same as Terraform.

Nothing here is executed: a person reviews and runs it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import islice

from bot.capacity.cidr import LARGEST_LENGTH, QUOTA_CODE, SMALLEST_LENGTH

ASSUMED_ZONES = ("a", "b", "c")
"""Letters of the zones written where the VPC's own are not known: EKS clusters usually span three."""

DISCOVERY_TAG = "kubernetes.io/role/cni"
"""A subnet with this tag at "1" serves new ENIs of nodes in its zone (VPC CNI 1.18 and later).

Source: https://github.com/aws/amazon-vpc-cni-k8s (pkg/awsutils, isSubnetValidForENICreation).
"""

ZONE_LABEL = "topology.kubernetes.io/zone"
"""The node label whose value names the ENIConfig, as the EKS guide sets it up.

Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network-tutorial.html
"""

_CUSTOM_NETWORKING = {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": ZONE_LABEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A block to add to a VPC; `vpc_id`, `region` and `zones` are empty where they are not known."""

    cidr: IPv4Network
    vpc_id: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    quota_to_ask: int | None = None

    @property
    def subnets(self) -> tuple[tuple[str, IPv4Network], ...]:
        """A subnet for each zone, by the zone's letter; fewer than zones where the block is too small."""
        letters = tuple(zone[-1] for zone in self.zones) or ASSUMED_ZONES
        return tuple(zip(letters, zone_slices(self.cidr, len(letters)), strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Commands that belong together, under a title."""

    title: str
    commands: tuple[str, ...]


def zone_slices(cidr: IPv4Network, zones: int) -> tuple[IPv4Network, ...]:
    """One equal subnet for each zone, as large as fits; fewer than `zones` where a /28 is too large for that.

    Example: a /16 over 3 zones gives the first three of its four /18s.
    """
    length = cidr.prefixlen + max(zones - 1, 0).bit_length()
    length = max(LARGEST_LENGTH, cidr.prefixlen, min(length, SMALLEST_LENGTH))
    return tuple(islice(cidr.subnets(new_prefix=length), zones))


def shell_steps(addition: Addition) -> tuple[Step, ...]:
    """The block, a subnet for each zone tagged for subnet discovery, and custom networking as the other way."""
    vpc_id = addition.vpc_id or '"$VPC_ID"'
    region = f" --region {addition.region}" if addition.region else ""
    steps = []
    if addition.quota_to_ask is not None:
        ask = (
            f"aws service-quotas request-service-quota-increase --service-code vpc --quota-code {QUOTA_CODE} "
            f"--desired-value {addition.quota_to_ask}{region}"
        )
        steps.append(Step(title="First raise the quota", commands=(ask,)))
    block = f"aws ec2 associate-vpc-cidr-block --vpc-id {vpc_id} --cidr-block {addition.cidr}{region}"
    steps.append(Step(title="Add the block", commands=(block,)))
    subnets = tuple(
        f"SUBNET_{letter.upper()}=$(aws ec2 create-subnet --vpc-id {vpc_id} "
        f"--availability-zone {_shell_zone(addition, letter)} --cidr-block {subnet} "
        f"--tag-specifications 'ResourceType=subnet,Tags=[{{Key=Name,Value=pods-1{letter}}},"
        f"{{Key={DISCOVERY_TAG},Value=1}}]' --query Subnet.SubnetId --output text{region})"
        for letter, subnet in addition.subnets
    )
    steps.append(Step(title="A subnet for each zone, tagged for subnet discovery", commands=subnets))
    settings = " ".join(f"{name}={value}" for name, value in _CUSTOM_NETWORKING.items())
    switch = f"kubectl set env daemonset aws-node -n kube-system {settings}"
    steps.append(
        Step(title="Only for custom networking instead: ENIConfigs", commands=(_eni_configs(addition), switch))
    )
    return tuple(steps)


def terraform_steps(addition: Addition) -> tuple[Step, ...]:
    """The same block, subnets and ENIConfigs as Terraform."""
    vpc = f'"{addition.vpc_id}"' if addition.vpc_id else "var.vpc_id"
    names = [name for name, known in (("vpc_id", addition.vpc_id), ("region", addition.zones)) if not known]
    variables = [f'variable "{name}" {{\n  type = string\n}}\n' for name in names]
    zones = "\n".join(f'    "{_terraform_zone(addition, letter)}" = "{cidr}"' for letter, cidr in addition.subnets)
    network = "\n".join(
        (
            *variables,
            'resource "aws_vpc_ipv4_cidr_block_association" "pods" {',
            f"  vpc_id     = {vpc}",
            f'  cidr_block = "{addition.cidr}"',
            "}",
            "",
            'resource "aws_subnet" "pods" {',
            "  for_each = {",
            zones,
            "  }",
            "  vpc_id            = aws_vpc_ipv4_cidr_block_association.pods.vpc_id",
            "  availability_zone = each.key",
            "  cidr_block        = each.value",
            "  tags = {",
            '    Name = "pods-${each.key}"',
            f'    "{DISCOVERY_TAG}" = "1"',
            "  }",
            "}",
        )
    )
    settings = ", ".join(f'{name} = "{value}"' for name, value in _CUSTOM_NETWORKING.items())
    custom = "\n".join(
        (
            'resource "kubernetes_manifest" "eni_config" {',
            "  for_each = aws_subnet.pods",
            "  manifest = {",
            '    apiVersion = "crd.k8s.amazonaws.com/v1alpha1"',
            '    kind       = "ENIConfig"',
            "    metadata   = { name = each.key }",
            "    spec       = { subnet = each.value.id }",
            "  }",
            "}",
            "",
            '# in aws_eks_addon "vpc-cni":',
            f"# configuration_values = jsonencode({{ env = {{ {settings} }} }})",
        )
    )
    return (
        Step(title="Terraform: the block and its subnets", commands=(network,)),
        Step(title="Only for custom networking instead: ENIConfigs", commands=(custom,)),
    )


def _eni_configs(addition: Addition) -> str:
    """An ENIConfig for each zone; without securityGroups the CNI takes those of the node's primary ENI.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network-tutorial.html
    """
    manifests = (
        "\n".join(
            (
                "apiVersion: crd.k8s.amazonaws.com/v1alpha1",
                "kind: ENIConfig",
                f"metadata: {{name: '{_zone(addition, letter, '${AWS_REGION}')}'}}",
                f"spec: {{subnet: $SUBNET_{letter.upper()}}}",
            )
        )
        for letter, _ in addition.subnets
    )
    return "kubectl apply -f - <<EOF\n" + "\n---\n".join(manifests) + "\nEOF"


def _shell_zone(addition: Addition, letter: str) -> str:
    zone = _zone(addition, letter, "${AWS_REGION}")
    return f'"{zone}"' if "$" in zone else zone


def _terraform_zone(addition: Addition, letter: str) -> str:
    return _zone(addition, letter, "${var.region}")


def _zone(addition: Addition, letter: str, region: str) -> str:
    known = next((zone for zone in addition.zones if zone[-1] == letter), None)
    return known or f"{addition.region or region}{letter}"
