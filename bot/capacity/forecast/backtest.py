"""Backtest: replays methods over histories that are over, without a look ahead, and scores what they said.

An incident is the first time a subnet has no more than its floor. It is a hit when the method spoke in the 24 hours
before; what was said after it is not judged, for a subnet that stays empty would be found again and again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.baselines import below_threshold, linear_within
from bot.capacity.forecast.burn_rate import PAGE, WARN, burn_rate
from bot.capacity.forecast.grid import DAY, HOUR, Panel, grid
from bot.capacity.forecast.holt_winters import holt_winters
from bot.capacity.forecast.series import Amounts, History, Times, moment, seconds
from bot.capacity.forecast.theil_sen import theil_sen

WINDOW = timedelta(hours=24)
"""How long before an incident an alarm counts for it, and how long after an alarm an incident may come."""

EPISODE_GAP = timedelta(hours=1)
"""Alarms with no longer a silence between them are one episode: an alert recovers no sooner."""

MONTH_DAYS = 30

PAGES = "burn rate, 1 h (pages)"
"""The name of the method that wakes somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A method under test: its name, how often it is asked, and which histories it raises an alarm for.

    `alarms` takes the panel and each history's total.
    """

    name: str
    every: timedelta
    alarms: Callable[[Panel, Amounts], NDArray[np.bool_]]
    window: timedelta = WINDOW


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """What a method said of one history: an alarm or none at each moment it was asked, and what then happened.

    `ran_out_at` is the first incident, None without one; `acted_at` are moments when somebody made room.
    """

    key: str
    asked: Times
    alarms: NDArray[np.bool_]
    began: datetime
    ended: datetime
    ran_out_at: datetime | None
    acted_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a method did: hits with their leads, false episodes, and the time that was watched.

    `leads` run from the first alarm in the window before the incident; `unbroken_leads` from the start of the episode
    that lasts until it. `averted` episodes were followed by somebody's action and count neither way.
    `precision` is of the hours with an alarm: the share with an incident in the window after; None without alarms.
    """

    histories: int
    months: float
    incidents: int
    hits: int
    leads: tuple[timedelta, ...]
    unbroken_leads: tuple[timedelta, ...]
    episodes: int
    false_episodes: int
    averted: int
    precision: float | None

    @property
    def hit_rate(self) -> float | None:
        """Share of incidents that were found (0-1); None without incidents."""
        return self.hits / self.incidents if self.incidents else None

    @property
    def false_per_month(self) -> float | None:
        """False episodes for each subnet and 30 days; None when nothing was watched."""
        return self.false_episodes / self.months if self.months else None

    @property
    def median_lead(self) -> timedelta | None:
        """The lead that half of the hits have; None without hits."""
        return self.leads[len(self.leads) // 2] if self.leads else None

    def lead_of_at_least(self, least: timedelta) -> float | None:
        """Share of incidents found at least so long before (0-1); None without incidents."""
        return sum(lead >= least for lead in self.leads) / self.incidents if self.incidents else None


def methods() -> tuple[Tried, ...]:
    """The two baselines, the paging rule and its warning, and the two slower estimators."""
    quarter, hour = timedelta(minutes=15), timedelta(hours=1)
    day, week = timedelta(hours=24), timedelta(days=7)
    return (
        Tried(name="static free < 10 %", every=quarter, alarms=below_threshold),
        Tried(name="predict_linear[6h]", every=quarter, alarms=lambda panel, _: linear_within(panel, day)),
        Tried(name=PAGES, every=quarter, alarms=lambda panel, _: _burning(panel, PAGE)),
        Tried(name="burn rate, 3 h (warns)", every=quarter, alarms=lambda panel, _: _burning(panel, WARN)),
        Tried(name="Holt-Winters, 24 h", every=hour, alarms=lambda panel, _: _by_pattern(panel)),
        Tried(name="Theil-Sen, 24 h", every=hour, alarms=lambda panel, _: _by_trend(panel, day)),
        Tried(name="Theil-Sen, 7 d", every=hour, alarms=lambda panel, _: _by_trend(panel, week), window=week),
    )


def replay(
    histories: Sequence[History],
    tried: Sequence[Tried],
    began: datetime,
    ended: datetime,
    *,
    poll: timedelta,
    held: timedelta | None = None,
    acted_at: Mapping[str, tuple[datetime, ...]] | None = None,
) -> dict[str, tuple[Trial, ...]]:
    """Each method's trials from `began` to `ended`, by its name, in the order of the histories.

    At every moment a method sees what was known then, nothing later.
    """
    laid = grid(histories, ended, poll=poll, held=held, evaluated_from=began)
    total = np.array([item.total for item in histories], dtype=np.float64)
    step = min(int(method.every.total_seconds()) for method in tried)
    asked: dict[str, list[int]] = {method.name: [] for method in tried}
    said: dict[str, list[NDArray[np.bool_]]] = {method.name: [] for method in tried}
    for at in range(seconds(began), seconds(ended) + 1, step):
        panel = laid.at(moment(at))
        for method in tried:
            if (at - seconds(began)) % int(method.every.total_seconds()) == 0:
                asked[method.name].append(at)
                said[method.name].append(method.alarms(panel, total))
    outs = [ran_out_at(item, began, ended) for item in histories]
    found: dict[str, tuple[Trial, ...]] = {}
    for method in tried:
        alarms = np.stack(said[method.name], axis=1)
        times = np.array(asked[method.name], dtype=np.int64)
        found[method.name] = tuple(
            Trial(
                key=item.key,
                asked=times,
                alarms=alarms[row],
                began=began,
                ended=ended,
                ran_out_at=outs[row],
                acted_at=(acted_at or {}).get(item.key, ()),
            )
            for row, item in enumerate(histories)
        )
    return found


def ran_out_at(one: History, began: datetime, ended: datetime) -> datetime | None:
    """The first sample at the floor or below until `ended`; None without one, and where it is out from the start.

    What is out when the watch begins was not for a forecast to find: such a history is judged as if it began later.
    """
    inside = (one.times <= seconds(ended)) & (one.free <= one.floor) & (one.times > seconds(began))
    return moment(int(one.times[inside.argmax()])) if inside.any() else None


def score(trials: Iterable[Trial], window: timedelta = WINDOW) -> Score:
    """The score of one method's trials."""
    wide = int(window.total_seconds())
    histories = incidents = hits = episodes = false = averted = right_hours = hours = 0
    watched = 0
    leads: list[timedelta] = []
    unbroken: list[timedelta] = []
    for trial in trials:
        histories += 1
        out = None if trial.ran_out_at is None else seconds(trial.ran_out_at)
        until = seconds(trial.ended) if out is None else out
        watched += until - seconds(trial.began)
        alarms = trial.asked[trial.alarms & (trial.asked < until)]
        # What came too late in the record to be seen through is not judged.
        judged = alarms if out is not None else alarms[alarms <= until - wide]
        acted = [seconds(at) for at in trial.acted_at]
        runs = _episodes(judged)
        for run in runs:
            if out is not None and out - run[-1] <= wide:
                episodes += 1
            elif any(run[0] < at <= run[-1] + wide for at in acted):
                averted += 1
            else:
                episodes += 1
                false += 1
        seen_hours = np.unique(judged // HOUR)
        hours += len(seen_hours)
        if out is not None:
            incidents += 1
            right_hours += int((seen_hours * HOUR >= out - wide).sum())
            before = alarms[alarms >= out - wide]
            if len(before):
                hits += 1
                leads.append(timedelta(seconds=out - int(before[0])))
                last = runs[-1]
                if out - int(last[-1]) <= EPISODE_GAP.total_seconds():
                    unbroken.append(timedelta(seconds=out - int(last[0])))
    return Score(
        histories=histories,
        months=watched / (MONTH_DAYS * DAY),
        incidents=incidents,
        hits=hits,
        leads=tuple(sorted(leads)),
        unbroken_leads=tuple(sorted(unbroken)),
        episodes=episodes,
        false_episodes=false,
        averted=averted,
        precision=right_hours / hours if hours else None,
    )


def _episodes(alarms: Times) -> list[Times]:
    if not len(alarms):
        return []
    return np.split(alarms, np.flatnonzero(np.diff(alarms) > EPISODE_GAP.total_seconds()) + 1)


def _burning(panel: Panel, horizon: timedelta) -> NDArray[np.bool_]:
    found = burn_rate(panel)
    return found.judged & found.within(horizon)


def _by_pattern(panel: Panel) -> NDArray[np.bool_]:
    found = holt_winters(panel)
    return found.judged & ~np.isinf(found.likely)


def _by_trend(panel: Panel, horizon: timedelta) -> NDArray[np.bool_]:
    found = theil_sen(panel)
    return found.clear & (found.per_day < 0) & (found.likely <= horizon.total_seconds() / DAY)
