"""The picture of a value over time: its past, what is expected, where alerts begin and when they were open."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.charts.ink import ALARM, CARD, EXPECTED, GRID, INK, LINE, PALE, SMALL, TEXT
from bot.message import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BELOW = 0.22
"""A threshold in the lowest part of the picture has its word above the line, else below: there is room."""

_NARROW = 0.2
"""An alert's span narrower than this share of the picture has its word beside it, to the left."""

_BEHIND = {"boxstyle": "square,pad=0.1", "facecolor": CARD, "alpha": 0.75, "linewidth": 0}
"""The card's colour behind a word, so that it is read where a line runs through it."""

_MOST_TICKS = 5
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720))
"""Between two words below the picture."""


def draw_history(axes: "Axes", chart: History) -> None:
    """Draw the history into the axes; with fewer than two points only the words that there is none."""
    if len(chart.points) < 2:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no history yet", transform=axes.transAxes, ha="center", fontsize=TEXT, color=PALE)
        return
    top = _top(chart)
    axes.set_ylim(0, top)
    _past(axes, chart)
    _expected(axes, chart, top)
    _alerts(axes, chart)
    _threshold(axes, chart, top)
    _axes(axes, chart)


def _top(chart: History) -> float:
    """The height of the picture: what is highest, and a seventh more for the words."""
    values = [value for _, value in chart.points if value is not None]
    values += [area.high for area in chart.expected]
    values += [] if chart.threshold is None else [chart.threshold]
    return max([*values, 1.0]) * 1.15


def _past(axes: "Axes", chart: History) -> None:
    from matplotlib.dates import date2num

    points = list(chart.points)
    if chart.as_of is not None and points[-1][1] is not None and points[-1][0] < chart.as_of:
        # A value holds until the next one is read.
        points.append((chart.as_of, points[-1][1]))
    times = date2num([at for at, _ in points])
    values = [float("nan") if value is None else value for _, value in points]
    axes.plot(times, values, color=LINE, linewidth=1.8, drawstyle="steps-post")
    axes.fill_between(times, values, color=LINE, alpha=0.10, step="post", linewidth=0)
    known = [(at, value) for at, value in points if value is not None]
    if not known:
        return
    at, value = known[-1]
    place = (float(date2num(at)), value)
    axes.plot([place[0]], [value], "o", color=LINE, markersize=4.5)
    # Before what is expected there is room to its right; at the edge of the picture only to its left.
    right = bool(chart.expected)
    axes.annotate(
        f"{value:,.0f}",
        place,
        (5 if right else -4, 5),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=TEXT,
        color=INK,
        fontweight="bold",
        bbox=_BEHIND,
    )


def _expected(axes: "Axes", chart: History, top: float) -> None:
    from matplotlib.dates import date2num

    if not chart.expected:
        return
    ahead = date2num([area.at for area in chart.expected])
    low, high = [area.low for area in chart.expected], [area.high for area in chart.expected]
    axes.fill_between(ahead, low, high, color=EXPECTED, alpha=0.18, linewidth=0)
    likely = [area.likely for area in chart.expected]
    axes.plot(ahead, likely, color=EXPECTED, linewidth=1.6, linestyle=(0, (4, 2)))
    middle = float(ahead[0] + ahead[-1]) / 2
    narrow = (chart.expected[-1].at - chart.expected[0].at) / (_ended(chart) - chart.points[0][0]) < _NARROW
    # A narrow one ends at the edge of the picture, and so does its word.
    place, side = (float(ahead[-1]), "right") if narrow else (middle, "center")
    axes.text(place, top * 0.98, "forecast", ha=side, va="top", fontsize=TEXT, color=EXPECTED, bbox=_BEHIND)


def _alerts(axes: "Axes", chart: History) -> None:
    from matplotlib.dates import date2num

    for began, ended in chart.alerts:
        axes.axvspan(date2num(began), date2num(ended), color=ALARM, alpha=0.14, linewidth=0)
    if not chart.alerts:
        return
    began, ended = max(chart.alerts, key=lambda span: span[1] - span[0])
    narrow = (ended - began) / (_ended(chart) - chart.points[0][0]) < _NARROW
    axes.annotate(
        "alert open",
        (float(date2num(ended) if narrow else date2num(began) + date2num(ended)) / (1 if narrow else 2), 0.98),
        (-3 if narrow else 0, -9 if narrow and chart.expected else 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="right" if narrow else "center",
        va="top",
        fontsize=TEXT,
        color=ALARM,
    )


def _threshold(axes: "Axes", chart: History, top: float) -> None:
    if chart.threshold is None:
        return
    axes.axhline(chart.threshold, color=ALARM, linewidth=1.1, linestyle=(0, (2, 2)))
    low = chart.threshold < top * _BELOW
    # In the axes' own measure, whatever the times are: over what is expected, where the line runs seldom.
    right = bool(chart.expected)
    axes.annotate(
        f"alert below {chart.threshold:,.0f}",
        (0.99 if right else 0.01, chart.threshold),
        (0, 3 if low else -4),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right" if right else "left",
        va="bottom" if low else "top",
        fontsize=SMALL,
        color=ALARM,
        bbox=_BEHIND,
    )


def _axes(axes: "Axes", chart: History) -> None:
    from matplotlib.dates import date2num
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if chart.as_of is not None and chart.expected:
        axes.axvline(float(date2num(chart.as_of)), color=PALE, linewidth=0.8)
    began, ended = chart.points[0][0], _ended(chart)
    edge = (ended - began) * 0.02
    axes.set_xlim(date2num(began - edge), date2num(ended + edge))
    ticks = time_ticks(began, ended)
    axes.set_xticks(date2num([at for at, _ in ticks]), [word for _, word in ticks])
    axes.set_ylabel(chart.unit, fontsize=SMALL, color=PALE)
    read = "UTC" if chart.as_of is None else f"UTC · read {chart.as_of.astimezone(UTC):%d %b %H:%M}"
    axes.set_xlabel(read, fontsize=SMALL, color=PALE, loc="right")


def _ended(chart: History) -> datetime:
    """The right edge of the picture."""
    return max(chart.points[-1][0], chart.as_of or chart.points[-1][0], *(area.at for area in chart.expected[-1:]))


def time_ticks(began: datetime, ended: datetime) -> list[tuple[datetime, str]]:
    """At most five round moments (UTC) between the two with their words: hours, and the day where one begins."""
    length = ended - began
    every = next((step for step in _STEPS if length / step <= _MOST_TICKS), length / _MOST_TICKS)
    seconds = max(int(every.total_seconds()), 1)
    first = -(-int(began.timestamp()) // seconds) * seconds
    moments = [datetime.fromtimestamp(at, UTC) for at in range(first, int(ended.timestamp()) + 1, seconds)]
    return [(at, f"{at:%H:%M}" if at.hour or at.minute else f"{at:%d %b}") for at in moments]
