"""EKS reads: clusters, node groups, Fargate profiles, and the settings of the vpc-cni add-on.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/ (the page of each operation named below).
"""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bot.aws.errors import NotFoundError, translated
from bot.aws.limits import EKS_PAGE
from bot.aws.queries import Place
from bot.inventory import Cluster, CniSettings, FargateProfile, HealthIssue, Nodegroup

if TYPE_CHECKING:
    from mypy_boto3_eks.type_defs import AddonTypeDef, ClusterIssueTypeDef, IssueTypeDef

log = logging.getLogger(__name__)

ADDON = "vpc-cni"
UNKNOWN_CNI = CniSettings(source="unknown")


def cluster_names(place: Place) -> tuple[str, ...]:
    """The names of the region's clusters (ListClusters)."""
    with translated(place.account, place.region, "ListClusters"):
        pages = place.eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": EKS_PAGE})
        return tuple(name for page in pages for name in page["clusters"])


def cluster(place: Place, name: str) -> Cluster:
    """One cluster with its health, without node groups, Fargate profiles and add-on (DescribeCluster)."""
    with translated(place.account, place.region, "DescribeCluster"):
        item = place.eks.describe_cluster(name=name)["cluster"]
        network = item.get("resourcesVpcConfig", {})
        return Cluster(
            name=name,
            account_id=place.account.account_id,
            region=place.region,
            version=item.get("version", ""),
            status=item.get("status", ""),
            vpc_id=network.get("vpcId", ""),
            subnet_ids=tuple(network.get("subnetIds", ())),
            ip_family=item.get("kubernetesNetworkConfig", {}).get("ipFamily", "ipv4"),
            cni=UNKNOWN_CNI,
            health=_health(item.get("health", {}).get("issues")),
        )


def nodegroup_names(place: Place, name: str) -> tuple[str, ...]:
    """The names of a cluster's managed node groups (ListNodegroups)."""
    with translated(place.account, place.region, "ListNodegroups"):
        pages = place.eks.get_paginator("list_nodegroups").paginate(
            clusterName=name, PaginationConfig={"PageSize": EKS_PAGE}
        )
        return tuple(group for page in pages for group in page["nodegroups"])


def nodegroup(place: Place, name: str, nodegroup_name: str) -> Nodegroup:
    """One managed node group with its health (DescribeNodegroup).

    Its instance types are empty where a launch template names the type.
    """
    with translated(place.account, place.region, "DescribeNodegroup"):
        item = place.eks.describe_nodegroup(clusterName=name, nodegroupName=nodegroup_name)["nodegroup"]
        scaling = item.get("scalingConfig", {})
        update = item.get("updateConfig") or {}
        return Nodegroup(
            name=nodegroup_name,
            subnet_ids=tuple(item.get("subnets", ())),
            instance_types=tuple(item.get("instanceTypes") or ()),
            status=item.get("status", ""),
            desired_size=scaling.get("desiredSize"),
            max_size=scaling.get("maxSize"),
            max_unavailable=update.get("maxUnavailable"),
            max_unavailable_pct=update.get("maxUnavailablePercentage"),
            ami_type=item.get("amiType", ""),
            health=_health(item.get("health", {}).get("issues")),
        )


def fargate_profile_names(place: Place, name: str) -> tuple[str, ...]:
    """The names of a cluster's Fargate profiles (ListFargateProfiles)."""
    with translated(place.account, place.region, "ListFargateProfiles"):
        pages = place.eks.get_paginator("list_fargate_profiles").paginate(
            clusterName=name, PaginationConfig={"PageSize": EKS_PAGE}
        )
        return tuple(profile for page in pages for profile in page["fargateProfileNames"])


def fargate_profile(place: Place, name: str, profile_name: str) -> FargateProfile:
    """One Fargate profile (DescribeFargateProfile)."""
    with translated(place.account, place.region, "DescribeFargateProfile"):
        item = place.eks.describe_fargate_profile(clusterName=name, fargateProfileName=profile_name)["fargateProfile"]
        return FargateProfile(
            name=profile_name, subnet_ids=tuple(item.get("subnets", ())), status=item.get("status", "")
        )


def cni_settings(place: Place, name: str) -> CniSettings:
    """The vpc-cni add-on of a cluster; `source` is "unknown" when EKS does not manage the CNI (DescribeAddon)."""
    try:
        with translated(place.account, place.region, "DescribeAddon"):
            addon = place.eks.describe_addon(clusterName=name, addonName=ADDON)["addon"]
    except NotFoundError:
        return UNKNOWN_CNI
    return _cni_settings(addon, name)


def addon_environment(configuration: str) -> tuple[tuple[str, str], ...]:
    """The aws-node variables in an add-on's configurationValues, sorted by name.

    Raises: ValueError when the text is neither JSON nor YAML of the shape `{"env": {NAME: value}}`.
    Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html (configurationValues) and
    https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html (both JSON and YAML are taken).
    Example: `addon_environment('{"env": {"WARM_IP_TARGET": "2"}}')` is `(("WARM_IP_TARGET", "2"),)`.
    """
    document = _document(configuration)
    if document is None:
        return ()
    environment = document.get("env") if isinstance(document, dict) else False
    if environment is None:
        return ()
    if not isinstance(environment, dict) or any(isinstance(value, dict | list) for value in environment.values()):
        raise ValueError("configurationValues holds no mapping of variables under env")
    return tuple(
        sorted(
            (str(key), str(value).lower() if isinstance(value, bool) else str(value))
            for key, value in environment.items()
            if value is not None
        )
    )


def _document(configuration: str) -> object:
    try:
        return json.loads(configuration) if configuration.strip() else None
    except ValueError:
        import yaml  # here only: most add-ons carry JSON or nothing

        try:
            return yaml.safe_load(configuration)
        except (yaml.YAMLError, RecursionError) as exc:
            raise ValueError("configurationValues is neither JSON nor YAML") from exc


def _cni_settings(addon: "AddonTypeDef", cluster_name: str) -> CniSettings:
    version = addon.get("addonVersion")
    try:
        environment = addon_environment(addon.get("configurationValues") or "")
    except ValueError as exc:
        log.warning("vpc-cni configuration cannot be read", extra={"cluster": cluster_name, "reason": str(exc)})
        return CniSettings(source="unknown", version=version)
    return CniSettings(source="addon", version=version, environment=environment)


def _health(issues: "Iterable[ClusterIssueTypeDef] | Iterable[IssueTypeDef] | None") -> tuple[HealthIssue, ...]:
    return tuple(_issue(item) for item in issues or ())


def _issue(item: "Mapping[str, object] | ClusterIssueTypeDef | IssueTypeDef") -> HealthIssue:
    resource_ids = item.get("resourceIds") or ()
    return HealthIssue(
        code=str(item.get("code", "")),
        message=str(item.get("message", "")),
        resource_ids=tuple(map(str, resource_ids)) if isinstance(resource_ids, list | tuple) else (),
    )
