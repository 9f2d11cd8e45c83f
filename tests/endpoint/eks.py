"""EKS over the estate: clusters with a node group, the vpc-cni add-on and a Fargate profile.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/ (the page of each operation; lists of 1 to 100 a page).
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote

from .answers import Answer, ApiError, Caller, Request, json_answer
from .content import RegionState
from .estate import Estate
from .xml import NODE_TYPE

NODEGROUP, PROFILE, ADDONS = "general", "system", ("kube-proxy", "vpc-cni")
CREATED_AT = 1_793_500_000.0
_LISTS = {
    "clusters": "Clusters",
    "node-groups": "Nodegroups",
    "fargate-profiles": "FargateProfiles",
    "addons": "Addons",
}
_FIELDS = {"node-groups": "nodegroups", "fargate-profiles": "fargateProfileNames", "addons": "addons"}


def operation(request: Request) -> str:
    """The operation that the path means, "" for none."""
    path = _path(request)
    kind = path[2] if len(path) > 2 else path[0]
    plural = _LISTS.get(kind, "")
    return f"List{plural}" if len(path) in (1, 3) else f"Describe{plural.removesuffix('s')}"


def answer(estate: Estate, caller: Caller, request: Request) -> Answer:
    """The answer to an EKS request.

    Raises: ApiError ResourceNotFoundException, InvalidParameterException.
    """
    path = _path(request)
    state = estate.state(caller.account_id, caller.region)
    names = state.cluster_names if state else ()
    if len(path) == 1:
        return _listed(request, "clusters", names)
    if state is None or path[1] not in names:
        raise ApiError("ResourceNotFoundException", f"No cluster found for name: {path[1]}.", 404)
    if len(path) == 2:
        return json_answer({"cluster": _cluster(state, path[1])})
    parts: Mapping[str, Sequence[str]] = {"node-groups": (NODEGROUP,), "fargate-profiles": (PROFILE,), "addons": ADDONS}
    known = parts.get(path[2], ())
    if len(path) == 3:
        return _listed(request, _FIELDS[path[2]], known)
    if path[3] not in known:
        raise ApiError("ResourceNotFoundException", f"No {path[2]}: {path[3]} found in cluster: {path[1]}", 404)
    if path[2] == "node-groups":
        return json_answer({"nodegroup": _nodegroup(state, path[1])})
    if path[2] == "fargate-profiles":
        return json_answer({"fargateProfile": _profile(state, path[1])})
    return json_answer({"addon": _addon(state, path[1], path[3])})


def _path(request: Request) -> list[str]:
    return [unquote(part) for part in request.path.strip("/").split("/")]


def _listed(request: Request, field: str, names: Sequence[str]) -> Answer:
    asked = dict(parse_qsl(request.query))
    size, token = asked.get("maxResults", "100"), asked.get("nextToken", "0")
    if not (size.isdecimal() and 1 <= int(size) <= 100 and token.isdecimal()):
        raise ApiError("InvalidParameterException", "maxResults must be from 1 to 100, nextToken as it was given.")
    end = int(token) + int(size)
    more = {"nextToken": str(end)} if end < len(names) else {}
    return json_answer({field: list(names[int(token) : end]), **more})


def _arn(state: RegionState, kind: str, name: str) -> str:
    return f"arn:aws:eks:{state.region}:{state.account_id}:{kind}/{name}"


def subnet_ids(state: RegionState, cluster: str) -> list[str]:
    """The subnets of a cluster: every n-th, so that each subnet belongs to one, as many as the plan says."""
    number, count = state.cluster_names.index(cluster), len(state.cluster_names)
    own = [one.subnet_id for one in state.subnets.values() if not one.deleted and one.number % count == number]
    return own[: state.plan.cluster_subnets or len(own)]


def node_count(state: RegionState, cluster: str) -> int:
    """The nodes of a cluster: each has two interfaces."""
    own = set(subnet_ids(state, cluster))
    return sum(len(one.interfaces) + 1 >> 1 for one in state.subnets.values() if one.subnet_id in own)


def _cluster(state: RegionState, name: str) -> dict[str, object]:
    own = subnet_ids(state, name)
    vpc_id = next((one.vpc_id for one in state.subnets.values() if one.subnet_id in own[:1]), "")
    return {
        "name": name,
        "arn": _arn(state, "cluster", name),
        "createdAt": CREATED_AT,
        "version": "1.34",
        "status": "ACTIVE",
        "roleArn": f"arn:aws:iam::{state.account_id}:role/eks",
        "resourcesVpcConfig": {"subnetIds": own[:2], "vpcId": vpc_id, "securityGroupIds": []},
        "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
        "health": {"issues": []},
    }


def _nodegroup(state: RegionState, cluster: str) -> dict[str, object]:
    nodes = node_count(state, cluster)
    return {
        "nodegroupName": NODEGROUP,
        "nodegroupArn": _arn(state, "nodegroup", f"{cluster}/{NODEGROUP}/0"),
        "clusterName": cluster,
        "version": "1.34",
        "createdAt": CREATED_AT,
        "modifiedAt": CREATED_AT,
        "status": "ACTIVE",
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 0, "maxSize": 2 * nodes, "desiredSize": nodes},
        "updateConfig": {"maxUnavailable": 1},
        "instanceTypes": [NODE_TYPE],
        "amiType": "AL2023_x86_64_STANDARD",
        "subnets": subnet_ids(state, cluster),
        "health": {"issues": []},
    }


def _profile(state: RegionState, cluster: str) -> dict[str, object]:
    return {
        "fargateProfileName": PROFILE,
        "fargateProfileArn": _arn(state, "fargateprofile", f"{cluster}/{PROFILE}/0"),
        "clusterName": cluster,
        "createdAt": CREATED_AT,
        "status": "ACTIVE",
        "subnets": subnet_ids(state, cluster)[:1],
        "selectors": [{"namespace": "kube-system"}],
    }


def _addon(state: RegionState, cluster: str, name: str) -> dict[str, object]:
    mode = "true" if state.plan.prefix_subnets else "false"
    configuration = f'{{"env": {{"ENABLE_PREFIX_DELEGATION": "{mode}"}}}}' if name == "vpc-cni" else ""
    return {
        "addonName": name,
        "addonArn": _arn(state, "addon", f"{cluster}/{name}/0"),
        "clusterName": cluster,
        "status": "ACTIVE",
        "addonVersion": "v1.20.4-eksbuild.1",
        "health": {"issues": []},
        "createdAt": CREATED_AT,
        "modifiedAt": CREATED_AT,
        **({"configurationValues": configuration} if configuration else {}),
    }
