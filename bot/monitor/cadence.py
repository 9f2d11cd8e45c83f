"""Cadence: how often each rule gets a new sample, and so how long a pause in its samples may be."""

from dataclasses import dataclass
from datetime import timedelta

from bot.alerts.alert import Timing
from bot.alerts.lifecycle import MISSED_POLLS

DAY = timedelta(days=1)

SLOW_RULES = frozenset(
    {
        "no_free_blocks",
        "nodes_do_not_fit",
        "cluster_health",
        "nodegroup_health",
        "cni_ip_saturation",
        "cni_errors",
        "eni_quota",
        "vpc_cidr_quota",
    }
)
"""Rules whose samples need EKS, interfaces or CloudWatch, which are read more seldom than subnets."""

DAILY_RULES = frozenset({"vpc_nau"})
"""Rules on a metric that has one value a day: a single value is the whole day's.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The intervals at which AWS is read, with the time a breach must hold and a recovery must last."""

    poll: timedelta
    slow: timedelta
    hold: timedelta
    recover: timedelta

    def interval(self, rule: str) -> timedelta:
        """How often the rule gets a new sample."""
        return DAY if rule in DAILY_RULES else max(self.slow, self.poll) if rule in SLOW_RULES else self.poll

    def longest_gap(self, rule: str) -> timedelta:
        """The longest time between two samples of the rule that still counts."""
        return MISSED_POLLS * self.interval(rule)

    def timing(self, rule: str) -> Timing:
        """How long a breach of the rule must hold and its recovery must last."""
        if rule in DAILY_RULES:
            return Timing(
                hold=timedelta(0), recover=timedelta(0), longest_gap=self.longest_gap(rule), breaches=1, window=1
            )
        return Timing(hold=self.hold, recover=self.recover, longest_gap=self.longest_gap(rule))
