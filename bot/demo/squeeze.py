"""The demo's story: one subnet runs out of addresses before your eyes, and recovers."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The share of its usable addresses the subnet has free from a moment on; None gives everything back."""

    at_seconds: float
    free_pct: float | None

    def __post_init__(self) -> None:
        if self.at_seconds < 0 or (self.free_pct is not None and not 0 <= self.free_pct <= 100):
            raise ValueError("A squeeze step needs a time of 0 s or later and a percentage from 0 to 100.")


DRAIN_AND_RECOVER = (
    Step(at_seconds=1, free_pct=35),
    Step(at_seconds=2, free_pct=22),
    Step(at_seconds=3, free_pct=12),
    Step(at_seconds=4, free_pct=3.5),
    Step(at_seconds=14, free_pct=25),
    Step(at_seconds=15, free_pct=None),
)
"""Low from the fourth second to the fourteenth: with a hold of 3 s and a poll every 2 s the alert fires by the tenth
second, and with the same time to recover it resolves by the twenty-second."""


class Squeeze:
    """Drains a subnet of the world step by step as a growing node group would, then gives every address back."""

    def __init__(
        self, world: World, subnet: str = "payments-1a", *, steps: tuple[Step, ...] = DRAIN_AND_RECOVER
    ) -> None:
        """`steps` in the order of their times."""
        if list(steps) != sorted(steps, key=lambda step: step.at_seconds):
            raise ValueError("The steps of a squeeze must be in the order of their times.")
        self._world = world
        self._subnet = subnet
        self._steps = steps

    def run(self, stop: threading.Event, wait: Callable[[float], bool] | None = None) -> None:
        """Play every step at its time; when `stop` is set meanwhile, give everything back and return.

        `wait` sleeps the given seconds and returns whether to stop, as Event.wait does; the default is `stop.wait`.
        """
        pause = wait or stop.wait
        elapsed = 0.0
        try:
            for step in self._steps:
                if stop.is_set() or pause(step.at_seconds - elapsed):
                    return
                elapsed = step.at_seconds
                self.apply(step)
        finally:
            self._world.give_back(self._subnet)

    def apply(self, step: Step) -> int:
        """Bring the subnet to the step's share of free addresses; returns how many are free then."""
        space = self._world.allocator(self._subnet)
        if step.free_pct is None:
            self._world.give_back(self._subnet)
        else:
            surplus = space.available_ips - round(space.usable_ips * step.free_pct / 100)
            if surplus > 0:
                self._world.take(self._subnet, surplus)
            else:
                self._world.give_back(self._subnet, -surplus)
        log.info("demo squeeze", extra={"subnet": self._subnet, "available_ips": space.available_ips})
        return space.available_ips
