"""Which accounts and regions there are to read, and which accounts have come or gone."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.inventory.network import Account, BlindSpot


class ChangeKind(Enum):
    """What became of an account of the organization."""

    JOINED = "joined"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """An account that was not there at the discovery before, or is not there any more."""

    account_id: str
    name: str
    kind: ChangeKind
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The accounts to read; `discovered` says that Organizations names them, at least in part.

    When it could not be asked, the accounts are those last known and a blind spot says why.
    """

    accounts: tuple[Account, ...]
    changes: tuple[AccountChange, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegions:
    """The regions to read of one account; those last known, and a blind spot, where they could not be listed."""

    account_id: str
    regions: tuple[str, ...]
    blind_spots: tuple[BlindSpot, ...] = ()
