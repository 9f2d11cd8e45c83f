"""Instances that an Auto Scaling group could not launch, as its own activities tell."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchFailure:
    """One failed activity of an Auto Scaling group: when it began, and EC2's reason in EC2's words."""

    group: str
    started_at: datetime
    message: str
