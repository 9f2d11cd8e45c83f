"""Evidence of one account and region beside EC2 and EKS; what cannot be read is a BlindSpot, never a guess."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.aws import cloudwatch, queries, quotas
from bot.aws.errors import AccountUnavailableError, blind_spot
from bot.aws.queries import Place
from bot.errors import QueryError
from bot.inventory import BlindSpot
from bot.inventory.evidence import Asked, RegionEvidence

T = TypeVar("T")


def read_evidence(place: Place, asked: Asked, now: datetime) -> RegionEvidence:
    """The CNI's figures of the clusters, the usage of the VPCs and the quotas that apply, as far as they can be read.

    Quotas that cannot be read are AWS's defaults, marked as such.
    """
    reading = _Reading(place, now)
    applied = reading.attempt(lambda: quotas.vpc_quotas(place))
    cni = reading.attempt(lambda: cloudwatch.cni_figures(place, asked.clusters, now)) if asked.clusters else ()
    usage = reading.attempt(lambda: cloudwatch.address_usage(place, asked.vpc_ids, now)) if asked.vpc_ids else ()
    found = RegionEvidence(
        account_id=place.account.account_id,
        region=place.region,
        observed_at=now,
        cni=cni or (),
        address_usage=usage or (),
        quotas=applied or quotas.defaults(),
    )
    return replace(found, enis=_interfaces(reading, place, found, asked, now), blind_spots=tuple(reading.spots))


def _interfaces(reading: "_Reading", place: Place, found: RegionEvidence, asked: Asked, now: datetime) -> int | None:
    """The account's interfaces: by the metric that AWS names for their quota, else counted where that is asked for."""
    quota = found.quota(quotas.ENIS_PER_REGION)
    metric = quota.usage if quota is not None and asked.quota_usage else None
    counted = reading.attempt(lambda: cloudwatch.quota_usage(place, metric, now)) if metric is not None else None
    if counted is not None or not asked.count_interfaces:
        return counted
    every = reading.attempt(lambda: queries.all_network_interfaces(place))
    return None if every is None else sum(eni.owner_id == place.account.account_id for eni in every)


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
