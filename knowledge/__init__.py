"""The knowledge base: topics of the field, loaded from files, searched by question or pasted error."""

from knowledge.base import Answer, KnowledgeBase, Match, Reason, load
from knowledge.blocks import (
    EXCERPT_LIMIT,
    Block,
    CodeBlock,
    ListBlock,
    Mark,
    Paragraph,
    Span,
    blocks,
    excerpt,
    spans,
)
from knowledge.topic import Correction, Section, Source, Topic, TopicError

__all__ = [
    "EXCERPT_LIMIT",
    "Answer",
    "Block",
    "CodeBlock",
    "Correction",
    "KnowledgeBase",
    "ListBlock",
    "Mark",
    "Match",
    "Paragraph",
    "Reason",
    "Section",
    "Source",
    "Span",
    "Topic",
    "TopicError",
    "blocks",
    "excerpt",
    "load",
    "spans",
]
