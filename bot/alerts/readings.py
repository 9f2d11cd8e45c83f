"""Readings: what a sample says to a rule, and what a rule is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Generic, TypeVar

from bot.alerts.samples import Sample
from bot.alerts.subject import SubjectKind
from bot.alerts.thresholds import Thresholds

SampleT = TypeVar("SampleT", bound=Sample)


class Severity(Enum):
    """How bad a breach is."""

    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Sort key: the worse the larger."""
        return 1 if self is Severity.CRITICAL else 0


class Unit(Enum):
    """What an alert's figures count."""

    IPS = "IPs"
    BLOCKS = "/28 blocks"
    NODES = "nodes"
    SUBNETS = "subnets"
    MINUTES = "minutes"
    PERCENT = "percent"
    ENIS = "ENIs"
    CIDRS = "CIDRs"
    NAU = "NAU units"
    ERRORS = "errors"
    ISSUES = "issues"
    POLLS = "polls"


class Worse(Enum):
    """In which direction a rule's figure gets worse."""

    LOWER = "lower"
    HIGHER = "higher"


class TimeLeft(Enum):
    """The class of a forecast: only a change of class is news (ALERTING 2.1)."""

    UNKNOWN = "unknown"
    DAYS = "days"
    WITHIN_A_DAY = "within 24 h"
    WITHIN_TWO_HOURS = "within 2 h"

    @property
    def rank(self) -> int:
        """Sort key: the more urgent the larger."""
        return tuple(TimeLeft).index(self)

    def is_sooner_than(self, other: "TimeLeft") -> bool:
        """Whether this class is news after the other: under a day, or under two hours; that it lasts days is none."""
        return self.rank > max(other.rank, TimeLeft.DAYS.rank)


def time_left_class(left: timedelta | None) -> TimeLeft:
    """The class of a time until nothing is left; None is not known."""
    if left is None:
        return TimeLeft.UNKNOWN
    if left < timedelta(hours=2):
        return TimeLeft.WITHIN_TWO_HOURS
    return TimeLeft.WITHIN_A_DAY if left < timedelta(hours=24) else TimeLeft.DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a sample says to a rule.

    `breach` is None while the value is within bounds. `clear` is stricter than "no breach": the value is far enough
    away from the threshold for recovery to begin. `at_once` means that waiting would help nobody. `capacity` is what
    `value` is a part of, None where it is no part of anything. `detail` is one sentence, or empty.
    """

    value: float
    threshold: float
    breach: Severity | None
    clear: bool
    at_once: bool = False
    capacity: float | None = None
    detail: str = ""
    left: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[SampleT]):
    """One kind of alert: its key, the words on its card, and how it reads its kind of sample.

    `severity` is the worst it gives. `topic` is the knowledge topic that its Explain button opens. `settings` are the
    fields of Thresholds it reads. `read` gives None for a sample that cannot be evaluated: it then neither fires nor
    resolves.
    """

    name: str
    title: str
    summary: str
    severity: Severity
    topic: str
    scope_kinds: tuple[SubjectKind, ...]
    unit: Unit
    worse: Worse
    settings: tuple[str, ...]
    reads: type[SampleT]
    read: Callable[[SampleT, Thresholds], Reading | None]
