"""What to run for an option of a plan: AWS CLI and kubectl commands. Nothing here is executed."""

import json
from collections.abc import Mapping, Sequence

from bot.capacity.cidr_steps import DISCOVERY_TAG
from bot.inventory import Cluster


def nodegroup_command(
    cluster: Cluster | None, name: str, instance_type: str, nodes: int, subnet_ids: Sequence[str]
) -> str:
    """A managed node group of so many nodes in these subnets; the role is the reader's to fill in."""
    cluster_name, region = _named(cluster)
    return (
        f"aws eks create-nodegroup --cluster-name {cluster_name} --nodegroup-name {name} "
        f"--instance-types {instance_type} --subnets {' '.join(subnet_ids)} "
        f'--scaling-config minSize=0,maxSize={nodes},desiredSize={nodes} --node-role "$NODE_ROLE_ARN"{region}'
    )


def subnet_command(vpc_id: str, az: str, cidr: str, region: str, *, name: str, discovery: bool = False) -> str:
    """A subnet in a zone; `discovery` tags it for the nodes' ENIs."""
    tag = f",{{Key={DISCOVERY_TAG},Value=1}}" if discovery else ""
    return (
        f"aws ec2 create-subnet --vpc-id {vpc_id} --availability-zone {az} --cidr-block {cidr} "
        f"--tag-specifications 'ResourceType=subnet,Tags=[{{Key=Name,Value={name}}}{tag}]' --region {region}"
    )


def settings_commands(cluster: Cluster | None, changes: Mapping[str, str]) -> tuple[str, ...]:
    """The change of aws-node's environment: through the add-on where EKS manages it, else on the DaemonSet.

    configurationValues replace the add-on's whole configuration, so the variables it sets now are repeated.
    Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html
    """
    if cluster is None or cluster.cni.source != "addon":
        pairs = " ".join(f"{name}={value}" for name, value in changes.items())
        return (f"kubectl set env daemonset aws-node -n kube-system {pairs}",)
    env = {**dict(cluster.cni.environment), **changes}
    values = json.dumps({"env": env}, separators=(",", ":"))
    return (
        f"aws eks update-addon --cluster-name {cluster.name} --addon-name vpc-cni "
        f"--configuration-values '{values}' --resolve-conflicts PRESERVE --region {cluster.region}",
    )


def _named(cluster: Cluster | None) -> tuple[str, str]:
    return ('"$CLUSTER"', "") if cluster is None else (cluster.name, f" --region {cluster.region}")
