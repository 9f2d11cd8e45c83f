"""Charts as PNG: drawn for a phone, on an opaque light card that reads the same in Slack's light and dark mode.

matplotlib's Figure API only: pyplot keeps global state and is not safe in a pool of threads.
Source: https://matplotlib.org/stable/gallery/user_interfaces/web_application_server_sgskip.html
"""

from collections import Counter
from datetime import UTC, datetime
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING

from bot.charts.history_png import draw_history
from bot.charts.ink import CARD, EXPECTED, GRID, INK, LINE, PALE, SMALL, TEXT, TITLE
from bot.message import FREE_LAYER, Chart, Dot, History, Mosaic, Paint, Stack, Trade

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

WIDE_INCHES, HIGH_INCHES, DOTS_PER_INCH = 4.0, 2.8, 250
"""1,000 by 700 pixels: a phone shows it 390 points wide, where 8-point letters are 11 points high."""

# Okabe and Ito's colours, told apart by people who do not see red and green alike (https://jfly.uni-koeln.de/color/).
_LAYERS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a6d3b", "#5b5f97")
_ROOM = "#e3e7ec"
_PAINTS = {
    Paint.FREE: "#b9e2d3",
    Paint.RESERVED: "#009e73",
    Paint.BROKEN: "#e69f00",
    Paint.PREFIX: "#0072b2",
    Paint.FULL: "#3d4552",
    Paint.OUT: "#eceef1",
}
_MOST_COLUMNS, _ROWS = 128, 32


def png(chart: Chart) -> bytes:
    """The chart as a PNG file of 1,000 by 700 pixels.

    Raises: ModuleNotFoundError without the extra [charts].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE_INCHES, HIGH_INCHES), dpi=DOTS_PER_INCH, facecolor=CARD, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(CARD)
    figure.suptitle(_broken(chart.title), x=0.02, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    axes.tick_params(labelsize=SMALL, colors=PALE, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    match chart:
        case History():
            draw_history(axes, chart)
        case Stack():
            _stack(figure, axes, chart)
        case Mosaic():
            _mosaic(figure, axes, chart)
        case Trade():
            _trade(figure, axes, chart)
    file = BytesIO()
    # Without these the file would name the library's version: the same chart would be another file after an upgrade.
    figure.savefig(file, format="png", metadata={"Software": None, "Description": chart.alt})
    return file.getvalue()


_TITLE_LETTERS = 46
"""Letters of a title in one line of the picture."""


def _broken(title: str) -> str:
    """The title in at most two lines, broken at a space."""
    if len(title) <= _TITLE_LETTERS:
        return title
    at = title.rfind(" ", 0, _TITLE_LETTERS)
    rest = title[at + 1 :] if at > 0 else title[_TITLE_LETTERS:]
    first = title[:at] if at > 0 else title[:_TITLE_LETTERS]
    return f"{first}\n{rest if len(rest) <= _TITLE_LETTERS else rest[: _TITLE_LETTERS - 1] + '…'}"


def _read_at(as_of: datetime | None) -> str:
    return "" if as_of is None else f"read {as_of.astimezone(UTC):%d %b %H:%M} UTC"


def _few_whole_ticks() -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4, integer=True)


def _stack(figure: "Figure", axes: "Axes", chart: Stack) -> None:
    from matplotlib.ticker import StrMethodFormatter

    names = [bar.name for bar in chart.bars]
    left = [0.0] * len(names)
    colours = iter(_LAYERS * ceil(len(chart.layers) / len(_LAYERS)))
    widest = max((bar.total for bar in chart.bars), default=0.0)
    for index, layer in enumerate(chart.layers):
        sizes = [bar.sizes[index] for bar in chart.bars]
        room = layer == FREE_LAYER
        colour = _ROOM if room else next(colours)
        label = f"{layer} {sum(sizes):,.0f}"
        drawn = axes.barh(
            names, sizes, left=left, color=colour, height=0.62, label=label, edgecolor=CARD, linewidth=0.8
        )
        left = [start + size for start, size in zip(left, sizes, strict=True)]
        if room:
            # Room is the message: its number stands beside the bar however little it is.
            axes.bar_label(drawn, [f"{size:,.0f} free" for size in sizes], padding=3, fontsize=SMALL, color=INK)
            continue
        # A number is written where it has room; the legend and the answer's table have the rest.
        words = [f"{size:,.0f}" if widest and size / widest > 0.12 else "" for size in sizes]
        axes.bar_label(drawn, words, label_type="center", fontsize=SMALL, color=_on(colour))
    axes.set_xlim(0, (widest or 1.0) * 1.22)
    axes.invert_yaxis()
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", labelcolor=INK, labelsize=TEXT)
    axes.xaxis.set_major_locator(_few_whole_ticks())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel(_joined(chart.unit, _read_at(chart.as_of)), fontsize=SMALL, color=PALE, loc="right")
    figure.legend(
        loc="outside lower left", ncols=2, fontsize=SMALL, frameon=False, labelcolor=INK, handlelength=1,
        columnspacing=1.2, labelspacing=0.25, borderpad=0,
    )  # fmt: skip


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))


def _on(colour: str) -> str:
    """Black or white, whichever is read better on the colour (its luminance by ITU-R BT.601)."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 125 else "#ffffff"


def _mosaic(figure: "Figure", axes: "Axes", chart: Mosaic) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch, Rectangle

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
        edgecolors=CARD,
        linewidth=1.2 if columns <= 32 else 0.3,
    )
    for place, cell in enumerate(chart.cells):
        # Hatched, for its grey is close to what is free for those who see few colours.
        if cell is Paint.OUT:
            corner = (place % columns, place // columns)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor="#9aa1a9", hatch="////", linewidth=0))
    axes.invert_yaxis()
    axes.set_aspect("auto")
    axes.set_xticks([])
    axes.set_yticks([0.5, rows - 0.5] if rows > 1 else [], [chart.first, chart.last] if rows > 1 else [])
    span = f"{chart.first} to {chart.last}" if rows == 1 else ""
    each = "a cell is a /28 block: 16 addresses"
    axes.set_xlabel(_joined(span or each, _read_at(chart.as_of)), fontsize=SMALL, color=PALE, loc="right")
    axes.spines["bottom"].set_visible(False)
    counts = Counter(chart.cells)
    patches = [
        Patch(
            facecolor=_PAINTS[paint],
            edgecolor="#9aa1a9" if paint is Paint.OUT else _PAINTS[paint],
            hatch="/////" if paint is Paint.OUT else None,
            linewidth=0,
            label=f"{counts[paint]:,} {paint.value}",
        )
        for paint in paints
        if counts[paint]
    ]
    figure.legend(
        handles=patches, loc="outside lower left", ncols=2, fontsize=SMALL, frameon=False, labelcolor=INK,
        handlelength=1, columnspacing=1.2, labelspacing=0.25, borderpad=0,
    )  # fmt: skip


def _columns(cells: int) -> int:
    """Cells in a row: 16, so that a row is a /24 as people think of it, doubled until 32 rows hold them all."""
    columns = 16
    while cells / columns > _ROWS and columns < _MOST_COLUMNS:
        columns *= 2
    return min(columns, max(cells, 1))


def _trade(figure: "Figure", axes: "Axes", chart: Trade) -> None:
    from matplotlib.ticker import StrMethodFormatter

    others = [dot for dot in chart.dots if not (dot.chosen or dot.current)]
    for number, dot in enumerate(others, 1):
        axes.plot([dot.across], [dot.up], "o", color=PALE, markersize=9, alpha=0.85)
        axes.annotate(
            f"{number}", (dot.across, dot.up), ha="center", va="center", fontsize=SMALL - 1, color="#ffffff",
            fontweight="bold",
        )  # fmt: skip
    # Last, so that the two that matter lie above the others.
    for dot in chart.dots:
        if dot.chosen or dot.current:
            _mark(axes, dot)
    across, up = [dot.across for dot in chart.dots], [dot.up for dot in chart.dots]
    wide = (max(across) - min(across)) or max(across) or 1.0
    axes.set_xlim(min(across) - wide * 0.35, max(across) + wide * 0.15)
    axes.set_ylim(-max(up, default=1.0) * 0.1, max(up, default=1.0) * 1.2 or 1.0)
    axes.text(0.015, 0.03, "↙ better", transform=axes.transAxes, fontsize=SMALL, color=PALE)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(_few_whole_ticks())
    axes.yaxis.set_major_locator(_few_whole_ticks())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel(chart.across, fontsize=SMALL, color=PALE)
    axes.set_ylabel(chart.up, fontsize=SMALL, color=PALE)
    _key(figure, chart, others)


def _mark(axes: "Axes", dot: Dot) -> None:
    """One of the two that matter, with its word: told apart by shape too."""
    colour, shape = (LINE, "D") if dot.chosen else (EXPECTED, "s")
    word = "now, and advised" if dot.chosen and dot.current else "advised" if dot.chosen else "now"
    axes.plot([dot.across], [dot.up], shape, color=colour, markersize=8)
    axes.annotate(
        word,
        (dot.across, dot.up),
        (-8, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=TEXT,
        color=colour,
        fontweight="bold",
    )


def _key(figure: "Figure", chart: Trade, others: "list[Dot]") -> None:
    """The choices by name below the picture, where they have room: beside their dots they would lie on each other."""
    from matplotlib.lines import Line2D

    handles, labels = [], []
    for dot in chart.dots:
        if dot.chosen or dot.current:
            colour, shape = (LINE, "D") if dot.chosen else (EXPECTED, "s")
            handles.append(Line2D([], [], color=colour, marker=shape, linestyle="", markersize=5))
            labels.append(dot.name)
    for number, dot in enumerate(others, 1):
        handles.append(Line2D([], [], color=PALE, marker=f"${number}$", linestyle="", markersize=5))
        labels.append(dot.name)
    if read := _read_at(chart.as_of):
        handles.append(Line2D([], [], linestyle=""))
        labels.append(read)
    figure.legend(
        handles, labels, loc="outside lower left", ncols=2, fontsize=SMALL, frameon=False, labelcolor=INK,
        handlelength=1, columnspacing=1.2, labelspacing=0.25, borderpad=0,
    )  # fmt: skip
