"""Subnets that were read before: what has not changed in EC2's answer since the last read is not parsed again.

Of a fleet's subnets few change from one poll to the next, and mostly in nothing but the number of free addresses;
parsing them all would be most of the work of a sweep.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cachetools import LRUCache

from bot.aws.convert import available_ips
from bot.aws.ec2_pages import GROUP, Items, every_page, subnet
from bot.aws.limits import SEEN_PLACES
from bot.inventory import Subnet

_MARK_BYTES = 16
"""Length of a mark: two different ones out of 80,000 are the same once in 10^29 reads."""
_NO_MARK = b""
"""The mark of what is parsed every time."""
_COUNT = b"availableIpAddressCount>"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage:
    """The subnets of one page as they were read last, the mark of its XML, and the mark of each subnet's."""

    mark: bytes
    marks: tuple[bytes, ...]
    subnets: tuple[Subnet, ...]


class SeenSubnets:
    """The pages of the newest read of each account and region; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: LRUCache[tuple[str, str], tuple[SeenPage, ...]] = LRUCache(SEEN_PLACES)

    def of(self, account_id: str, region: str) -> tuple[SeenPage, ...]:
        """The pages of a place, none before its first read."""
        with self._lock:
            return self._pages.get((account_id, region), ())

    def keep(self, account_id: str, region: str, pages: tuple[SeenPage, ...]) -> None:
        """Keep what a read of a place brought, for the next one."""
        with self._lock:
            self._pages[account_id, region] = pages


def every_subnet(
    ask: Callable[..., Any], account_id: str, region: str, now: datetime, before: Sequence[SeenPage]
) -> tuple[SeenPage, ...]:
    """The subnets of all pages of DescribeSubnets; `before` are those of the place's last read.

    Raises: ValueError when a page is malformed or names itself as the next one.
    """
    same = {page.mark: page for page in before}
    known: Mapping[bytes, Subnet] | None = None
    found: list[SeenPage] = []
    for page in every_page(ask, "Subnets"):
        mark = _mark(page.content) if page.content else _NO_MARK
        if page.content and (as_before := same.get(mark)) is not None:
            subnets = tuple(one.seen_again(now, one.available_ips) for one in as_before.subnets)
            found.append(SeenPage(mark=mark, marks=as_before.marks, subnets=subnets))
            continue
        if known is None:
            known = {mark: one for page in before for mark, one in zip(page.marks, page.subnets, strict=True)}
        found.append(_Reading(account_id, region, now, known).page(page, mark))
    return tuple(found)


class _Reading:
    """A page that is not the same as before: its subnets, those parsed that have changed in more than the count."""

    def __init__(self, account_id: str, region: str, now: datetime, known: Mapping[bytes, Subnet]) -> None:
        self._account_id = account_id
        self._region = region
        self._now = now
        self._known = known
        self._marks: list[bytes] = []
        self._subnets: list[Subnet] = []
        self._new: list[tuple[bytes, bytes]] = []
        """Mark and XML of those that are to be parsed, which is cheaper for several that follow each other."""

    def page(self, page: Items, mark: bytes) -> SeenPage:
        """The page with all its subnets, in its order."""
        self._add(page.whole, [_NO_MARK] * len(page.whole))
        for piece in page.pieces():
            own, count = _mark_and_count(piece)
            known = self._known.get(own)
            # A count that could not be true says nothing of where in the subnet the number stands.
            if known is None or (known.available_ips is None and known.cidr is not None):
                self._new.append((own, piece))
                if len(self._new) == GROUP:
                    self._parse(page)
                continue
            self._parse(page)
            self._marks.append(own)
            available = known.available_ips if count is None else available_ips(known.cidr, count)
            self._subnets.append(known.seen_again(self._now, available))
        self._parse(page)
        return SeenPage(mark=mark, marks=tuple(self._marks), subnets=tuple(self._subnets))

    def _parse(self, page: Items) -> None:
        if self._new:
            self._add(page.parsed(b"".join(piece for _, piece in self._new)), [own for own, _ in self._new])
            self._new.clear()

    def _add(self, items: Any, marks: Sequence[bytes]) -> None:
        found = [subnet(item, self._account_id, self._region, self._now) for item in items]
        # An item that begins otherwise than the others is in one piece with another: which mark is whose, who knows.
        self._marks += marks if len(found) == len(marks) else [_NO_MARK] * len(found)
        self._subnets += found


def _mark(xml: bytes) -> bytes:
    return sha256(xml).digest()[:_MARK_BYTES]


def _mark_and_count(piece: bytes) -> tuple[bytes, int | None]:
    """The mark of a subnet's XML without its number of free addresses, and that; None where it cannot be told apart."""
    parts = piece.split(_COUNT)
    if len(parts) == 3:
        before, count, after = parts
        if count.endswith(b"</") and count[:-2].isdigit():
            # No XML holds the byte 0, so that none without a number has the mark of one with it.
            return _mark(before + b"\0" + after), int(count[:-2])
    return _mark(piece), None
