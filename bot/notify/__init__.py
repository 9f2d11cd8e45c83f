"""Ways out of the process beside Slack: a webhook for criticals Slack does not take, and a sign of life."""

from bot.notify.heartbeat import Heartbeat
from bot.notify.webhook import Webhook

__all__ = ["Heartbeat", "Webhook"]
