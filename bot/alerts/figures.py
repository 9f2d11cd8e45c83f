"""Figures: an alert's value in words, with its unit and what it is a part of."""

from datetime import timedelta

from bot.alerts.alert import Alert
from bot.alerts.readings import Unit, Worse
from bot.alerts.rules import rule_named
from bot.message import Inline, Line, Strong
from bot.wording import remaining, span, time_left

FREE_UNITS = (Unit.IPS, Unit.BLOCKS)
"""What is free or not; the other units count something else."""


def title(alert: Alert) -> str:
    """The title of the alert's rule; of one that was removed, its name."""
    rule = rule_named(alert.rule)
    return alert.rule.replace("_", " ").capitalize() if rule is None else rule.title


def number(value: float) -> str:
    """A figure as people write it: whole where it is, else with one decimal."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def share(alert: Alert) -> str:
    """Percent of the capacity: whole, one decimal below 1 % so that almost none is not shown as none."""
    if not alert.capacity or alert.capacity <= 0:
        return "0%"
    pct = 100 * alert.value / alert.capacity
    return f"{pct:.0f}%" if pct >= 1 or pct == 0 else f"{max(pct, 0.1):.1f}%"


def amount(alert: Alert, value: float) -> str:
    """A value of the alert in words: "203 free", "3 free /28 blocks", "45 min left", "2 more nodes fit"."""
    shown = number(value)
    match alert.unit:
        case Unit.IPS:
            return f"{shown} free"
        case Unit.BLOCKS:
            return f"{shown} free /28 {'block' if value == 1 else 'blocks'}"
        case Unit.MINUTES:
            return f"{remaining(timedelta(minutes=value))} left"
        case Unit.NODES:
            return "1 more node fits" if value == 1 else f"{shown} more nodes fit"
        case Unit.PERCENT:
            return f"{shown}% in use"
        case Unit.POLLS:
            return f"{shown} failed {'poll' if value == 1 else 'polls'}"
        case Unit.ISSUES | Unit.ERRORS | Unit.ENIS | Unit.CIDRS | Unit.SUBNETS:
            return f"{shown} {alert.unit.value.removesuffix('s') if value == 1 else alert.unit.value}"
        case Unit.NAU:
            return f"{shown} NAU units"


def of_capacity(alert: Alert) -> str:
    """The figure and its base in plain words, for a sentence: "203 of 4,091 free, 5%"."""
    if not alert.capacity:
        return amount(alert, alert.value)
    whole = number(alert.capacity)
    match alert.unit:
        case Unit.IPS:
            return f"{number(alert.value)} of {whole} free, {share(alert)}"
        case Unit.BLOCKS:
            return f"{number(alert.value)} of {whole} /28 blocks free"
        case _:
            return f"{number(alert.value)} of {whole} {alert.unit.value}, {share(alert)}"


def problem(alert: Alert) -> str:
    """What is wrong, for a line among those of other rules: "Low IPs, 203 of 4,091 free, 5%"."""
    figure = number(alert.value) if alert.unit is Unit.NODES else of_capacity(alert)  # the title says of what
    return f"{title(alert)}, {figure}"


def figures(alert: Alert, *, with_limit: bool = True, with_forecast: bool = True) -> Line:
    """The figure with its base and the threshold, and how long it lasts where that is known."""
    first, rest = _first(alert)
    limit = (
        f"alert {'from' if is_worse_higher(alert) else 'below'} {_threshold(alert)}"
        if with_limit and alert.unit is not Unit.ISSUES
        else ""
    )
    inside = ", ".join(filter(None, (share(alert) if alert.capacity and alert.unit is not Unit.MINUTES else "", limit)))
    line: tuple[Inline, ...] = (Strong(first), f"{rest} ({inside})" if inside else rest)
    told = with_forecast and alert.left is not None and alert.unit is not Unit.MINUTES
    return (*line, f" · {time_left(alert.left)}") if told and alert.left is not None else line


def based(alert: Alert) -> str:
    """The figure with what it is a part of: "9 free of 251"."""
    return "".join(_first(alert))


def _first(alert: Alert) -> tuple[str, str]:
    """The words to make bold, and what follows them."""
    if alert.unit in FREE_UNITS:
        thing = " free" if alert.unit is Unit.IPS else " free /28 blocks"
        return number(alert.value), f"{thing} of {number(alert.capacity)}" if alert.capacity else thing
    if alert.capacity:
        return number(alert.value), f" of {number(alert.capacity)} {alert.unit.value}"
    return amount(alert, alert.value), ""


def is_worse_higher(alert: Alert) -> bool:
    """Whether the alert's figure gets worse by growing."""
    rule = rule_named(alert.rule)
    return rule is not None and rule.worse is Worse.HIGHER


def _threshold(alert: Alert) -> str:
    if alert.unit is Unit.MINUTES:
        return span(timedelta(minutes=alert.threshold))
    return f"{number(alert.threshold)}%" if alert.unit is Unit.PERCENT else number(alert.threshold)
