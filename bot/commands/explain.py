"""`explain TEXT`: a concept, a setting or a pasted error, from the built-in knowledge base. Needs no AWS."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from bot.answers.guide import ExplainAnswer, SourceJson
from bot.answers.model import fields
from bot.asking.command import Asked, Request, Surface
from bot.errors import UserError
from bot.here import here
from bot.message import (
    Bullets,
    Button,
    Code,
    Context,
    Controls,
    Inline,
    Line,
    Link,
    Message,
    Mono,
    Part,
    Sources,
    Strong,
    Text,
    Tone,
)
from bot.services import Services

if TYPE_CHECKING:
    from knowledge import Answer, KnowledgeBase, Topic

_RELATED_BUTTONS = 3

_TERMINAL_LIMIT = 2_000
"""Characters of an explanation in a terminal, some thirty lines; a chat shows fewer (`EXCERPT_LIMIT`)."""

_TERMINALS = (Surface.ASK, Surface.CONSOLE)

_QUESTION_CHARACTERS = 150
"""Characters of the question repeated in the footer: a pasted log is not."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The topic that fits the words, its best section, sources and related topics; or that none fits."""
    if not asked.words:
        raise UserError(
            "Say what to explain: a concept, a setting or a pasted error, for example `explain prefix delegation`.",
            ["explain prefix delegation", "explain warm ip", "explain address exhaustion"],
        )
    from knowledge import EXCERPT_LIMIT

    base = services.knowledge()
    found = base.answer(asked.target, _TERMINAL_LIMIT if request.surface in _TERMINALS else EXCERPT_LIMIT)
    if found is None:
        return replace(_declined(asked.target, base), command=_command(asked.target, ""), shareable=False)
    local = here(found.match.topic.topic_id, asked.target, services)
    return replace(
        _explained(found, local, services.now().date()), command=_command(asked.target, found.match.topic.topic_id)
    )


def _command(question: str, topic_id: str) -> str:
    """What asks the same again: the question, or the topic in place of a long one."""
    return f"explain {question if len(question) <= _QUESTION_CHARACTERS else topic_id}".strip()


def _explained(found: "Answer", local: Line, today: date) -> Message:
    topic = found.match.topic
    text = found.text
    related = tuple(dict.fromkeys((*(other.topic_id for other in found.drawn_from), *topic.related)))
    buttons = [Button(label=_label(name), command=f"explain {name}") for name in related[:_RELATED_BUTTONS]]
    if not found.wants_analogy:
        buttons.append(Button(label="Analogy", command=f"explain {topic.topic_id} analogy"))
    others = [source for other in found.drawn_from for source in other.sources[:1]]
    shown = (*topic.sources[: 3 - len(others)], *others)
    return Message(
        text=_first_sentence(topic),
        tone=Tone.NEUTRAL,
        verdict=(Strong(topic.title),),
        parts=(
            *_parts(text),
            *((Text(lines=(local,)),) if local else ()),
            Sources(links=tuple(Link(source.title, source.url) for source in shown)),
            Context(lines=((_reviewed(topic, today), *_commands(topic)),)),
            Controls(items=tuple(buttons)),
        ),
        answer=fields(
            ExplainAnswer(
                matched=True,
                topic=topic.topic_id,
                title=topic.title,
                text=text,
                score=found.match.score,
                sources=[
                    SourceJson(title=source.title, url=source.url, reviewed=str(told.reviewed))
                    for told in (topic, *found.drawn_from)
                    for source in told.sources
                ],
                related=list(related),
            )
        ),
    )


def _reviewed(topic: "Topic", today: date) -> str:
    if topic.is_overdue(today):
        return f"Last reviewed {topic.reviewed}, more than a year ago: check the sources · from the built-in guide · "
    return f"Reviewed {topic.reviewed} · from the built-in guide · "


def _declined(question: str, base: "KnowledgeBase") -> Message:
    near = base.nearest(question)
    names = ", ".join(topic.title for topic in near)
    hint = f" Nearest topics: {names}." if near else " I know VPC CNI, subnets, prefixes, warm pools and max-pods."
    text = f"I have no topic that answers that: I only explain EKS networking and IP capacity.{hint}"
    offered = near or tuple(t for t in map(base.topic, ("vpc-cni", "address-exhaustion", "max-pods")) if t)
    return Message(
        text=text,
        tone=Tone.UNKNOWN,
        verdict=(text,),
        parts=(
            Controls(items=tuple(Button(label=_label(t.topic_id), command=f"explain {t.topic_id}") for t in offered)),
        ),
        answer=fields(
            ExplainAnswer(
                matched=False,
                topic=None,
                title=None,
                text=text,
                score=None,
                sources=[],
                related=[topic.topic_id for topic in near],
            )
        ),
    )


def _parts(text: str) -> tuple[Part, ...]:
    """The excerpt's Markdown as message parts."""
    from knowledge import CodeBlock, ListBlock, blocks

    parts: list[Part] = []
    for block in blocks(text):
        if isinstance(block, CodeBlock):
            parts.append(Code(text=block.text))
        elif isinstance(block, ListBlock):
            parts.append(Bullets(items=tuple(_line(item) for item in block.items)))
        else:
            parts.append(Text(lines=(_line(block.text),)))
    return tuple(parts)


def _line(text: str) -> Line:
    from knowledge import Mark, spans

    line: list[Inline] = []
    for span in spans(text):
        if span.mark is Mark.BOLD:
            line.append(Strong(span.text))
        elif span.mark is Mark.CODE:
            line.append(Mono(span.text))
        elif span.mark is Mark.LINK:
            line.append(Link(span.text, span.url))
        else:
            line.append(span.text)
    return tuple(line)


def _commands(topic: "Topic") -> tuple[Inline, ...]:
    line: list[Inline] = []
    for command in topic.commands[:2]:
        line += [Mono(f"eksip {command}"), " "]
    return tuple(line)


def _first_sentence(topic: "Topic") -> str:
    plain = topic.summary.replace("`", "").replace("*", "")
    sentence = plain.split(". ")[0].rstrip(".")
    return f"{topic.title}: {sentence}."


def _label(topic_id: str) -> str:
    return topic_id.replace("-", " ").capitalize()
