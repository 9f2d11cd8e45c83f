"""Which model answers which verb: the versioned interface that scripts rely on.

docs/json.md describes every field; a test compares the two. Add fields freely; change a meaning only with a version.
"""

from pydantic import BaseModel

from bot.answers.alerting import AlertsAnswer, WatchAnswer
from bot.answers.capacity import (
    CidrAnswer,
    PlanAnswer,
    PrefixAnswer,
    SimulateAnswer,
    SizeAnswer,
    TuneAnswer,
    UpgradeAnswer,
)
from bot.answers.guide import ExplainAnswer, HelpAnswer
from bot.answers.nodes import MaxPodsAnswer
from bot.answers.subnets import AccountsAnswer, StatusAnswer, SubnetAnswer, SweepAnswer, WhoAnswer

ANSWERS: dict[str, type[BaseModel]] = {
    "status": StatusAnswer,
    "subnet": SubnetAnswer,
    "who": WhoAnswer,
    "maxpods": MaxPodsAnswer,
    "simulate": SimulateAnswer,
    "plan": PlanAnswer,
    "tune": TuneAnswer,
    "prefix": PrefixAnswer,
    "upgrade": UpgradeAnswer,
    "cidr": CidrAnswer,
    "size": SizeAnswer,
    "explain": ExplainAnswer,
    "accounts": AccountsAnswer,
    "alerts": AlertsAnswer,
    "watch": WatchAnswer,
    "unwatch": WatchAnswer,
    "watching": WatchAnswer,
    "help": HelpAnswer,
    "sweep": SweepAnswer,
}
"""The answer model of every verb."""
