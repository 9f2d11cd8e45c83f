"""The contents of subnets: their interfaces, nodes and reservations, read in the accounts that see them whole."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from cachetools import LRUCache

from bot.aws import collect, limits, queries
from bot.aws.cache import SharedReads
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.inventory import Account, RegionFacts, Reservation, Subnet, SubnetContents

_KEPT_SUBNETS = 4096


class ContentsReader:
    """Reads contents and keeps them a while; safe to use from many threads."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        accounts: Callable[[], tuple[Account, ...]],
        now: Callable[[], datetime],
        workers: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._now = now
        self._workers = workers
        self._noting = threading.Lock()
        self._seen_by: LRUCache[str, frozenset[str]] = LRUCache(_KEPT_SUBNETS)
        self._contents: SharedReads[str, SubnetContents] = SharedReads(
            _age_of_contents, maxsize=_KEPT_SUBNETS, timer=timer
        )
        self._reservations: SharedReads[tuple[str, str, str], tuple[Reservation, ...]] = SharedReads(
            lambda _: limits.RESERVATIONS.age, maxsize=_KEPT_SUBNETS, timer=timer
        )

    def kept(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """The interfaces, nodes and reservations of the subnets, at most limits.CONTENTS.age old.

        What cannot be read is in its blind spots.
        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        if not subnets:
            return SubnetContents(subnet_ids=frozenset(), observed_at=self._now())
        by_id = {subnet.subnet_id: subnet for subnet in subnets}
        parts = self._contents.get_many(by_id, lambda missing: self._read([by_id[key] for key in missing]))
        return collect.merged(tuple(parts.values()))

    def now(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """The same read now, the reservations at most limits.RESERVATIONS.age old: for what is read again and again.

        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        groups: dict[str, list[Subnet]] = {}
        for subnet in subnets:
            groups.setdefault(subnet.account_id, []).append(subnet)
        return collect.merged(
            [
                collect.read_contents(
                    self._sessions, self._who_sees(group), group, self._now(), self._reservations_kept
                )
                for group in groups.values()
            ]
        )

    def note_shared(self, facts: RegionFacts) -> None:
        """Remember who sees the subnets of others: where the owner is not read, their contents are asked of these."""
        for subnet in facts.subnets:
            if subnet.account_id != facts.account_id:
                with self._noting:
                    seen_by = self._seen_by.get(subnet.subnet_id, frozenset())
                    self._seen_by[subnet.subnet_id] = seen_by | {facts.account_id}

    def _reservations_kept(self, place: Place, subnet_id: str) -> tuple[Reservation, ...]:
        key = place.account.account_id, place.region, subnet_id
        return self._reservations.get(key, lambda: queries.cidr_reservations(place, subnet_id))

    def _who_sees(self, subnets: Sequence[Subnet]) -> tuple[Account, ...]:
        """The accounts to ask about subnets of one owner: all of them while it is not known who sees each."""
        accounts, owner_id = self._accounts(), subnets[0].account_id
        if any(account.account_id == owner_id for account in accounts):
            return accounts
        with self._noting:
            seen_by = [self._seen_by.get(subnet.subnet_id, frozenset()) for subnet in subnets]
        seeing = frozenset().union(*seen_by)
        return tuple(account for account in accounts if account.account_id in seeing) if all(seen_by) else accounts

    def _read(self, subnets: Sequence[Subnet]) -> dict[str, SubnetContents]:
        """Contents by subnet id: each account and region in one read, several at the same time."""
        groups: dict[tuple[str, str], list[Subnet]] = {}
        for subnet in subnets:
            groups.setdefault((subnet.account_id, subnet.region), []).append(subnet)
        with ThreadPoolExecutor(max_workers=min(self._workers, len(groups)), thread_name_prefix="aws-read") as pool:
            read = pool.map(
                lambda group: collect.read_contents(self._sessions, self._who_sees(group), group, self._now()),
                groups.values(),
            )
            return {subnet_id: _only(part, subnet_id) for part in read for subnet_id in part.subnet_ids}


def _only(contents: SubnetContents, subnet_id: str) -> SubnetContents:
    """The part of the contents that is about one subnet; every blind spot of the read is its own too."""
    enis = tuple(eni for eni in contents.enis if eni.subnet_id == subnet_id)
    instance_ids = {eni.instance_id for eni in enis}
    return replace(
        contents,
        subnet_ids=frozenset({subnet_id}),
        enis=enis,
        nodes=tuple(node for node in contents.nodes if node.instance_id in instance_ids),
        reservations=tuple(item for item in contents.reservations if item.subnet_id == subnet_id),
        enis_read=contents.enis_read & {subnet_id},
        reservations_read=contents.reservations_read & {subnet_id},
    )


def _age_of_contents(contents: SubnetContents) -> timedelta:
    return limits.FAILED_CONTENTS.age if contents.blind_spots else limits.CONTENTS.age
