"""Services: the handful of things a command may use. Built by wiring, passed, never global.

Each is a call, so that a question that needs no AWS loads no boto3 and no database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.alerts.alert import Alert
    from bot.asking.allowance import Allowance
    from bot.asking.sight import Sight
    from bot.aws.reader import Reader
    from bot.config import Settings
    from bot.facts import Facts
    from bot.kubernetes import Kubernetes
    from bot.store import Store
    from knowledge import KnowledgeBase

LOOKED_LATELY = timedelta(hours=3)
"""How old the hourly look at the fleet may be; where it is older nothing looks ahead, and its dates hold no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What commands use: settings, the clock, the freshest facts, the query layer, the store, the knowledge base.

    `stored` is the store where one exists already, None before anything was ever saved; `store` makes one.
    `history` is the store to ask of the past: `stored`, or in the demo one with a past made up for it. `sight` is
    what may be seen where it is asked, None where that is everything: the other parts then hide the rest already.
    `kubernetes` reads a cluster's own API; it is asked only of clusters that may be seen. `patience` is how long an
    answer in Slack waits for AWS in all, before it goes out without what is late: a throttled call that is tried again
    takes about ten seconds, and after half a minute nobody in an incident looks for the answer any more.
    """

    settings: "Settings"
    now: Callable[[], datetime]
    facts: Callable[[], "Facts"]
    reader: Callable[[], "Reader"]
    store: Callable[[], "Store"]
    stored: Callable[[], "Store | None"]
    history: Callable[[], "Store | None"]
    knowledge: Callable[[], "KnowledgeBase"]
    sight: "Callable[[], Sight] | None" = None
    allowance: "Allowance | None" = None
    kubernetes: "Callable[[], Kubernetes] | None" = None
    patience: timedelta = timedelta(seconds=20)

    def open_alerts(self) -> "tuple[Alert, ...]":
        """The alerts that are pending, firing or recovering; none before anything was ever saved."""
        store = self.stored()
        return () if store is None else store.open_alerts()

    def depletes_at(self) -> Mapping[str, datetime]:
        """When subnets likely run out by the forecasts of the last hours, by subnet id; no date, no entry."""
        store = self.stored()
        rows = () if store is None else store.runs_out().values()
        oldest = self.now() - LOOKED_LATELY
        return {row.subnet_id: row.likely_at for row in rows if row.made_at >= oldest}
