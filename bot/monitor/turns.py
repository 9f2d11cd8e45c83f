"""Turns: when a source is read next, each at its own moment of the interval, and failing ones more and more seldom."""

from datetime import datetime, timedelta
from zlib import crc32

from bot.store.due_reads import DueRead, Source

PATIENCE = 3
"""Failures in a row at the usual interval before the waits grow: as many as make an account or region blind."""

LONGEST_WAIT = 4
"""The longest wait of a failing source, in polls: a repair shows within 20 minutes at the default interval."""

_EPOCH = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def next_turn(read: DueRead, *, poll: timedelta, succeeded: bool) -> datetime:
    """When the source is due again after this read; never twice within its interval.

    A read that came in time keeps its rhythm. After a late one the source slides back to its own moment by at most a
    quarter of an interval each time, so that what fell due together, as after a pause, does not stay together.
    """
    if not succeeded:
        return read.started_at + _wait(read, poll)
    if read.last_ok_at is not None and read.started_at - read.due_at < read.every / 20:
        return read.due_at + read.every
    earliest = read.started_at + read.every
    own = own_moment(read.source, read.every)
    ahead = (own - (earliest - _EPOCH)) % read.every
    return earliest + min(ahead, read.every / 4)


def own_moment(source: Source, every: timedelta) -> timedelta:
    """Where in the interval the source has its turn, spread evenly over all sources by a hash of what they are."""
    name = f"{source.account_id} {source.region} {source.lane.value}"
    return every * (crc32(name.encode()) / 2**32)


def _wait(read: DueRead, poll: timedelta) -> timedelta:
    usual = min(read.every, poll)
    factor: int = 2 ** min(max(read.failures + 1 - PATIENCE, 0), 16)
    return min(usual * factor, max(usual, LONGEST_WAIT * poll))
