"""Loading: topic files (TOML front matter and Markdown) into topics, with every problem of every file at once."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources.abc import Traversable
from typing import Any

from knowledge.topic import Correction, Section, Source, Topic, TopicError

MAX_SUMMARY = 600
"""Characters of a summary: it is read in a chat on a phone, before any section."""

_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
_TOPIC_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NESTED_REPEAT = re.compile(r"[+*}]\)(?:[+*]|\{\d+,)|[+*]\)\?[+*]")
_UNBOUNDED = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\})")
_MAX_UNBOUNDED = 2

_REQUIRED = ("title", "aliases", "questions", "summary", "analogy", "reviewed", "sources")
_OPTIONAL = ("situations", "symptoms", "commands", "related", "corrections")
_LISTS = ("aliases", "questions", "situations", "symptoms", "commands", "related")


def topics(directory: Traversable) -> tuple[Topic, ...]:
    """The topics of a directory's *.md files, by id.

    Raises: TopicError with all problems of all files.
    """
    found: list[Topic] = []
    problems: list[str] = []
    files = sorted((entry for entry in directory.iterdir() if entry.name.endswith(".md")), key=lambda entry: entry.name)
    if not files:
        problems.append("no topic files (*.md) found")
    for file in files:
        topic, wrong = _topic(file.name.removesuffix(".md"), file.read_bytes())
        problems += [f"{file.name}: {sentence}" for sentence in wrong]
        if topic is not None:
            found.append(topic)
    problems += _problems_between(found, {file.name.removesuffix(".md") for file in files})
    if problems:
        raise TopicError(tuple(problems))
    return tuple(found)


def _topic(topic_id: str, content: bytes) -> tuple[Topic | None, list[str]]:
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        return None, [f"is not UTF-8 text (byte {exc.start})"]
    parts = _FRONT_MATTER.match(text)
    if parts is None:
        return None, ["must begin with TOML front matter between two +++ lines"]
    try:
        front = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as exc:
        return None, [f"front matter is not valid TOML: {exc}"]
    problems = _front_matter_problems(front)
    if not _TOPIC_ID.fullmatch(topic_id):
        problems.append("the file name must be lower-case words joined by hyphens")
    sections, body_problems = _sections(parts[2])
    problems += body_problems
    if problems:
        return None, problems
    return _built(topic_id, front, sections), []


def _built(topic_id: str, front: Mapping[str, Any], sections: tuple[Section, ...]) -> Topic:
    return Topic(
        topic_id=topic_id,
        title=front["title"],
        aliases=tuple(front["aliases"]),
        questions=tuple(front["questions"]),
        situations=tuple(front.get("situations", ())),
        symptoms=tuple(re.compile(pattern, re.IGNORECASE) for pattern in front.get("symptoms", ())),
        summary=front["summary"].strip(),
        analogy=front["analogy"].strip(),
        commands=tuple(front.get("commands", ())),
        reviewed=front["reviewed"],
        related=tuple(front.get("related", ())),
        sources=tuple(Source(**source) for source in front["sources"]),
        corrections=tuple(Correction(**correction) for correction in front.get("corrections", ())),
        sections=sections,
    )


def _front_matter_problems(front: Mapping[str, Any]) -> list[str]:
    problems = [f"`{name}` is missing" for name in _REQUIRED if name not in front]
    problems += _unknown_keys(front, _REQUIRED + _OPTIONAL, "")
    for name in ("title", "summary", "analogy"):
        if name in front and not _is_text(front[name]):
            problems.append(f"`{name}` must be a text that is not empty")
    for name in _LISTS:
        entries = front.get(name, [])
        if not isinstance(entries, list) or not all(_is_text(entry) for entry in entries):
            problems.append(f"`{name}` must be a list of texts, none empty")
    summary = front.get("summary")
    if isinstance(summary, str) and len(summary.strip()) > MAX_SUMMARY:
        problems.append(f"`summary` has {len(summary.strip())} characters, at most {MAX_SUMMARY} are allowed")
    reviewed = front.get("reviewed")
    if reviewed is not None and (not isinstance(reviewed, date) or isinstance(reviewed, datetime)):
        problems.append("`reviewed` must be a date such as 2026-11-23, without quotes")
    if isinstance(front.get("symptoms"), list):
        for pattern in front["symptoms"]:
            if isinstance(pattern, str):
                problems += _pattern_problems(pattern)
    if front.get("sources") == []:
        problems.append("`sources` is empty: every topic names at least one source")
    problems += _table_problems(front, "sources", ("title", "url", "says"))
    problems += _table_problems(front, "corrections", ("claim", "fact"))
    return problems


def _is_text(entry: object) -> bool:
    return isinstance(entry, str) and bool(entry.strip())


def _unknown_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> list[str]:
    problems: list[str] = []
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"unknown key `{name}`{where}" + (f", did you mean `{near[0]}`?" if near else ""))
    return problems


def _table_problems(front: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> list[str]:
    tables = front.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return [f"`{name}` must be written as [[{name}]] tables"]
    problems: list[str] = []
    for number, table in enumerate(tables, start=1):
        where = f" in {name} {number}"
        problems += [f"`{key}` is missing{where}" for key in keys if not _is_text(table.get(key))]
        problems += _unknown_keys(table, keys, where)
        url = table.get("url")
        if isinstance(url, str) and not re.fullmatch(r"https://[^\s<>|]+", url):
            problems.append(f"`url`{where} must be an https:// address, not {url!r}")
    return problems


def _pattern_problems(pattern: str) -> list[str]:
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as exc:
        return [f"symptom {pattern!r} is not a regular expression: {exc}"]
    if compiled.search(""):
        return [f"symptom {pattern!r} matches an empty text"]
    # A pattern runs on whatever people paste: nested repeats can take exponential, many open ones cubic time.
    if _NESTED_REPEAT.search(pattern) or len(_UNBOUNDED.findall(pattern)) > _MAX_UNBOUNDED:
        return [f"symptom {pattern!r} repeats without bound inside a repeat or too often: use .{{0,80}} instead of .*"]
    return []


def _sections(body: str) -> tuple[tuple[Section, ...], list[str]]:
    heading: str | None = None
    lines: list[str] = []
    sections: list[Section] = []
    problems: list[str] = []
    fenced = False

    def close() -> None:
        text = "\n".join(lines).strip()
        if heading is None:
            if text:
                problems.append("there is text before the first `## ` heading")
        elif not text:
            problems.append(f"section {heading!r} is empty")
        else:
            sections.append(Section(heading=heading, text=text))
        lines.clear()

    for line in body.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("## ") and line[3:].strip():
            close()
            heading = line[3:].strip()
            if heading in {section.heading for section in sections}:
                problems.append(f"heading {heading!r} appears twice")
        else:
            if not fenced:
                problems += _line_problems(line)
            lines.append(line)
    close()
    if fenced:
        problems.append("a ``` code block is not closed")
    if heading is None:
        problems.append("the body has no `## ` heading")
    return tuple(sections), problems


def _line_problems(line: str) -> list[str]:
    if re.match(r"#+(\s|$)", line):
        return [f"only level-2 headings with a text are allowed: {line!r}"]
    if re.match(r"\s*(?:\||\d+[.)]\s|[*+]\s|<[a-z/!])", line) or re.match(r"\s+- ", line):
        return [f"only paragraphs, `- ` lists and code blocks are allowed: {line[:60]!r}"]
    return []


def _problems_between(found: list[Topic], topic_ids: set[str]) -> list[str]:
    problems: list[str] = []
    owner: dict[str, str] = {}
    for topic in found:
        for related in topic.related:
            if related not in topic_ids:
                near = difflib.get_close_matches(related, sorted(topic_ids), n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                problems.append(f"{topic.topic_id}.md: related topic {related!r} does not exist{hint}")
            elif related == topic.topic_id:
                problems.append(f"{topic.topic_id}.md: is related to itself")
        aliases = [alias.casefold() for alias in topic.aliases]
        problems += [
            f"{topic.topic_id}.md: alias {alias!r} appears twice"
            for alias in sorted({alias for alias in aliases if aliases.count(alias) > 1})
        ]
        for name in dict.fromkeys(_folded(name) for name in topic.names):
            first = owner.setdefault(name, topic.topic_id)
            if first != topic.topic_id:
                problems.append(f"{topic.topic_id}.md: the name {name!r} already belongs to {first}.md")
    return problems


def _folded(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
