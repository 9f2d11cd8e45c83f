"""Subnets that a complete listing no longer has: kept as unknown until EC2 says by id that they do not exist."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

from bot.inventory import Quality, RegionFacts

ConfirmGone = Callable[[Collection[str]], Collection[str]]
"""Those of the subnets that EC2 does not know when they are asked for by id."""

GONE_SHOWN = timedelta(hours=24)
"""How long a deleted subnet is still named as gone: a day, so that every shift sees once what became of it."""


def with_missing(known: RegionFacts | None, read: RegionFacts, confirm: ConfirmGone) -> RegionFacts:
    """A read with the known subnets it lacks: unknown at first; asked for by id when they are absent again.

    What EC2 does not know by id is gone, observed at this read, and is named so for GONE_SHOWN.
    EC2 is eventually consistent: absence once is not evidence.
    Source: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """
    if known is None or not read.subnets_complete:
        return read
    listed = {subnet.subnet_id for subnet in read.subnets}
    missing = [subnet for subnet in known.subnets if subnet.subnet_id not in listed]
    absent_again = [subnet.subnet_id for subnet in missing if subnet.quality is Quality.UNKNOWN]
    gone = frozenset(confirm(absent_again)) if absent_again else frozenset()
    kept = tuple(replace(s, quality=Quality.UNKNOWN) for s in missing if s.subnet_id not in gone)
    before = (s for s in known.gone if s.subnet_id not in listed and read.observed_at - s.observed_at < GONE_SHOWN)
    now = (replace(s, quality=Quality.GONE, observed_at=read.observed_at) for s in missing if s.subnet_id in gone)
    return replace(read, subnets=(*read.subnets, *kept), gone=(*before, *now))
