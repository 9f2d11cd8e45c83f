"""Evidence of a large fleet is read some places at a time, so that a start keeps no alert waiting."""

from collections import Counter
from datetime import timedelta

from builders import NOW, inventory, region_facts

from bot.inventory import Account
from bot.inventory.evidence import Asked, RegionEvidence
from bot.monitor.evidence import AT_ONCE, EvidenceReader

HOUR = timedelta(hours=1)


def test_every_place_has_its_turn_and_none_comes_twice_before_the_last() -> None:
    at, asked = [NOW], Counter[str]()

    def read(account: Account, region: str, _asked: Asked) -> RegionEvidence:
        asked[region] += 1
        return RegionEvidence(account_id=account.account_id, region=region, observed_at=at[0])

    names = [f"region-{number}" for number in range(2 * AT_ONCE + 5)]
    fleet = inventory(*(region_facts(region=name) for name in names))
    reader = EvidenceReader(read, lambda: at[0], workers=2, every=HOUR)
    counts = []
    for _ in range(4):
        counts.append(len(reader.read(fleet)))
        at[0] += timedelta(minutes=1)
    assert counts == [AT_ONCE, 2 * AT_ONCE, len(names), len(names)]
    assert asked == Counter(names)
    at[0] += HOUR
    reader.read(fleet)
    assert sum(asked.values()) == len(names) + AT_ONCE
    assert {name for name, times in asked.items() if times == 2} == set(names[:AT_ONCE])
