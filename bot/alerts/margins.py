"""Margins: a value against a warning and a critical threshold, and how far past it recovery begins."""

from math import ceil, floor

from bot.alerts.readings import Severity


def below(value: float, warning: float, critical: float) -> Severity | None:
    """The breach of a value that is bad when small."""
    if value < critical:
        return Severity.CRITICAL
    return Severity.WARNING if value < warning else None


def above(value: float, warning: float, critical: float) -> Severity | None:
    """The breach of a value that is bad when large; the threshold itself is a breach ("80 % of the quota")."""
    if value >= critical:
        return Severity.CRITICAL
    return Severity.WARNING if value >= warning else None


def clear_below(threshold: float, capacity: float | None, ratio: float) -> float:
    """The value at which recovery begins, above a threshold that is bad to be under; never more than there can be."""
    wanted = max(ceil(round(threshold * ratio, 6)), threshold + 1)
    return wanted if capacity is None else min(wanted, capacity)


def clear_above(threshold: float, ratio: float) -> float:
    """The value at which recovery begins, below a threshold that is bad to be over: the same relative distance."""
    return max(min(floor(round(threshold / ratio, 6)), threshold - 1), 0)
