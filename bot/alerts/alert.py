"""Alert: one problem of one subject, from its first breach to its end. Its state is derived from its times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.alerts.readings import Severity, TimeLeft, Unit
from bot.alerts.subject import Subject, SubjectKind

RECOVERED = "recovered"
NEVER_HELD = "never held"
DELETED = "deleted"
RULE_REMOVED = "rule removed"
ACCOUNT_LEFT = "account left"
NOT_READ = "no longer read"
"""The resolutions: how an alert ended."""

NOTHING_BETTER = frozenset({DELETED, RULE_REMOVED, ACCOUNT_LEFT, NOT_READ})
"""The ends that are no recovery: the subject is gone, or nobody looks at it any more."""

FLAP_WINDOW = timedelta(hours=1)
FLAPS = 3
"""So many flaps within the window make an alert a flapping one, which must stay good for twice as long."""


class AlertStatus(Enum):
    """Where an alert stands; derived from its times."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Transition(Enum):
    """What a sample changed about an alert.

    `changed` is a new figure, or a recovery that stopped short of a breach: worth an edit of the card and no more.
    """

    PENDING = "pending"
    DROPPED = "dropped"
    OPENED = "opened"
    ESCALATED = "escalated"
    RECOVERING = "recovering"
    REFIRED = "refired"
    RESOLVED = "resolved"
    CHANGED = "changed"

    @property
    def is_told(self) -> bool:
        """Whether channels hear of it; a breach that has not been held long enough stays between us."""
        return self not in (Transition.PENDING, Transition.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One problem of one subject, from its first breach to its end; who acked or silenced it is kept apart.

    `alert_id` is the number people type; None until the store has given one. `severity` is the worst so far: an alert
    recovers or it does not, it never calms down half. `time_left` is the most urgent class of forecast so far, `left`
    the latest forecast. `recent` holds the last fresh samples, oldest first: "1" breached, "0" did not. `held` is the
    fresh time collected towards firing or resolving. `shown_value` is the figure the channels last saw, `worst_value`
    the worst of this firing. `flapped_at` are the falls back of the last hour, `flaps` counts all. `revision` counts
    the versions of the card. While a resolved alert is about to open again, `reopening_at` is set and it is pending;
    `reopened` counts how often it did.
    """

    alert_id: int | None = None
    rule: str
    scope_kind: SubjectKind
    scope_key: str
    label: str
    clusters: tuple[str, ...]
    account_id: str
    region: str
    az_id: str = ""
    az: str = ""
    vpc_id: str = ""
    severity: Severity
    unit: Unit
    value: float
    shown_value: float
    worst_value: float
    threshold: float
    capacity: float | None = None
    detail: str = ""
    left: timedelta | None = None
    time_left: TimeLeft = TimeLeft.UNKNOWN
    active_at: datetime
    observed_at: datetime
    fired_at: datetime | None = None
    recovering_at: datetime | None = None
    resolved_at: datetime | None = None
    reopening_at: datetime | None = None
    recent: str = ""
    held: timedelta = timedelta(0)
    resolution: str = ""
    flaps: int = 0
    flapped_at: tuple[datetime, ...] = ()
    reopened: int = 0
    revision: int = 0

    def __post_init__(self) -> None:
        if self.resolved_at is not None and not self.resolution:
            raise ValueError(f"alert {self.alert_id} is resolved and does not say how")

    @property
    def status(self) -> AlertStatus:
        """Where the alert stands, from its times."""
        if self.reopening_at is not None:
            return AlertStatus.PENDING
        if self.resolved_at is not None:
            return AlertStatus.RESOLVED
        if self.recovering_at is not None:
            return AlertStatus.RECOVERING
        return AlertStatus.PENDING if self.fired_at is None else AlertStatus.FIRING

    @property
    def scope_id(self) -> str:
        """The key without its kind: "subnet-0a1", "111122223333/eu-west-1/prod-eu"."""
        return self.scope_key.partition(":")[2]

    @property
    def subnet_id(self) -> str:
        """The subnet of a subnet's alert, "" of any other."""
        return self.scope_id if self.scope_kind is SubjectKind.SUBNET else ""

    @property
    def subject(self) -> Subject:
        """What the alert is about."""
        return Subject(
            scope_kind=self.scope_kind,
            scope_key=self.scope_key,
            label=self.label,
            account_id=self.account_id,
            region=self.region,
            clusters=self.clusters,
            az_id=self.az_id,
            az=self.az,
            vpc_id=self.vpc_id,
        )

    @property
    def is_flapping(self) -> bool:
        """Whether it fell back so often in the hour before its last sample that recovery must last twice as long."""
        return sum(self.observed_at - moment < FLAP_WINDOW for moment in self.flapped_at) >= FLAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a breach must hold and a recovery must last, in time covered by fresh samples.

    `breaches` of the last `window` fresh samples must breach too. `longest_gap` is the longest time between two
    samples that still counts: three intervals at which this kind of sample is taken.
    """

    hold: timedelta
    recover: timedelta
    longest_gap: timedelta
    breaches: int = 2
    window: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.breaches <= self.window:
            raise ValueError(f"{self.breaches} of {self.window} samples cannot breach")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An alert after a sample, and what the sample changed; both None when there is nothing to speak of."""

    alert: Alert | None
    transition: Transition | None = None
