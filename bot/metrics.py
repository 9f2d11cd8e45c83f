"""The bot's own Prometheus metrics, all named `eksip_…` (ALERTING 2.8 lists what each is for)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

sweep_last_success_timestamp = Gauge(
    "eksip_sweep_last_success_timestamp",
    "Unix time of the last complete read of this account, region and API.",
    ["account", "region", "api"],
    registry=REGISTRY,
)
sweep_duration_seconds = Histogram(
    "eksip_sweep_duration_seconds",
    "Seconds one poll of every due account and region took.",
    registry=REGISTRY,
)
coverage_ratio = Gauge(
    "eksip_coverage_ratio", "Share of account-regions read in the last poll (0-1).", registry=REGISTRY
)
aws_calls_total = Counter(
    "eksip_aws_calls_total", "AWS API calls by action and outcome.", ["api", "code"], registry=REGISTRY
)
aws_throttled_total = Counter(
    "eksip_aws_throttled_total",
    "AWS API calls that AWS throttled (by=aws) or that our own pace held back to the end (by=pace).",
    ["api", "by"],
    registry=REGISTRY,
)
clock_skew_seconds = Gauge(
    "eksip_clock_skew_seconds",
    "Seconds by which AWS's clock, as its answers show it, is ahead of ours.",
    registry=REGISTRY,
)
subnets = Gauge("eksip_subnets", "Subnets known, by quality of their last read.", ["quality"], registry=REGISTRY)
alerts = Gauge("eksip_alerts", "Alerts by state.", ["state"], registry=REGISTRY)
outbox_depth = Gauge("eksip_outbox_depth", "Messages waiting to be sent.", registry=REGISTRY)
outbox_oldest_age_seconds = Gauge(
    "eksip_outbox_oldest_age_seconds", "Age of the oldest message waiting to be sent.", registry=REGISTRY
)
slack_send_total = Counter(
    "eksip_slack_send_total", "Messages sent to Slack, by outcome.", ["outcome"], registry=REGISTRY
)
channels_broken = Gauge("eksip_channels_broken", "Channels that Slack refuses for good.", registry=REGISTRY)
webhook_send_total = Counter(
    "eksip_webhook_send_total", "Posts to the second path's webhook, by outcome.", ["outcome"], registry=REGISTRY
)
heartbeat_total = Counter(
    "eksip_heartbeat_total", "Requests to the dead-man's-switch address, by outcome.", ["outcome"], registry=REGISTRY
)
sweep_completed_timestamp = Gauge(
    "eksip_sweep_completed_timestamp", "Unix time of the last completed sweep.", registry=REGISTRY
)
commands_total = Counter(
    "eksip_commands_total", "Commands answered, by verb and outcome.", ["verb", "outcome"], registry=REGISTRY
)
command_seconds = Histogram("eksip_command_seconds", "Seconds from request to answer.", ["verb"], registry=REGISTRY)
scheduler_missed_total = Counter(
    "eksip_scheduler_missed_total",
    "Scheduled runs that were missed, skipped or failed.",
    ["job", "why"],
    registry=REGISTRY,
)


def exposition() -> bytes:
    """All metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)


def counted(name: str) -> float:
    """The sum of a counter over all its labels since the process started."""
    return sum(sample.value for family in REGISTRY.collect() for sample in family.samples if sample.name == name)
