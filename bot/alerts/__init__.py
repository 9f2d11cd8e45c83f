"""Alerts: what makes one (rules), how it lives (lifecycle), and what it says (notices). Pure: no I/O, no clock."""

from bot.alerts.alert import Alert, AlertStatus, Step, Timing, Transition
from bot.alerts.lifecycle import Gone, advance, after_downtime, deleted, rule_removed
from bot.alerts.notices import card, outage_card
from bot.alerts.readings import Reading, Rule, Severity, TimeLeft, Unit, Worse
from bot.alerts.rules import RULES, rule_named, rules_for
from bot.alerts.samples import (
    ClusterSample,
    CniSample,
    ControlPlaneSubnet,
    NodegroupSample,
    RegionSample,
    Sample,
    SourceSample,
    SubnetSample,
    VpcSample,
)
from bot.alerts.subject import Subject, SubjectKind
from bot.alerts.subnet_rules import LOW_IPS
from bot.alerts.thresholds import Thresholds

__all__ = [
    "LOW_IPS",
    "RULES",
    "Alert",
    "AlertStatus",
    "ClusterSample",
    "CniSample",
    "ControlPlaneSubnet",
    "Gone",
    "NodegroupSample",
    "Reading",
    "RegionSample",
    "Rule",
    "Sample",
    "Severity",
    "SourceSample",
    "Step",
    "Subject",
    "SubjectKind",
    "SubnetSample",
    "Thresholds",
    "TimeLeft",
    "Timing",
    "Transition",
    "Unit",
    "VpcSample",
    "Worse",
    "advance",
    "after_downtime",
    "card",
    "deleted",
    "outage_card",
    "rule_named",
    "rule_removed",
    "rules_for",
]
