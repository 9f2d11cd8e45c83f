"""A local Slack: the Web API, Socket Mode, signed HTTP events and a page, for the demo and the tests."""

from bot.demo.workspace.blockkit import problems
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.ratelimits import RateLimits
from bot.demo.workspace.records import Call, SlashResult
from bot.demo.workspace.workspace import Workspace

__all__ = ["Call", "Faults", "RateLimits", "SlashResult", "Workspace", "problems"]
