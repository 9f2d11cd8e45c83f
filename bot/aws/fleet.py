"""The accounts to read: those configured and those Organizations names, what came and went, and their regions."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.aws import limits, queries
from bot.aws.cache import SharedReads
from bot.aws.errors import AccessDeniedError, blind_spot
from bot.aws.organization import Organization, active_accounts, lister
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.errors import QueryError
from bot.inventory import Account, AccountChange, AccountRegions, BlindSpot, ChangeKind, Fleet

log = logging.getLogger(__name__)

ALL_REGIONS = "all"
"""The region of a BlindSpot that covers a whole account."""

_KEPT_ACCOUNTS = 4096


class FleetReader:
    """The fleet as it was last listed; safe to use from many threads.

    `known` gives the ids of the accounts that were read before this process, so that an account that left while it
    was down is noticed; it is asked once.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        now: Callable[[], datetime],
        configured: tuple[Account, ...] = (),
        regions: tuple[str, ...] = (),
        organization: Organization | None = None,
        known: Callable[[], Iterable[str]] = tuple,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._now = now
        self._configured = configured
        self._regions = regions
        self._organization = organization
        self._known_before = known
        self._lock = threading.Lock()
        self._listed: tuple[Account, ...] | None = None
        self._changes: tuple[AccountChange, ...] = ()
        self._listing: SharedReads[str, tuple[Account, ...]] = SharedReads(
            lambda _: limits.ORGANIZATION.age, maxsize=1, timer=timer
        )
        self._enabled: SharedReads[Account, tuple[str, ...]] = SharedReads(
            lambda _: limits.REGIONS.age, maxsize=_KEPT_ACCOUNTS, timer=timer
        )
        self._last_regions: dict[str, tuple[str, ...]] = {}

    def accounts(self) -> tuple[Account, ...]:
        """The accounts to read, those configured first.

        Raises: QueryError when nothing is configured and neither Organizations nor STS has ever answered.
        """
        if self._organization is None:
            return self._configured or (self._sessions.caller_account(self._regions),)
        try:
            listed = self._list(self._organization)
        except QueryError:
            with self._lock:
                last = self._listed
            if last is None and not self._configured:
                raise
            listed = last or ()
        return self._joined(listed)

    def fleet(self) -> Fleet:
        """The accounts with what came and went lately; never raises for what AWS says."""
        organization = self._organization
        spots: tuple[BlindSpot, ...] = ()
        accounts: tuple[Account, ...] = ()
        asking = lister(organization) if organization else Account(account_id="", name="")
        try:
            if organization is not None:
                self._list(organization)
        except QueryError as error:
            spots = (blind_spot(error, asking, ALL_REGIONS, self._now()),)
        try:
            accounts = self.accounts()
        except QueryError as error:
            spots = spots or (blind_spot(error, asking, ALL_REGIONS, self._now()),)
        return Fleet(accounts=accounts, changes=self.changes(), blind_spots=spots, discovered=organization is not None)

    def changes(self) -> tuple[AccountChange, ...]:
        """The accounts that joined or left within limits.CHANGE_SHOWN, the newest first."""
        oldest = self._now() - limits.CHANGE_SHOWN
        with self._lock:
            return tuple(change for change in self._changes if change.seen_at >= oldest)

    def regions(self, account: Account) -> AccountRegions:
        """The regions to read of the account; never raises for what AWS says."""
        try:
            regions = self.open_regions(account)
        except QueryError as error:
            spot = blind_spot(error, account, ALL_REGIONS, self._now())
            last = self._last_regions.get(account.account_id, ())
            return AccountRegions(account_id=account.account_id, regions=last, blind_spots=(spot,))
        return AccountRegions(account_id=account.account_id, regions=regions)

    def open_regions(self, account: Account) -> tuple[str, ...]:
        """The regions to read of an account that can be entered: those configured, else every enabled one.

        Of an account that the organization names only the enabled ones of those configured: nobody chose them for it.
        Raises: QueryError when the account cannot be entered or its regions cannot be listed.
        """
        self._sessions.connect(account)
        regions = account.regions
        if not regions or self._is_discovered(account):
            regions = self._enabled_of(account)
        self._last_regions[account.account_id] = regions
        return regions

    def _enabled_of(self, account: Account) -> tuple[str, ...]:
        try:
            enabled = self._enabled.get(account, lambda: self._ask_regions(account))
        except AccessDeniedError:
            if not account.regions:
                raise
            return account.regions
        return tuple(region for region in account.regions if region in enabled) if account.regions else enabled

    def _ask_regions(self, account: Account) -> tuple[str, ...]:
        region = self._sessions.home_region(account)
        return queries.enabled_regions(Place(sessions=self._sessions, account=account, region=region))

    def _is_discovered(self, account: Account) -> bool:
        return self._organization is not None and account not in self._configured

    def _joined(self, listed: tuple[Account, ...]) -> tuple[Account, ...]:
        """The configured accounts, and those of the organization that are not configured by themselves."""
        named = {account.account_id for account in self._configured}
        return (*self._configured, *(account for account in listed if account.account_id not in named))

    def _list(self, organization: Organization) -> tuple[Account, ...]:
        listed = self._listing.get("organization", lambda: self._ask_accounts(organization))
        with self._lock:
            return self._listed if self._listed is not None else listed

    def _ask_accounts(self, organization: Organization) -> tuple[Account, ...]:
        own = self._sessions.caller_account(organization.regions).account_id
        listed = active_accounts(self._sessions, organization, own)
        with self._lock:
            first = self._listed is None
            before = {account_id: account_id for account_id in self._known_before()} if first else {}
            before |= {account.account_id: account.name for account in self._listed or ()}
            # Without anything known before, every account would be news.
            self._changes = (*(self._compared(before, listed) if before else ()), *self._changes)
            self._listed = listed
        return listed

    def _compared(self, before: dict[str, str], listed: tuple[Account, ...]) -> tuple[AccountChange, ...]:
        now = self._now()
        there = {account.account_id: account.name for account in self._joined(listed)}
        joined = [
            AccountChange(account_id=account_id, name=name, kind=ChangeKind.JOINED, seen_at=now)
            for account_id, name in there.items()
            if account_id not in before and account_id not in {account.account_id for account in self._configured}
        ]
        left = [
            AccountChange(account_id=account_id, name=name, kind=ChangeKind.LEFT, seen_at=now)
            for account_id, name in before.items()
            if account_id not in there
        ]
        for change in (*joined, *left):
            log.info(
                "account joined" if change.kind is ChangeKind.JOINED else "account left",
                extra={"account_id": change.account_id, "name_of_account": change.name},
            )
        return (*joined, *left)


def with_regions(accounts: Iterable[Account], regions: tuple[str, ...]) -> tuple[Account, ...]:
    """The accounts, those without regions of their own with the given ones."""
    return tuple(replace(account, regions=account.regions or regions) for account in accounts)
