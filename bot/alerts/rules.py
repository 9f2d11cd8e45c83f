"""RULES: every rule there is, in the order people read them."""

from collections.abc import Mapping
from typing import Any

from bot.alerts.cluster_rules import (
    CLUSTER_HEALTH,
    CNI_ERRORS,
    CNI_IP_SATURATION,
    CONTROL_PLANE_SUBNETS,
    NODEGROUP_HEALTH,
    NODES_DO_NOT_FIT,
)
from bot.alerts.quota_rules import BLIND, ENI_QUOTA, VPC_CIDR_QUOTA, VPC_NAU
from bot.alerts.readings import Rule
from bot.alerts.samples import Sample
from bot.alerts.subnet_rules import BURN_RATE, LOAD_BALANCER_FLOOR, LOW_IPS, NO_FREE_BLOCKS

RULES: tuple[Rule[Any], ...] = (
    LOW_IPS,
    NO_FREE_BLOCKS,
    BURN_RATE,
    LOAD_BALANCER_FLOOR,
    NODES_DO_NOT_FIT,
    CONTROL_PLANE_SUBNETS,
    CLUSTER_HEALTH,
    NODEGROUP_HEALTH,
    CNI_IP_SATURATION,
    CNI_ERRORS,
    ENI_QUOTA,
    VPC_CIDR_QUOTA,
    VPC_NAU,
    BLIND,
)
"""Every rule; each is evaluated for every sample of the kind it reads."""


def rule_named(name: str) -> Rule[Any] | None:
    """The rule with this name, None where there is none any more."""
    return next((rule for rule in RULES if rule.name == name), None)


def rules_for(kind: type[Sample]) -> tuple[Rule[Any], ...]:
    """The rules that read this kind of sample."""
    return _BY_KIND.get(kind, ())


_BY_KIND: Mapping[type[Sample], tuple[Rule[Any], ...]] = {
    reads: tuple(rule for rule in RULES if rule.reads is reads) for reads in dict.fromkeys(r.reads for r in RULES)
}
