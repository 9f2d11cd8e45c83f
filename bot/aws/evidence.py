"""Evidence of one account and region beside EC2 and EKS; what cannot be read is a BlindSpot, never a guess."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.aws import cloudwatch, quotas
from bot.aws.errors import AccountUnavailableError, blind_spot
from bot.aws.queries import Place
from bot.errors import QueryError
from bot.inventory import BlindSpot
from bot.inventory.evidence import RegionEvidence

T = TypeVar("T")


def read_evidence(place: Place, clusters: Sequence[str], vpc_ids: Iterable[str], now: datetime) -> RegionEvidence:
    """The CNI's figures of the clusters, the usage of the VPCs and the quotas that apply, as far as they can be read.

    Quotas that cannot be read are AWS's defaults, marked as such.
    """
    reading = _Reading(place, now)
    found = RegionEvidence(
        account_id=place.account.account_id, region=place.region, observed_at=now, quotas=quotas.defaults()
    )
    applied = reading.attempt(lambda: quotas.vpc_quotas(place))
    if not reading.closed:
        found = replace(
            found,
            quotas=applied or found.quotas,
            cni=(reading.attempt(lambda: cloudwatch.cni_figures(place, clusters, now)) or ()) if clusters else (),
            address_usage=reading.attempt(lambda: cloudwatch.address_usage(place, vpc_ids, now)) or (),
        )
        interfaces = found.quota(quotas.ENIS_PER_REGION)
        if interfaces is not None and (usage := interfaces.usage) is not None:
            found = replace(found, enis=reading.attempt(lambda: cloudwatch.quota_usage(place, usage, now)))
    return replace(found, blind_spots=tuple(reading.spots))


class _Reading:
    """One read in progress: what it could not see, and whether the account can be entered at all.

    A service whose endpoint does not answer says nothing of the others: a closed network may have an endpoint for one
    of them only.
    """

    def __init__(self, place: Place, now: datetime) -> None:
        self._place = place
        self._now = now
        self.spots: dict[BlindSpot, None] = {}
        self.closed = False

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What `read` returns; None, and a blind spot, where it fails or the place was found closed before."""
        if self.closed:
            return None
        try:
            return read()
        except QueryError as error:
            self.closed = isinstance(error, AccountUnavailableError)
            self.spots[blind_spot(error, self._place.account, self._place.region, self._now)] = None
            return None
