"""What is gone: subnets with an open alert that complete listings no longer hold, asked for by id before they count."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.alert import Alert
from bot.alerts.lifecycle import Gone
from bot.inventory import Account, Inventory, RegionFacts

ConfirmGone = Callable[[Account, str, Iterable[str]], frozenset[str]]
"""Those of the subnets of an account and region that EC2 does not know when they are asked for by id."""


@dataclass(slots=True, kw_only=True)
class _Absence:
    """Since when complete listings have been without a thing, and the newest of them."""

    first_at: datetime
    last_at: datetime


class Absences:
    """Collects the proof that the subject of an alert is deleted; what fails to be listed is not gone."""

    def __init__(self, poll: timedelta, confirm: ConfirmGone) -> None:
        self._poll = poll
        self._confirm = confirm
        self._absent: dict[str, _Absence] = {}

    def proofs(
        self, alerts: Iterable[Alert], inventory: Inventory, known: Collection[str], now: datetime
    ) -> Iterator[tuple[Alert, Gone]]:
        """The open alerts of subnets whose deletion is proven now, with the proof; `known` are the subnets listed.

        EC2 is asked for those that two complete listings, two polls apart or more, were without.
        """
        complete = {(facts.account_id, facts.region): facts for facts in inventory.regions if _is_whole(facts)}
        accounts = {account.account_id: account for account in inventory.accounts}
        due: dict[tuple[str, str], list[Alert]] = {}
        subnets = [alert for alert in alerts if alert.subnet_id]
        for alert in subnets:
            listing = complete.get((alert.account_id, alert.region))
            if alert.subnet_id in known:
                self._absent.pop(alert.scope_key, None)
            elif listing is not None and self._has_been_absent(alert.scope_key, listing.observed_at):
                due.setdefault((alert.account_id, alert.region), []).append(alert)
        keys = {alert.scope_key for alert in subnets}
        self._absent = {key: absence for key, absence in self._absent.items() if key in keys}
        for (account_id, region), absent in due.items():
            account = accounts.get(account_id)
            if account is None:
                continue
            gone = self._confirm(account, region, sorted({alert.subnet_id for alert in absent}))
            for alert in absent:
                if alert.subnet_id in gone:
                    absence = self._absent[alert.scope_key]
                    yield (
                        alert,
                        Gone(
                            scope_key=alert.scope_key,
                            first_absent_at=absence.first_at,
                            last_absent_at=absence.last_at,
                            not_found_at=max(now, absence.last_at),
                        ),
                    )

    def _has_been_absent(self, key: str, listed_at: datetime) -> bool:
        absence = self._absent.setdefault(key, _Absence(first_at=listed_at, last_at=listed_at))
        absence.last_at = max(absence.last_at, listed_at)
        return absence.last_at - absence.first_at >= 2 * self._poll


def _is_whole(facts: RegionFacts) -> bool:
    """Whether the region's subnets were all listed when it was last read."""
    return facts.subnets_complete
