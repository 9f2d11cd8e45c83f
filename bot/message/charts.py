"""Charts: what a picture shows, neutral of how it is drawn. Each has a sentence (`alt`) that says the same in words.

`as_of` is when what it shows was read: a picture is looked at, and passed on, long after.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a value is expected at one time: lowest, likely and highest."""

    at: datetime
    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A value over time: `points` with None where it was not known, what is expected after them, and when alerts fired.

    `threshold` is where alerts begin. The axis starts at 0, because the distance to nothing is the message. `as_of` is
    where the past ends and what is expected begins.
    """

    title: str
    unit: str
    points: tuple[tuple[datetime, float | None], ...]
    alt: str
    expected: tuple[Area, ...] = ()
    threshold: float | None = None
    alerts: tuple[tuple[datetime, datetime], ...] = ()
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a stack: its name and the size of each layer, in the order of the stack's layers."""

    name: str
    sizes: tuple[float, ...]

    @property
    def total(self) -> float:
        """The height of the bar."""
        return sum(self.sizes)


FREE_LAYER = "free"
"""The name of the layer of a stack that is room, not use; it is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Bars of layers, such as who holds the addresses of each zone, with FREE_LAYER for room."""

    title: str
    unit: str
    layers: tuple[str, ...]
    bars: tuple[Bar, ...]
    alt: str
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        for bar in self.bars:
            if len(bar.sizes) != len(self.layers):
                raise ValueError(f"bar {bar.name!r} has {len(bar.sizes)} sizes for {len(self.layers)} layers")


class Paint(Enum):
    """What a cell of a mosaic stands for; the value is its word in the legend."""

    FREE = "free"
    RESERVED = "free, reserved for prefixes"
    BROKEN = "broken by single addresses"
    PREFIX = "prefix of a node"
    FULL = "full of single addresses"
    OUT = "not usable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosaic:
    """The /28 blocks of a subnet in address order, one cell each; `first` and `last` name its ends."""

    title: str
    cells: tuple[Paint, ...]
    first: str
    last: str
    alt: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One choice in a trade-off; `name` is shown beside it, `chosen` and `current` mark the two that matter."""

    name: str
    across: float
    up: float
    chosen: bool = False
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Choices between two costs: less is better on both axes."""

    title: str
    across: str
    up: str
    dots: tuple[Dot, ...]
    alt: str
    as_of: datetime | None = None


Chart = History | Stack | Mosaic | Trade
