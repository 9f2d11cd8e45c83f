"""A local Slack: the Web API, Socket Mode, signed HTTP events and a page, for the demo and the tests."""

from bot.demo.workspace.blockkit import problems
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.identity import BOT_EVENTS, Shortcut, SlashCommand
from bot.demo.workspace.modals import Submission
from bot.demo.workspace.ratelimits import RateLimits
from bot.demo.workspace.records import Call, SlashResult
from bot.demo.workspace.workspace import Workspace

__all__ = [
    "BOT_EVENTS",
    "Call",
    "Faults",
    "RateLimits",
    "Shortcut",
    "SlashCommand",
    "SlashResult",
    "Submission",
    "Workspace",
    "problems",
]
