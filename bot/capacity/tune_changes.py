"""The exact change of warm-pool settings, as commands and text to copy: add-on, kubectl, Helm, Terraform."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from bot.capacity.cni_env import MINIMUM_IP, PREFIX_DELEGATION, WARM_ENI, WARM_IP, WARM_PREFIX
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import Cluster

_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way to make the change; the ways exclude each other. `text` is a command or a snippet, never executed."""

    title: str
    text: str


def in_words(settings: PoolSettings) -> str:
    """The mode and the targets that act, as one writes them."""
    if settings.ip_targets:
        pairs = f"{WARM_IP}={settings.warm_ip} {MINIMUM_IP}={settings.minimum_ip}"
    elif settings.mode is PoolMode.PREFIX:
        pairs = f"{WARM_PREFIX}={settings.warm_prefix}"
    else:
        pairs = f"{WARM_ENI}={settings.warm_eni}"
    return f"{settings.mode.value} · {pairs}"


def variables(before: PoolSettings, after: PoolSettings) -> dict[str, str]:
    """The variables of container aws-node to change, with their new values; "0" turns an IP target off."""
    values = (
        (PREFIX_DELEGATION, _go(before), _go(after)),
        (WARM_ENI, before.warm_eni, after.warm_eni),
        (WARM_PREFIX, before.warm_prefix, after.warm_prefix),
        (WARM_IP, before.warm_ip, after.warm_ip),
        (MINIMUM_IP, before.minimum_ip, after.minimum_ip),
    )
    changed = {name: str(new) for name, old, new in values if old != new}
    if after.ip_targets and changed:
        # The two act together only, so both are named even where one stays.
        changed |= {WARM_IP: str(after.warm_ip), MINIMUM_IP: str(after.minimum_ip)}
    return changed


def changes(cluster: Cluster, before: PoolSettings, after: PoolSettings) -> tuple[Change, ...]:
    """The ways to make the change on this cluster, the one that fits how its CNI is installed first.

    The add-on's configurationValues are replaced as a whole by an update, so its present variables are in them again.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html (PRESERVE keeps values changed on
    the cluster), https://github.com/aws/amazon-vpc-cni-k8s/blob/master/README.md (env variables of aws-node) and
    https://github.com/aws/amazon-vpc-cni-k8s/tree/master/charts/aws-vpc-cni (`env` of the chart).
    """
    changed = variables(before, after)
    if not changed:
        return ()
    whole = {**dict(cluster.cni.environment), **changed}
    addon = (
        Change(title="EKS add-on", text=_addon(cluster, whole)),
        Change(title="Terraform", text=_terraform(cluster, whole)),
    )
    live = (Change(title="kubectl", text=_kubectl(changed)), Change(title="Helm", text=_helm(changed)))
    return (*addon, *live) if cluster.cni.source == "addon" else (*live, *addon)


def _addon(cluster: Cluster, environment: Mapping[str, str]) -> str:
    values = json.dumps({"env": dict(sorted(environment.items()))}, separators=(",", ":"))
    return (
        f"aws eks update-addon --region {cluster.region} --cluster-name {shlex.quote(cluster.name)} "
        f"--addon-name vpc-cni --resolve-conflicts PRESERVE --configuration-values {shlex.quote(values)}"
    )


def _kubectl(changed: Mapping[str, str]) -> str:
    pairs = " ".join(f"{name}={value}" for name, value in changed.items())
    return f"kubectl set env daemonset aws-node -n kube-system -c aws-node {pairs}"


def _helm(changed: Mapping[str, str]) -> str:
    pairs = " ".join(f"--set-string env.{name}={value}" for name, value in changed.items())
    return (
        "helm upgrade aws-vpc-cni aws-vpc-cni --repo https://aws.github.io/eks-charts "
        f"--namespace kube-system --reuse-values {pairs}"
    )


def _terraform(cluster: Cluster, environment: Mapping[str, str]) -> str:
    name = _NAME.sub("_", cluster.name.lower()).strip("_") or "cluster"
    width = max(len(key) for key in environment)
    pairs = "\n".join(f"      {key:<{width}} = {_quoted(value)}" for key, value in sorted(environment.items()))
    return (
        f'resource "aws_eks_addon" "vpc_cni_{name}" {{\n'
        f'  cluster_name                = "{cluster.name}"\n'
        '  addon_name                  = "vpc-cni"\n'
        '  resolve_conflicts_on_update = "PRESERVE"\n'
        "  configuration_values = jsonencode({\n"
        "    env = {\n"
        f"{pairs}\n"
        "    }\n"
        "  })\n"
        "}"
    )


def _quoted(value: str) -> str:
    """A Terraform string: JSON's escapes, and `${` and `%{` kept from being taken for templates."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _go(settings: PoolSettings) -> str:
    return "true" if settings.mode is PoolMode.PREFIX else "false"
