"""The verdict: what a site's channel shows in the end of each episode, and what was said more than once."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CARD = "eksip_alert"
"""The metadata event type of a card."""

_MORE = re.compile(r"\+\d+ more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of the subnets that fell: those nobody heard of, those whose end nobody heard of, and what was said again.

    `doubled` are messages with the mark of another one, `split` subnets with cards of several marks.
    """

    lost: tuple[str, ...]
    unresolved: tuple[str, ...]
    doubled: tuple[str, ...]
    split: tuple[str, ...]

    @property
    def duplicates(self) -> int:
        """How many messages too many the channel shows."""
        return len(self.doubled) + len(self.split)

    @property
    def is_clean(self) -> bool:
        """Whether each episode was announced once and resolved."""
        return not (self.lost or self.unresolved or self.duplicates)


def verdict(
    messages: Iterable[Mapping[str, Any]],
    subnet_ids: Collection[str],
    counted: Mapping[str, Collection[str]] | None = None,
) -> Verdict:
    """The verdict on a channel's messages, as they stand, about these subnets.

    A card of more subnets than it lists says how many more: `counted` holds which they are, by the number of the alert
    that the card is marked with.
    """
    known = counted or {}
    marked = [(_mark(message), message) for message in messages if message.get("bot_id")]
    times = Counter(mark for mark, _ in marked)
    cards = {mark: message for mark, message in marked if mark.startswith(CARD)}
    texts = {mark: json.dumps(message) for mark, message in cards.items()}
    more = {mark: known.get(_number(cards[mark]), ()) if _MORE.search(text) else () for mark, text in texts.items()}
    about = {
        subnet_id: [mark for mark, text in texts.items() if subnet_id in text or subnet_id in more[mark]]
        for subnet_id in subnet_ids
    }
    return Verdict(
        lost=tuple(subnet_id for subnet_id, marks in about.items() if not marks),
        unresolved=tuple(
            subnet_id
            for subnet_id, marks in about.items()
            if marks and not any(_is_resolved(cards[mark]) for mark in marks)
        ),
        doubled=tuple(mark for mark, count in times.items() for _ in range(count - 1)),
        split=tuple(subnet_id for subnet_id, marks in about.items() for _ in marks[1:]),
    )


def _mark(message: Mapping[str, Any]) -> str:
    """What the bot marked the message with: no two messages have the same."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return f"{metadata.get('event_type', '')}:{json.dumps(payload, sort_keys=True)}"


def _number(message: Mapping[str, Any]) -> str:
    """The number of the alert under which the card is kept."""
    return str(message["metadata"]["event_payload"].get("alert_id", ""))


def _is_resolved(message: Mapping[str, Any]) -> bool:
    return str(message["text"]).startswith("[RESOLVED]")
