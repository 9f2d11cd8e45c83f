"""Baselines: the two alerts people have without this package, for the same panel."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.burn_rate import fall
from bot.capacity.forecast.grid import HOUR, RECENT, Panel
from bot.capacity.forecast.series import Amounts

LOW_PCT = 10
"""The threshold most people start with, in percent of what there is."""


def below_threshold(panel: Panel, total: Amounts) -> NDArray[np.bool_]:
    """Where less than 10 % is free."""
    return panel.free.astype(np.float64) < total * LOW_PCT / 100


def linear_within(panel: Panel, horizon: timedelta) -> NDArray[np.bool_]:
    """Where a straight line through the last six hours is at the floor within the horizon.

    Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#predict_linear (least squares, the value
    at the end of the range plus the slope times the horizon).
    """
    steps = int(RECENT.total_seconds()) // panel.step_s + 1
    seen = panel.recent[:, -steps:].astype(np.float64)
    at = np.arange(-steps + 1, 1) * (panel.step_s / HOUR)
    known = ~np.isnan(seen)
    count = np.maximum(known.sum(axis=1), 1)
    slope = -fall(panel, RECENT)
    mean_at = (known * at).sum(axis=1) / count
    mean = np.where(known, seen, 0).sum(axis=1) / count
    reached: NDArray[np.bool_] = mean + slope * (horizon.total_seconds() / HOUR - mean_at) <= panel.floor
    return reached
