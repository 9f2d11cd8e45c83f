"""The monitor: reads every account and region, and moves the alerts by what it finds."""

from bot.monitor.cards import Cards
from bot.monitor.poll import EVENTS, Monitor, PollReport

__all__ = ["EVENTS", "Cards", "Monitor", "PollReport"]
