"""Topic: one concept of the field, with its sections, sources and corrections, as read from its file."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

REVIEW_PERIOD = timedelta(days=365)
"""After a year a topic is compared with its sources again: EKS has three to four releases in that time.

Source: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
"""


class TopicError(Exception):
    """Topic files that cannot be used; `problems` names every one of them with its file."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A public page that bears a topic out, and what it says."""

    title: str
    url: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A claim often met that is outdated or wrong, and the fact."""

    claim: str
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One level-2 heading of a topic and its Markdown text, which stands on its own."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One concept: what people call it, ask about it and see of it, and the sections that answer.

    `questions` are asked in the words of the field; `situations` by people who do not know the concept's name: what
    they see, fear or want, in the words of their own trade.
    """

    topic_id: str
    title: str
    aliases: tuple[str, ...]
    questions: tuple[str, ...]
    situations: tuple[str, ...] = ()
    symptoms: tuple[re.Pattern[str], ...] = ()
    summary: str
    analogy: str
    commands: tuple[str, ...] = ()
    reviewed: date
    related: tuple[str, ...] = ()
    sources: tuple[Source, ...]
    corrections: tuple[Correction, ...] = ()
    sections: tuple[Section, ...]

    def is_overdue(self, today: date) -> bool:
        """Whether the topic was last compared with its sources longer ago than the review period."""
        return today - self.reviewed > REVIEW_PERIOD

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the topic is called: its id, title and aliases."""
        return tuple(dict.fromkeys((self.topic_id, self.title, *self.aliases)))
