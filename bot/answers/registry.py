"""Which model answers which verb: the versioned interface that scripts rely on.

docs/json.md describes every field; a test compares the two. Add fields freely; change a meaning only with a version.
"""

from pydantic import BaseModel

from bot.answers.alerting import AckAnswer, AlertsAnswer, CwAlarmsAnswer, SilenceAnswer, WatchAnswer
from bot.answers.capacity import (
    CidrAnswer,
    PlanAnswer,
    PrefixAnswer,
    SimulateAnswer,
    SizeAnswer,
    TuneAnswer,
    UpgradeAnswer,
)
from bot.answers.conversation import BoardAnswer, DefaultsAnswer, OverviewAnswer
from bot.answers.diagnosis import WhyAnswer
from bot.answers.digest import DigestAnswer
from bot.answers.guide import ExplainAnswer, HelpAnswer, VersionAnswer
from bot.answers.history import BacktestAnswer, ForecastAnswer, TopAnswer, TrendAnswer
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
    "trend": TrendAnswer,
    "forecast": ForecastAnswer,
    "top": TopAnswer,
    "digest": DigestAnswer,
    "why": WhyAnswer,
    "explain": ExplainAnswer,
    "accounts": AccountsAnswer,
    "alerts": AlertsAnswer,
    "ack": AckAnswer,
    "unack": AckAnswer,
    "silence": SilenceAnswer,
    "unsilence": SilenceAnswer,
    "maintenance": SilenceAnswer,
    "cwalarms": CwAlarmsAnswer,
    "watch": WatchAnswer,
    "unwatch": WatchAnswer,
    "watching": WatchAnswer,
    "board": BoardAnswer,
    "defaults": DefaultsAnswer,
    "overview": OverviewAnswer,
    "version": VersionAnswer,
    "help": HelpAnswer,
    "sweep": SweepAnswer,
    "backtest": BacktestAnswer,
}
"""The answer model of every verb."""
