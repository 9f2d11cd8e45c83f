"""Services: the handful of things a command may use. Built by wiring, passed, never global.

Each is a call, so that a question that needs no AWS loads no boto3 and no database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What commands use: settings, the clock, the freshest facts, the query layer, the store, the knowledge base.

    `stored` is the store where one exists already, None before anything was ever saved; `store` makes one.
    `history` is the store to ask of the past: `stored`, or in the demo one with a past made up for it. `sight` is
    what may be seen where it is asked, None where that is everything: the other parts then hide the rest already.
    `kubernetes` reads a cluster's own API; it is asked only of clusters that may be seen.
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

    def open_alerts(self) -> "tuple[Alert, ...]":
        """The alerts that are pending, firing or recovering; none before anything was ever saved."""
        store = self.stored()
        return () if store is None else store.open_alerts()

    def depletes_at(self) -> Mapping[str, datetime]:
        """When subnets likely run out by their newest forecasts, by subnet id; those without a date are left out."""
        store = self.stored()
        return {} if store is None else {row.subnet_id: row.likely_at for row in store.runs_out().values()}
