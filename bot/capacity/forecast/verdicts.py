"""Forecasts: what one method says of one history, in the words an answer shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.capacity.forecast.burn_rate import PAGE, WARN
from bot.capacity.forecast.series import Unit


class Method(Enum):
    """How it was worked out, by how far it looks."""

    BURN_RATE = "burn_rate"
    HOLT_WINTERS = "holt_winters"
    THEIL_SEN = "theil_sen"


class Verdict(Enum):
    """What is said. Only RUNS_OUT names a date."""

    OUT = "out"
    RUNS_OUT = "runs out"
    NOT_SOON = "not within the horizon"
    NO_TREND = "no trend"
    GROWING = "growing free"
    NOT_ENOUGH_HISTORY = "not enough history"
    STALE = "stale"


class EtaClass(Enum):
    """How soon, in the steps an alert distinguishes."""

    HOURS_2 = "<2 h"
    HOURS_24 = "<24 h"
    DAYS = "days"
    NONE = "none"

    @property
    def rank(self) -> int:
        """Sort key: the sooner the larger."""
        return (EtaClass.NONE, EtaClass.DAYS, EtaClass.HOURS_24, EtaClass.HOURS_2).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What one method says at `made_at` of the free amount (addresses or /28 blocks) of a subnet or pool.

    With RUNS_OUT `likely` is when it reaches `floor`, between `earliest` and `latest`; `latest` None: perhaps never.
    `per_hour` is the change of the free amount. `inputs` values from `inputs_from` to `inputs_to` were used.
    """

    key: str
    method: Method
    verdict: Verdict
    made_at: datetime
    horizon: timedelta
    unit: Unit
    free: int | None
    floor: int
    reason: str
    earliest: datetime | None = None
    likely: datetime | None = None
    latest: datetime | None = None
    per_hour: float | None = None
    inputs_from: datetime | None = None
    inputs_to: datetime | None = None
    inputs: int = 0

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.RUNS_OUT) != (self.likely is not None):
            raise ValueError(f"A forecast names a date if and only if {self.key} runs out.")

    @property
    def eta_class(self) -> EtaClass:
        """How soon it runs out; <2 h when it has."""
        if self.verdict is Verdict.OUT:
            return EtaClass.HOURS_2
        if self.likely is None:
            return EtaClass.NONE
        left = self.likely - self.made_at
        if left < timedelta(hours=2):
            return EtaClass.HOURS_2
        return EtaClass.HOURS_24 if left < timedelta(hours=24) else EtaClass.DAYS

    @property
    def pages(self) -> bool:
        """Whether it is the burn rate's critical alert: empty within an hour at the faster of both falls."""
        return self._burns_within(PAGE)

    @property
    def warns(self) -> bool:
        """Whether it is the burn rate's warning or worse: empty within three hours at the faster of both falls."""
        return self._burns_within(WARN)

    def _burns_within(self, horizon: timedelta) -> bool:
        return self.method is Method.BURN_RATE and self.earliest is not None and self.earliest - self.made_at <= horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The three methods' forecasts of one subnet or pool."""

    key: str
    burn_rate: Forecast
    holt_winters: Forecast
    theil_sen: Forecast

    @property
    def all(self) -> tuple[Forecast, ...]:
        """The forecasts, by how far they look."""
        return self.burn_rate, self.holt_winters, self.theil_sen

    @property
    def headline(self) -> Forecast:
        """The one to show: the nearest that names a date, else what the widest says.

        The nearer method saw more of what goes on now, and each names a date only where its own gate is open.
        """
        found = [item for item in self.all if item.verdict in (Verdict.OUT, Verdict.RUNS_OUT)]
        return found[0] if found else self.theil_sen
