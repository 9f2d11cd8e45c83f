"""Written pages kept by account and region, up to a number of bytes; a change of the place drops its pages."""

from collections import OrderedDict
from collections.abc import Callable

Place = tuple[str, str]
Key = tuple[str, int, int]


class Pages:
    """The pages written last, the least used ones dropped first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[Place, Key], bytes] = OrderedDict()
        self._keys: dict[Place, set[Key]] = {}

    def get(self, place: Place, key: Key, write: Callable[[], bytes]) -> bytes:
        """The page, written now unless it is kept."""
        page = self._kept.get((place, key))
        if page is not None:
            self._kept.move_to_end((place, key))
            return page
        page = write()
        self._kept[place, key] = page
        self._keys.setdefault(place, set()).add(key)
        self._bytes += len(page)
        while self._bytes > self._most_bytes:
            (other, other_key), dropped = self._kept.popitem(last=False)
            self._keys[other].discard(other_key)
            self._bytes -= len(dropped)
        return page

    def drop(self, account_id: str, region: str) -> None:
        """Forget the pages of an account and region."""
        place = (account_id, region)
        for key in self._keys.pop(place, ()):
            self._bytes -= len(self._kept.pop((place, key)))
