"""Screening: which subnet samples are worth evaluating, by plain comparisons; of 80,000 nearly all are not."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from bot.alerts.samples import SubnetSample
from bot.alerts.thresholds import Thresholds
from bot.inventory import Quality
from bot.monitor.subnet_samples import Levels


class Screen:
    """Leaves out a sample only where no rule can breach and no alert is open: it never decides anything else."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._levels = Levels(thresholds)
        self._load_balancer_ips = thresholds.load_balancer_ips

    def worth(
        self, samples: Iterable[SubnetSample], alerting: Collection[str], watched: Mapping[str, int]
    ) -> Iterator[SubnetSample]:
        """The samples to evaluate; `alerting` are the subnets with an alert that is open or may open again.

        `watched` holds the subnets of which a channel wants to hear earlier, and with fewer addresses than what.
        """
        low_ips, enough_blocks, fresh = self._levels.low_ips, self._levels.enough_blocks, Quality.FRESH
        for sample in samples:
            if sample.quality is not fresh:
                continue
            free = sample.free_ips
            if watched and sample.subnet_id in watched:
                yield replace(sample, watched_ips=watched[sample.subnet_id])
            elif (
                sample.subnet_id in alerting
                or (free is not None and free < low_ips(sample.usable_ips))
                or (sample.load_balancers and (sample.single_ips or 0) < self._load_balancer_ips)
                or sample.time_left is not None
                or sample.refused
                or (
                    sample.prefix_mode
                    and sample.free_blocks is not None
                    and sample.free_blocks < enough_blocks(sample.usable_ips)
                )
            ):
                yield sample
