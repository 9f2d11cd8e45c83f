"""Charts as text: a sparkline, bars and a block map in characters every terminal has."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from bot.message import Chart, History, Mosaic, Paint, Stack, Trade

_STEPS = "▁▂▃▄▅▆▇█"
_UNKNOWN = "·"
_CELLS = {
    Paint.FREE: "░",
    Paint.RESERVED: "▒",
    Paint.BROKEN: "▚",
    Paint.PREFIX: "▓",
    Paint.FULL: "█",
    Paint.OUT: "×",
}
WIDTH = 32
"""Widest line: what a phone shows of fixed-width text (CHAT 5.2)."""


def sparkline(values: Sequence[float | None], width: int = WIDTH) -> str:
    """The values as one line of at most `width` bars: each the lowest of its share, a dot where nothing is known.

    The scale starts at 0. The lowest and not the mean, since a short shortage is what people look for.
    """
    if not values:
        return ""
    count = min(width, len(values))
    edges = [index * len(values) // count for index in range(count + 1)]
    lowest = [
        min((value for value in values[start:end] if value is not None), default=None) for start, end in pairwise(edges)
    ]
    highest = max((value for value in lowest if value is not None), default=0.0)
    return "".join(_step(value, highest) for value in lowest)


def text_chart(chart: Chart) -> str:
    """The chart in lines of at most 32 characters where its names allow."""
    match chart:
        case History():
            return sparkline([value for _, value in chart.points])
        case Stack():
            return "\n".join(_bar_line(chart, index) for index in range(len(chart.bars)))
        case Mosaic():
            return _mosaic(chart)
        case Trade():
            return "\n".join(
                f"{'→' if dot.chosen else '•' if dot.current else ' '} {dot.name}: {dot.across:,.0f} / {dot.up:,.1f}"
                for dot in chart.dots
            )


def _step(value: float | None, highest: float) -> str:
    if value is None:
        return _UNKNOWN
    if highest <= 0:
        return _STEPS[0]
    return _STEPS[min(int(value / highest * len(_STEPS)), len(_STEPS) - 1)]


def _bar_line(chart: Stack, index: int) -> str:
    bar = chart.bars[index]
    longest = max((each.total for each in chart.bars), default=0.0)
    room = WIDTH - 12
    used = sum(size for layer, size in zip(chart.layers, bar.sizes, strict=True) if layer != "free")
    filled = round(room * used / longest) if longest else 0
    whole = round(room * bar.total / longest) if longest else 0
    return f"{bar.name[:11]:<11} {'█' * filled}{'░' * (whole - filled)}"


def _mosaic(chart: Mosaic) -> str:
    row = 16
    while len(chart.cells) / row > 16 and row < WIDTH:
        row *= 2
    lines = [
        "".join(_CELLS[cell] for cell in chart.cells[start : start + row]) for start in range(0, len(chart.cells), row)
    ]
    counts = Counter(chart.cells)
    legend = [f"{_CELLS[paint]} {counts[paint]:,} {paint.value}" for paint in Paint if counts[paint]]
    return "\n".join([*lines, *legend])
