"""Lint: what a topic's author should mend, beyond what loading refuses: length, collisions, loose ends."""

import re
from collections.abc import Iterator
from datetime import date

from knowledge.base import KnowledgeBase
from knowledge.blocks import EXCERPT_LIMIT, excerpt
from knowledge.topic import Topic

_META = re.compile(r"[\\^$.|?*+()\[\]{}]")


def problems(base: KnowledgeBase) -> tuple[str, ...]:
    """Every problem of the topics, one sentence each, by topic."""
    found: list[str] = []
    for topic in base.topics:
        found += [f"{topic.topic_id}: {sentence}" for sentence in (*_too_long(topic), *_loose(topic, base))]
    return (*found, *_collisions(base))


def overdue(base: KnowledgeBase, today: date) -> tuple[str, ...]:
    """The topics to compare with their sources again, oldest first; answers from them say so."""
    old = sorted((topic for topic in base.topics if topic.is_overdue(today)), key=lambda topic: topic.reviewed)
    return tuple(f"{topic.topic_id}: last reviewed {topic.reviewed}" for topic in old)


def _too_long(topic: Topic) -> Iterator[str]:
    """Sections of which an answer could show only a part."""
    for section in topic.sections:
        shown = excerpt(topic, section, limit=10 * EXCERPT_LIMIT)
        if len(shown) > EXCERPT_LIMIT:
            yield (
                f"the section '{section.heading}' with the summary has {len(shown):,} characters; "
                f"an answer shows {EXCERPT_LIMIT:,}: shorten or split it"
            )


def _loose(topic: Topic, base: KnowledgeBase) -> Iterator[str]:
    if not topic.related and not any(topic.topic_id in other.related for other in base.topics):
        yield "nothing is related to it: name its neighbours"
    if topic.topic_id in topic.related:
        yield "is related to itself"


def _collisions(base: KnowledgeBase) -> Iterator[str]:
    """Plain error strings of one topic that a pattern of another one claims as well."""
    for topic in base.topics:
        for pattern in topic.symptoms:
            text = _literal(pattern.pattern)
            if text is None:
                continue
            for other in base.topics:
                if other is not topic and any(claim.search(text) for claim in other.symptoms):
                    yield f"{topic.topic_id}: its symptom '{text}' is claimed by {other.topic_id} too"


def _literal(pattern: str) -> str | None:
    """The text a pattern stands for when it holds no operator (escaped characters are text), else None."""
    unescaped = re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern)
    bare = re.sub(r"\\[^A-Za-z0-9]", "", pattern)
    return None if _META.search(bare) else unescaped
