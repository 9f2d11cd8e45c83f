"""The monitor: every account and region read in its turn, and the alerts moved by what that brings."""

from bot.monitor.cards import Cards
from bot.monitor.lanes import Lanes
from bot.monitor.poll import EVENTS, Monitor, PollReport

__all__ = ["EVENTS", "Cards", "Lanes", "Monitor", "PollReport"]
