"""Charts drawn: as PNG for Slack and documents, as text for a terminal."""

from bot.charts.text import sparkline, text_chart

__all__ = ["sparkline", "text_chart"]
