"""Services as somebody may use them where they ask: the same parts, with everything hidden that is not for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.alerts.alert import Alert
from bot.alerts.silences import Silence
from bot.asking.command import Request, Surface
from bot.asking.sight import Sight, seen_scopes, sight
from bot.errors import UserError
from bot.facts import Facts
from bot.inventory import Inventory
from bot.services import Services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.aws.reader import Reader
    from bot.inventory import Subnet, SubnetContents
    from bot.store import Store

_LOCAL = frozenset({Surface.ASK, Surface.CONSOLE})


def seen(request: Request, services: Services) -> Services:
    """The services for a request: whole where everything may be seen, else with facts, reader and store that hide.

    A terminal sees everything, unless it asks as a channel or a person.
    """
    if request.surface in _LOCAL and not (request.channel_id or request.user_id):
        return services
    words = seen_scopes(services.settings.access, request.channel_id, request.user_id)
    if words is None:
        return services
    see = _Seeing(words)
    facts = _SeenFacts(services.facts, see)
    look = lambda: see.of(services.facts().known())  # noqa: E731 (asked at the moment of use: facts are read lazily)

    def part(store: "Store | None") -> "Store | None":
        return None if store is None else _seen_store(store, look, request.channel_id)

    return replace(
        services,
        facts=lambda: facts,
        reader=lambda: _seen_reader(services.reader(), look),
        store=lambda: _seen_store(services.store(), look, request.channel_id),
        stored=lambda: part(services.stored()),
        history=lambda: part(services.history()),
        sight=look,
    )


class _Seeing:
    """What may be seen of the newest inventory; kept while that is the same, since one answer asks many times."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self.is_blind = not words
        self._last: Sight | None = None

    def of(self, whole: Inventory | None) -> Sight:
        known = whole or Inventory(accounts=(), regions=(), expected_regions=0)
        last = self._last
        if last is None or last.whole != known:
            last = self._last = sight(self._words, known)
        return last


class _SeenFacts(Facts):
    """The process's facts, of which only a part is shown."""

    def __init__(self, facts: Callable[[], Facts], see: _Seeing) -> None:
        self._facts = facts
        self._see = see

    @property
    def is_fed(self) -> bool:
        """Whether somebody reads in the background."""
        return self._facts().is_fed

    def put(self, inventory: Inventory) -> None:
        """Facts are put where they are whole."""
        raise NotImplementedError("a part of the facts cannot become the facts")

    def known(self) -> Inventory | None:
        """What may be seen of what is known without asking AWS."""
        known = self._facts().known()
        return None if known is None else self._see.of(known).inventory

    def inventory(self) -> Inventory:
        """What may be seen of the newest inventory.

        Raises: UserError where that is nothing, whatever there is: no answer should look like an empty estate.
        """
        if self._see.is_blind:
            raise UserError("No account or cluster may be seen here ([access] channels_may in eksip.toml).", ["help"])
        return self._see.of(self._facts().inventory()).inventory

    def refresh(self, since: datetime | None = None) -> Inventory:
        """Read everything and show the part."""
        return self._see.of(self._facts().refresh(since)).inventory


def _seen_reader(whole: "Reader", look: Callable[[], Sight]) -> "Reader":
    from bot.aws.reader import Reader

    class SeenReader(Reader):
        """The process's reader with its caches; what belongs to hidden clusters in a shared subnet has no name."""

        def __init__(self) -> None:
            self.__dict__.update(whole.__dict__)

        def contents(self, subnets: "Sequence[Subnet]") -> "SubnetContents":
            """The contents as they may be seen."""
            return look().contents(super().contents(subnets))

    return SeenReader()


def _seen_store(whole: "Store", look: Callable[[], Sight], channel_id: str) -> "Store":
    from bot.store import AlertEvent, Store, Watch

    class SeenStore(Store):
        """The same database; alerts, silences and watches of what is hidden are as if they were not there."""

        def _alerts(self, query: Any) -> tuple[Alert, ...]:
            seen_here = look()
            return tuple(found for alert in super()._alerts(query) if (found := seen_here.alert(alert)) is not None)

        def recent_alerts(self, limit: int = 20) -> tuple[Alert, ...]:
            """The alerts that may be seen and fired last: the limit counts these alone."""
            return super().recent_alerts(_ALL_RECENT)[:limit]

        def why_not_heard(self, alert_id: int) -> tuple[AlertEvent, ...]:
            """What is known of an alert here: other channels are not named."""
            return tuple(e for e in super().why_not_heard(alert_id) if e.channel in ("", channel_id))

        def _silences(self, query: Any) -> tuple[Silence, ...]:
            return tuple(silence for silence in super()._silences(query) if self._may_see(silence))

        def watches(self, channel: str | None = None) -> tuple[Watch, ...]:
            """The watches of this channel alone, of scopes that may be named here."""
            if channel not in (None, channel_id):
                return ()
            return tuple(watch for watch in super().watches(channel_id) if look().may_name_text(watch.scope))

        def _may_see(self, silence: Silence) -> bool:
            if silence.scope is not None:
                return look().may_name(silence.scope)
            return bool(self.alerts(silence.alert_ids))

    return SeenStore(whole.engine)


_ALL_RECENT = 1000
"""Alerts looked through for those that may be seen."""
