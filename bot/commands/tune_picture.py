"""The picture of `tune`: the settings worth knowing between the two things they cost."""

from collections.abc import Callable
from datetime import datetime

from bot.capacity.pool_cost import Cost
from bot.capacity.tune import Advice
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.message import Dot, Trade
from bot.views import count


def trade_picture(cluster: str, advice: Advice, held_ips: Callable[[Cost], int], as_of: datetime) -> tuple[Trade, ...]:
    """Addresses held against EC2 calls for the settings of today, the advised and the alternatives.

    None where there is nothing to choose. `held_ips` is what the answer counts for a choice.
    """
    best, now = advice.recommended, advice.current
    kept = {each.settings: each for each in (now, best, *advice.alternatives)}
    if len(kept) < 2:
        return ()
    dots = tuple(
        Dot(
            name=_short(each),
            across=float(held_ips(each)),
            up=each.calls_per_hour,
            chosen=each.settings == best.settings,
            current=each.settings == now.settings,
        )
        for each in kept.values()
    )
    told = f"{_short(now)} holds {count(held_ips(now))} addresses at {now.calls_per_hour:,.0f} EC2 calls an hour"
    if advice.changes:
        told += f", {_short(best)} {count(held_ips(best))} at {best.calls_per_hour:,.0f}"
    return (
        Trade(
            title=f"{cluster}: addresses held against EC2 calls",
            across="addresses held by nodes",
            up="EC2 calls an hour",
            dots=dots,
            alt=f"Warm-pool settings of {cluster}: {told}; {count(len(kept))} choices in all.",
            as_of=as_of,
        ),
    )


def _short(each: Cost) -> str:
    """The targets that act, short enough for a legend; the mode where it is prefixes."""
    settings: PoolSettings = each.settings
    prefix = "prefix, " if settings.mode is PoolMode.PREFIX else ""
    if settings.ip_targets:
        pairs = (("WARM_IP", settings.warm_ip), ("MIN_IP", settings.minimum_ip))
        return prefix + ", ".join(f"{name} {value}" for name, value in pairs if value)
    if settings.mode is PoolMode.PREFIX:
        return f"{prefix}WARM_PREFIX {settings.warm_prefix}"
    return f"WARM_ENI {settings.warm_eni}"
