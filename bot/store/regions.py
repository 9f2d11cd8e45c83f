"""Regions: the stored facts of every account and region in memory, kept in step without parsing what did not change."""

import threading
from collections.abc import Iterable, Mapping

from bot.inventory import RegionFacts
from bot.store.facts import FactsStore, Kept, Place, Versions


class Regions:
    """The stored facts of a fleet; several threads may share it, whoever wrote the facts."""

    def __init__(self, store: FactsStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: dict[Place, Kept] = {}

    def refresh(self) -> int:
        """Take over what was written since, by this process or another replica; how many places are known."""
        with self._lock:
            stored = self._store.versions()
            self._kept = {place: kept for place, kept in self._kept.items() if place in stored}
            stale = [place for place, versions in stored.items() if self._version(place) != versions]
            self._kept.update(self._store.kept(stale) if stale else {})
            return len(self._kept)

    def note(self, written: Mapping[Place, Kept]) -> None:
        """Take over what this process has just written, without reading it again."""
        with self._lock:
            for place, kept in written.items():
                before = self._version(place)
                if kept.versions.subnets >= before.subnets and kept.versions.clusters >= before.clusters:
                    self._kept[place] = kept

    def region(self, account_id: str, region: str) -> RegionFacts | None:
        """What is known of one account and region."""
        kept = self._kept.get((account_id, region))
        return None if kept is None else kept.facts

    def versions(self) -> Mapping[Place, Versions]:
        """The version of what is known of every account and region."""
        with self._lock:
            return {place: kept.versions for place, kept in self._kept.items()}

    def snapshot(self, places: Iterable[Place] | None = None) -> tuple[RegionFacts, ...]:
        """What is known, of these places or of all, by account and region."""
        with self._lock:
            wanted = self._kept.keys() if places is None else set(places) & self._kept.keys()
            return tuple(self._kept[place].facts for place in sorted(wanted))

    def _version(self, place: Place) -> Versions:
        kept = self._kept.get(place)
        return Versions(-1, -1) if kept is None else kept.versions
