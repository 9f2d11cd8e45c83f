"""The bot's own Prometheus metrics, all named `eksip_…` (ALERTING 2.8 lists what each is for)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

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
feedback_total = Counter(
    "eksip_feedback_total",
    "Presses of feedback buttons on explanations and diagnoses, by verb and by whether it helped.",
    ["verb", "helped"],
    registry=REGISTRY,
)
scheduler_missed_total = Counter(
    "eksip_scheduler_missed_total",
    "Scheduled runs that were missed, skipped or failed.",
    ["job", "why"],
    registry=REGISTRY,
)
reads_overdue = Gauge("eksip_reads_overdue", "Reads that are due and not begun.", ["lane"], registry=REGISTRY)
reads_claimed = Gauge("eksip_reads_claimed", "Reads that are under way, in any replica.", ["lane"], registry=REGISTRY)
read_lag_seconds = Gauge(
    "eksip_read_lag_seconds", "How long the read that is overdue most has been so.", ["lane"], registry=REGISTRY
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Free and usable addresses of one thing, with the values of its labels."""

    labels: tuple[str, ...]
    available_ips: int
    usable_ips: int


class Figures(Collector):
    """Two gauges for each thing of a kind that comes and goes: what is not in the newest set is not exposed."""

    def __init__(self, name: str, thing: str, labels: tuple[str, ...]) -> None:
        self._name = name
        self._thing = thing
        self._labels = labels
        self._figures: tuple[Figure, ...] = ()
        REGISTRY.register(self)

    def put(self, figures: Iterable[Figure]) -> None:
        """Expose these from now on, and no others."""
        self._figures = tuple(figures)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The two gauges."""
        figures = self._figures
        available = GaugeMetricFamily(
            f"eksip_{self._name}_available_ips", f"AvailableIpAddressCount of {self._thing}.", labels=self._labels
        )
        usable = GaugeMetricFamily(
            f"eksip_{self._name}_usable_ips", f"Addresses that {self._thing} can give out.", labels=self._labels
        )
        for figure in figures:
            available.add_metric(figure.labels, figure.available_ips)
            usable.add_metric(figure.labels, figure.usable_ips)
        yield available
        yield usable


subnet_figures = Figures(
    "subnet",
    "a subnet; those with the smallest share free, at most [metrics] most_subnets",
    ("subnet_id", "subnet", "account", "region", "az_id", "vpc_id"),
)
zone_figures = Figures(
    "cluster_zone", "the subnets of a cluster in one zone", ("cluster", "account", "region", "az_id")
)

forecasts_logged_total = Counter(
    "eksip_forecasts_logged_total",
    "Forecasts that named a date and were logged, by method.",
    ["method"],
    registry=REGISTRY,
)
forecast_total = Counter(
    "eksip_forecast_total",
    "Logged forecasts that were judged, by what became of them.",
    ["method", "outcome"],
    registry=REGISTRY,
)
forecast_hit_ratio = Gauge(
    "eksip_forecast_hit_ratio",
    "Share of a method's judged episodes of the last 30 days after which the subnet ran out (0-1).",
    ["method"],
    registry=REGISTRY,
)
forecast_brier = Gauge(
    "eksip_forecast_brier",
    "Brier score of the chance to run out within a day, of 30 days, by who said it (0 is best, 0.25 a coin's).",
    ["method"],
    registry=REGISTRY,
)
forecast_subnets = Gauge(
    "eksip_forecast_subnets",
    "Subnets whose newest forecast names a date, by how soon it is.",
    ["left"],
    registry=REGISTRY,
)


def exposition() -> bytes:
    """All metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)


def counted(name: str) -> float:
    """The sum of a counter over all its labels since the process started."""
    return sum(sample.value for family in REGISTRY.collect() for sample in family.samples if sample.name == name)
