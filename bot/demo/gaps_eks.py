"""EKS answers that moto lacks: add-ons, health issues, the VPC of a cluster."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bot.demo.estate import ClusterState, Estate
from bot.demo.wire import AwsError, answer


@dataclass(frozen=True, slots=True, kw_only=True)
class EksCall:
    """One EKS request and whom it comes from."""

    estate: Estate
    account_id: str
    region: str
    request: AWSPreparedRequest
    forward: Callable[[AWSPreparedRequest], AWSResponse]

    @property
    def path(self) -> tuple[str, ...]:
        """The segments of the request's path, such as ("clusters", "prod-eu", "addons")."""
        return tuple(unquote(segment) for segment in urlsplit(self.request.url).path.strip("/").split("/"))

    def cluster(self) -> ClusterState | None:
        """The estate's cluster the request names."""
        return self.estate.clusters.get((self.account_id, self.region, self.path[1]))


def _list_addons(call: EksCall) -> AWSResponse:
    """Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_ListAddons.html (1 to 100 a page)."""
    names = sorted(_known_cluster(call).addons)
    asked = dict(parse_qsl(urlsplit(call.request.url).query))
    size, token = asked.get("maxResults", "100"), asked.get("nextToken", "0")
    if not (size.isdecimal() and 1 <= int(size) <= 100 and token.isdecimal()):
        raise AwsError("InvalidParameterException", "maxResults must be from 1 to 100, nextToken as it was given.")
    end = int(token) + int(size)
    more = {"nextToken": str(end)} if end < len(names) else {}
    return _json(call, {"addons": names[int(token) : end], **more})


def _describe_addon(call: EksCall) -> AWSResponse:
    cluster, name = _known_cluster(call), call.path[3]
    if name not in cluster.addons:
        raise AwsError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.name}", status=404)
    return _json(call, {"addon": cluster.addons[name]})


def _describe_cluster(call: EksCall) -> AWSResponse:
    """moto's cluster with the VPC, the health and the Kubernetes API it does not have."""
    response, cluster = call.forward(call.request), call.cluster()
    if response.status_code != 200 or cluster is None:
        return response
    body: dict[str, Any] = json.loads(response.content)
    described = body["cluster"]
    described["resourcesVpcConfig"]["vpcId"] = cluster.vpc_id
    described["createdAt"] = cluster.created_at.timestamp()
    described["health"] = {"issues": list(cluster.issues)}
    if call.estate.kubernetes is not None:
        endpoint, ca_data = call.estate.kubernetes(f"{cluster.account_id}/{cluster.region}/{cluster.name}")
        described["endpoint"], described["certificateAuthority"] = endpoint, {"data": ca_data}
    return _json(call, body)


def _describe_nodegroup(call: EksCall) -> AWSResponse:
    """moto's node group with its health and, where none was given, the default updateConfig.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html (maxUnavailable is 1).
    """
    response, cluster = call.forward(call.request), call.cluster()
    if response.status_code != 200 or cluster is None:
        return response
    body: dict[str, Any] = json.loads(response.content)
    key = (call.account_id, call.region, cluster.name, call.path[3])
    body["nodegroup"]["createdAt"] = body["nodegroup"]["modifiedAt"] = cluster.created_at.timestamp()
    body["nodegroup"]["updateConfig"] = body["nodegroup"].get("updateConfig") or {"maxUnavailable": 1}
    body["nodegroup"]["health"] = {"issues": list(call.estate.nodegroup_issues.get(key, ()))}
    return _json(call, body)


def _known_cluster(call: EksCall) -> ClusterState:
    cluster = call.cluster()
    if cluster is None:
        raise AwsError("ResourceNotFoundException", f"No cluster found for name: {call.path[1]}.", status=404)
    return cluster


def _json(call: EksCall, body: Mapping[str, object]) -> AWSResponse:
    return answer(call.request.url, 200, "application/json", json.dumps(body).encode())


ANSWERS: Mapping[str, Callable[[EksCall], AWSResponse]] = MappingProxyType(
    {
        "ListAddons": _list_addons,
        "DescribeAddon": _describe_addon,
        "DescribeCluster": _describe_cluster,
        "DescribeNodegroup": _describe_nodegroup,
    }
)
