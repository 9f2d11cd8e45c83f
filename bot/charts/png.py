"""Charts as PNG: drawn for a phone, on an opaque light card that reads the same in Slack's light and dark mode.

matplotlib's Figure API only: pyplot keeps global state and is not safe in a pool of threads.
Source: https://matplotlib.org/stable/gallery/user_interfaces/web_application_server_sgskip.html
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING

from bot.message import Chart, Dot, History, Mosaic, Paint, Stack, Trade

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

WIDE_INCHES, HIGH_INCHES, DOTS_PER_INCH = 5.0, 3.2, 200
"""1,000 by 640 pixels: a phone shows it at half size, where the 9-point letters are those of the text around it."""

_CARD = "#f7f8fa"
_INK = "#1d1c1d"
_PALE = "#616870"
_GRID = "#d9dde3"
_LINE = "#0b5cad"
_EXPECTED = "#b35900"
_ALARM = "#b3261e"
# Okabe and Ito's colours, told apart by people who do not see red and green alike (https://jfly.uni-koeln.de/color/).
_LAYERS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a6d3b", "#5b5f97")
_ROOM = "#e3e7ec"
_PAINTS = {
    Paint.FREE: "#bfe3c8",
    Paint.RESERVED: "#4caf73",
    Paint.BROKEN: "#e69f00",
    Paint.PREFIX: "#0072b2",
    Paint.FULL: "#3d4552",
    Paint.OUT: "#d3d6db",
}
_MOST_DOT_NAMES = 8


def png(chart: Chart) -> bytes:
    """The chart as a PNG file of 1,000 by 640 pixels.

    Raises: ModuleNotFoundError without the extra [charts].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE_INCHES, HIGH_INCHES), dpi=DOTS_PER_INCH, facecolor=_CARD, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(_CARD)
    figure.suptitle(chart.title, x=0.02, ha="left", fontsize=10, fontweight="bold", color=_INK)
    axes.tick_params(labelsize=8, colors=_PALE, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    match chart:
        case History():
            _history(axes, chart)
        case Stack():
            _stack(figure, axes, chart)
        case Mosaic():
            _mosaic(figure, axes, chart)
        case Trade():
            _trade(axes, chart)
    file = BytesIO()
    # Without these the file would name the library's version: the same chart would be another file after an upgrade.
    figure.savefig(file, format="png", metadata={"Software": None, "Description": chart.alt})
    return file.getvalue()


def _history(axes: "Axes", chart: History) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.ticker import StrMethodFormatter

    if len(chart.points) < 2:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no history yet", transform=axes.transAxes, ha="center", fontsize=9, color=_PALE)
        return
    for began, ended in chart.alerts:
        axes.axvspan(date2num(began), date2num(ended), color=_ALARM, alpha=0.12, linewidth=0)
    times = date2num([at for at, _ in chart.points])
    values = [float("nan") if value is None else value for _, value in chart.points]
    axes.plot(times, values, color=_LINE, linewidth=1.8, drawstyle="steps-post")
    axes.fill_between(times, values, color=_LINE, alpha=0.10, step="post", linewidth=0)
    if chart.expected:
        ahead = date2num([area.at for area in chart.expected])
        axes.fill_between(
            ahead,
            [area.low for area in chart.expected],
            [area.high for area in chart.expected],
            color=_EXPECTED,
            alpha=0.18,
            linewidth=0,
        )
        axes.plot(
            ahead, [area.likely for area in chart.expected], color=_EXPECTED, linewidth=1.6, linestyle=(0, (4, 2))
        )
        _say(axes, chart.expected[-1].at, chart.expected[-1].high, "forecast", _EXPECTED)
    if chart.threshold is not None:
        axes.axhline(chart.threshold, color=_ALARM, linewidth=1.1, linestyle=(0, (2, 2)))
        # At the left edge in the axes' own measure, whatever the times are.
        axes.text(
            0.01, chart.threshold, f"alert below {chart.threshold:,.0f}", transform=axes.get_yaxis_transform(),
            fontsize=7.5, color=_ALARM, va="bottom",
        )  # fmt: skip
    known = [(at, value) for at, value in chart.points if value is not None]
    if known:
        at, value = known[-1]
        axes.plot(date2num([at]), [value], "o", color=_LINE, markersize=4)
        _say(axes, at, value, f"{value:,.0f}", _INK)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.02)
    axes.grid(axis="y", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(_few_whole_ticks())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    locator = AutoDateLocator(minticks=3, maxticks=6, tz=UTC)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC, show_offset=False))
    axes.set_ylabel(chart.unit, fontsize=8, color=_PALE)
    axes.set_xlabel("UTC", fontsize=8, color=_PALE, loc="right")


def _say(axes: "Axes", at: datetime, value: float, words: str, colour: str) -> None:
    from matplotlib.dates import date2num

    place = (float(date2num(at)), value)
    axes.annotate(words, place, (-4, 6), textcoords="offset points", ha="right", fontsize=8.5, color=colour)


def _few_whole_ticks() -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, integer=True)


def _stack(figure: "Figure", axes: "Axes", chart: Stack) -> None:
    from matplotlib.ticker import StrMethodFormatter

    names = [bar.name for bar in chart.bars]
    left = [0.0] * len(names)
    colours = iter(_LAYERS * ceil(len(chart.layers) / len(_LAYERS)))
    for index, layer in enumerate(chart.layers):
        sizes = [bar.sizes[index] for bar in chart.bars]
        colour = _ROOM if layer == "free" else next(colours)
        drawn = axes.barh(
            names, sizes, left=left, color=colour, height=0.62, label=layer, edgecolor=_CARD, linewidth=0.8
        )
        widest = max((bar.total for bar in chart.bars), default=0.0)
        # A number is written where it has room; the legend and the answer's table have the rest.
        words = [f"{size:,.0f}" if widest and size / widest > 0.09 else "" for size in sizes]
        axes.bar_label(drawn, words, label_type="center", fontsize=7.5, color=_on(colour))
        left = [start + size for start, size in zip(left, sizes, strict=True)]
    axes.invert_yaxis()
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", labelcolor=_INK, labelsize=8.5)
    axes.xaxis.set_major_locator(_few_whole_ticks())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel(chart.unit, fontsize=8, color=_PALE, loc="right")
    figure.legend(loc="outside lower left", ncols=4, fontsize=7.5, frameon=False, labelcolor=_INK, handlelength=1)


def _on(colour: str) -> str:
    """Black or white, whichever is read better on the colour (its luminance by ITU-R BT.601)."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return _INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"


def _mosaic(figure: "Figure", axes: "Axes", chart: Mosaic) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    paints = tuple(Paint)
    columns = _columns(len(chart.cells))
    rows = ceil(len(chart.cells) / columns)
    numbers: list[float] = [paints.index(cell) for cell in chart.cells]
    numbers += [float("nan")] * (rows * columns - len(numbers))
    grid = [numbers[start : start + columns] for start in range(0, len(numbers), columns)]
    axes.pcolormesh(
        grid,
        cmap=ListedColormap([_PAINTS[paint] for paint in paints]),
        vmin=-0.5,
        vmax=len(paints) - 0.5,
        edgecolors=_CARD,
        linewidth=1.2 if columns <= 32 else 0.4,
    )
    axes.invert_yaxis()
    axes.set_aspect("auto")
    axes.set_xticks([])
    axes.set_yticks([0.5, rows - 0.5] if rows > 1 else [0.5], [chart.first, chart.last][:rows])
    if rows == 1:
        axes.set_yticks([])
        axes.set_xlabel(f"{chart.first} to {chart.last}", fontsize=8, color=_PALE)
    axes.spines["bottom"].set_visible(False)
    counts = Counter(chart.cells)
    patches = [
        Patch(color=_PAINTS[paint], label=f"{counts[paint]:,} {paint.value}") for paint in paints if counts[paint]
    ]
    figure.legend(
        handles=patches, loc="outside lower left", ncols=2, fontsize=8, frameon=False, labelcolor=_INK, handlelength=1
    )


def _columns(cells: int) -> int:
    """Cells in a row: 16, so that a row is a /24 as people think of it, doubled until 32 rows hold them all."""
    columns = 16
    while cells / columns > 32:
        columns *= 2
    return min(columns, max(cells, 1))


def _trade(axes: "Axes", chart: Trade) -> None:
    from matplotlib.ticker import StrMethodFormatter

    for dot in chart.dots:
        colour = _EXPECTED if dot.current else _LINE if dot.chosen else _PALE
        marker = "s" if dot.current else "o"
        axes.plot([dot.across], [dot.up], marker, color=colour, markersize=8 if dot.chosen or dot.current else 5)
    for dot in _named(chart.dots):
        words = dot.name + (" (now)" if dot.current else " (recommended)" if dot.chosen else "")
        weight = "bold" if dot.chosen or dot.current else "normal"
        axes.annotate(
            words, (dot.across, dot.up), (6, 4), textcoords="offset points", fontsize=7.5, color=_INK, fontweight=weight
        )
    axes.margins(x=0.25, y=0.18)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel(chart.across, fontsize=8, color=_PALE)
    axes.set_ylabel(chart.up, fontsize=8, color=_PALE)


def _named(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """The choices whose names are written: the two that matter, then the first, as long as they stay readable."""
    matter = [dot for dot in dots if dot.chosen or dot.current]
    return tuple([*matter, *(dot for dot in dots if dot not in matter)][:_MOST_DOT_NAMES])
