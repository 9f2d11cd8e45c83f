"""Charts as text: a sparkline, bars and a block map in characters every terminal has."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import ceil

from bot.message import FREE_LAYER, Chart, Dot, History, Mosaic, Paint, Stack, Trade
from bot.wording import span

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

_BAR = 9


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
            return _history(chart)
        case Stack():
            return "\n".join(_bar_line(chart, index) for index in range(len(chart.bars)))
        case Mosaic():
            return _mosaic(chart)
        case Trade():
            heading = f"{chart.across} / {chart.up}"
            return "\n".join([heading, *(_dot_line(dot) for dot in chart.dots)])


def _dot_line(dot: Dot) -> str:
    mark = "→" if dot.chosen else "•" if dot.current else " "
    return f"{mark} {dot.name}: {dot.across:,.0f} / {dot.up:,.0f}"


def _step(value: float | None, highest: float) -> str:
    if value is None:
        return _UNKNOWN
    if highest <= 0:
        return _STEPS[0]
    return _STEPS[min(int(value / highest * len(_STEPS)), len(_STEPS) - 1)]


def _history(chart: History) -> str:
    """The course, and below it how high its highest bar is; equal lengths of time have equally many bars."""
    line = sparkline(_in_steps(chart))
    known = [value for _, value in chart.points if value is not None]
    if not known:
        return line
    length = chart.points[-1][0] - chart.points[0][0]
    return f"{line}\n0 to {max(known):,.0f} over {span(length)}" if length else line


def _in_steps(chart: History) -> list[float | None]:
    """The lowest value of each of WIDTH equal lengths of time; a value holds until the next."""
    if len(chart.points) < 2:
        return [value for _, value in chart.points]
    began, ended = chart.points[0][0], chart.points[-1][0]
    found: list[float | None] = [None] * WIDTH
    for (at, value), (until, _) in pairwise([*chart.points, (ended, None)]):
        if value is None:
            continue
        first = int((at - began) / (ended - began) * WIDTH)
        last = ceil((until - began) / (ended - began) * WIDTH)
        for place in range(min(first, WIDTH - 1), min(max(last, first + 1), WIDTH)):
            before = found[place]
            found[place] = value if before is None else min(before, value)
    return found


def _bar_line(chart: Stack, index: int) -> str:
    bar = chart.bars[index]
    longest = max((each.total for each in chart.bars), default=0.0)
    free = sum(size for layer, size in zip(chart.layers, bar.sizes, strict=True) if layer == FREE_LAYER)
    filled = round(_BAR * (bar.total - free) / longest) if longest else 0
    whole = round(_BAR * bar.total / longest) if longest else 0
    return f"{bar.name[:10]:<10} {'█' * filled + '░' * (whole - filled):<{_BAR}} {free:>6,.0f} free"[:WIDTH]


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
