"""Sources: which accounts and regions could be read lately, and how often in a row they could not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.alerts.samples import SourceSample
from bot.inventory import Inventory, RegionFacts

WHOLE_ACCOUNT = ""
"""The region of a source that is an account as a whole: its credentials and the list of its regions."""

NOBODY = ""
"""The account of a failure that came before any account was known: who the caller is could not be asked.

It is over once anything could be read, for nothing is read before the caller is known.
"""

_SUBNET_READ = "DescribeSubnets"


@dataclass(slots=True, kw_only=True)
class _Source:
    attempted_at: datetime
    failed_polls: int = 0
    reason: str = ""
    read_at: datetime | None = None


class Sources:
    """Counts what failed, by account and region; a process that starts anew counts anew."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Source] = {}

    def note(self, read: Inventory, now: datetime) -> None:
        """Take what one poll of the fleet, or of a part of it, read and did not read."""
        for facts in read.regions:
            self.attempted(facts.account_id, facts.region, now, _failure(facts))
            if facts.subnets_complete:
                # Whatever is wrong with one region, the account itself could be entered.
                self.attempted(facts.account_id, WHOLE_ACCOUNT, now, None)
        for spot in read.blind_spots:
            self.attempted(spot.account_id, WHOLE_ACCOUNT, now, spot.reason)
        nameless = {spot.account_id for spot in read.blind_spots} & {NOBODY}
        if (NOBODY, WHOLE_ACCOUNT) in self._known and not nameless and any(f.subnets_complete for f in read.regions):
            self.attempted(NOBODY, WHOLE_ACCOUNT, now, None)

    def attempted(self, account_id: str, region: str, at: datetime, failure: str | None) -> None:
        """Take one attempt to read an account and region; `failure` is why it could not be read, None when it could."""
        source = self._known.setdefault((account_id, region), _Source(attempted_at=at))
        source.attempted_at = at
        if failure is None:
            source.failed_polls, source.reason, source.read_at = 0, "", at
        else:
            source.failed_polls += 1
            source.reason = failure

    def keep(self, is_read: Callable[[str, str], bool]) -> None:
        """Forget the sources that are not to be read any more, so that an old failure opens nothing later."""
        self._known = {source: found for source, found in self._known.items() if is_read(*source)}

    def samples(self, worth: Iterable[str] = ()) -> tuple[SourceSample, ...]:
        """The sources that failed last time, and those whose keys are in `worth` (they have an alert)."""
        keys = frozenset(worth)
        found = []
        for (account_id, region), source in self._known.items():
            sample = SourceSample(
                account_id=account_id,
                region=region,
                observed_at=source.attempted_at,
                failed_polls=source.failed_polls,
                reason=source.reason,
                read_at=source.read_at,
            )
            if source.failed_polls or sample.scope_key in keys:
                found.append(sample)
        return tuple(found)


def _failure(facts: RegionFacts) -> str | None:
    if facts.subnets_complete:
        return None
    reasons = [spot.reason for spot in facts.blind_spots if spot.api == _SUBNET_READ] or [
        spot.reason for spot in facts.blind_spots
    ]
    return reasons[0] if reasons else "The subnets could not all be read."
