"""How a diagnosis reads: the verdict with its confidence, what was seen, what to do, what was not checked."""

import re
from datetime import datetime

from bot.answers.diagnosis import CauseJson, StepJson, WhyAnswer
from bot.answers.model import fields
from bot.capacity.diagnosis.findings import Cause, Confidence, Diagnosis, Finding, Seen, Step
from bot.commands.why_pods import holders_words, waiting_json, waiting_part, workloads_json
from bot.evidence import Gathered
from bot.message import Bullets, Button, Controls, Coverage, Line, Message, Mono, Part, Strong, Text, Tone
from bot.scope import EVERYTHING, Scope, ScopeKind, cluster_key
from bot.views import age, blind_words, footer

_SEEN, _STEPS, _OTHERS, _MISSING, _CLUSTERS, _REMARKS = 4, 3, 2, 4, 2, 2
"""Lines shown of each part; the JSON answer has all."""

_COMMAND_CHARACTERS = 150
"""Characters of the question repeated in the footer: a pasted log is not."""

_TONES = {Confidence.HIGH: Tone.BAD, Confidence.MEDIUM: Tone.WARNING, Confidence.LOW: Tone.UNKNOWN}
_NO_CAUSE = frozenset({Cause.NOT_IP_PROBLEM, Cause.UNKNOWN})
_READ_ONLY = "Read-only: I change nothing."


def why_message(
    found: Diagnosis, gathered: Gathered, scope: Scope, asked: str, covered: Coverage, now: datetime
) -> Message:
    """The answer of `why`."""
    verdict = found.verdict
    command = f"why {asked}".strip()
    command = command if len(command) <= _COMMAND_CHARACTERS else f"why {_ref(scope, gathered)}".strip()
    as_of = gathered.evidence.read_at
    return Message(
        text=_sentence(verdict, scope),
        tone=_tone(verdict),
        verdict=_headline(verdict),
        parts=(
            *_parts(found, gathered, now),
            footer(command, as_of, now, *_small(found, gathered), blind_words(covered)),
            Controls(items=_buttons(verdict, _ref(scope, gathered))),
        ),
        command=command,
        as_of=as_of,
        coverage=covered,
        answer=fields(_json(found, now)),
    )


def _sentence(verdict: Finding, scope: Scope) -> str:
    where = "" if scope == EVERYTHING or _names(verdict.verdict, scope.words) else f"{scope.words}: "
    if verdict.cause in _NO_CAUSE:
        return f"{where}{verdict.verdict if where else _capital(verdict.verdict)}."
    return f"{where}{verdict.verdict} ({verdict.confidence.value} confidence)."


def _names(sentence: str, words: str) -> bool:
    """Whether the sentence has the words as a whole, not as a part of another name."""
    return re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", sentence) is not None


def _tone(verdict: Finding) -> Tone:
    if verdict.cause is Cause.NOT_IP_PROBLEM:
        return Tone.GOOD
    return Tone.UNKNOWN if verdict.cause is Cause.UNKNOWN else _TONES[verdict.confidence]


def _headline(verdict: Finding) -> Line:
    if verdict.cause in _NO_CAUSE:
        return (Strong(_capital(verdict.verdict)),)
    words = "Possible cause" if verdict.confidence is Confidence.LOW else "Likely cause"
    return (f"{words}: ", Strong(verdict.verdict), f" ({verdict.confidence.value} confidence)")


def _parts(found: Diagnosis, gathered: Gathered, now: datetime) -> tuple[Part, ...]:
    verdict = found.verdict
    shown = verdict.seen[:_SEEN]
    parts: list[Part] = [Bullets(title="Seen", items=tuple((_dated(seen, now),) for seen in shown))]
    parts += [waiting_part(pods, now) for pods in found.pods[:_CLUSTERS] if pods.waiting]
    steps = verdict.do_now[:_STEPS]
    if steps:
        parts.append(Bullets(title="Do now", numbered=True, items=tuple(_step(step) for step in steps)))
    lasting = verdict.lasting[:_STEPS]
    if lasting:
        items = tuple((f"{_capital(step.text)}: ", Mono(f"/eksip {step.command}")) for step in lasting)
        parts.append(Bullets(title="Lasting fix", items=items))
    lines: list[Line] = []
    if verdict.unless:
        lines.append((f"Wrong if {verdict.unless}.",))
    if found.others:
        named = "; ".join(f"{each.verdict} ({each.confidence.value})" for each in found.others[:_OTHERS])
        more = len(found.others) - _OTHERS
        lines.append((f"Also: {named}{f' and {more} more' if more > 0 else ''}.",))
    if verdict.cause in _NO_CAUSE:
        # Beside a cause the workloads that hold most are no news: `who` tells them.
        lines += [(text,) for text in holders_words(found)]
    about = _clusters(verdict, gathered)
    remarks = [remark for remark in found.remarks if not about or remark.cluster in about]
    lines += [(f"Worth knowing: {_dated(remark, now)}.",) for remark in remarks[:_REMARKS]]
    return (*parts, Text(lines=tuple(lines))) if lines else tuple(parts)


def _clusters(verdict: Finding, gathered: Gathered) -> frozenset[str]:
    """Names of the clusters that the verdict is about; empty where it is about no one in particular."""
    views = gathered.evidence.clusters
    if verdict.subnet_id:
        return frozenset(view.cluster.name for view in gathered.evidence.clusters_of(verdict.subnet_id))
    return frozenset(view.cluster.name for view in views if view.cluster.name == verdict.subject)


def _dated(seen: Seen, now: datetime) -> str:
    if seen.observed_at is None:
        return seen.text
    return f"{seen.text} ({age(seen.observed_at, now)} ago)"


def _step(step: Step) -> Line:
    return (f"{_capital(step.text)}: ", Mono(step.command)) if step.command else (_capital(step.text),)


def _small(found: Diagnosis, gathered: Gathered) -> tuple[str, ...]:
    listed = "; ".join(each.rstrip(".") for each in found.not_checked[-_MISSING:])
    more = len(found.not_checked) - _MISSING
    cut = f"; {more} more in the JSON answer" if more > 0 else ""
    missing = f"Not checked: {listed}{cut}. " if listed else ""
    return (f"{missing}{_READ_ONLY}", *gathered.notes)


def _buttons(verdict: Finding, ref: str) -> tuple[Button, ...]:
    evidence = f"subnet {verdict.subnet_id}" if verdict.subnet_id else f"who {ref}".strip()
    buttons = [Button(label="Open evidence", command=evidence)]
    if verdict.lasting:
        buttons.append(Button(label="Plan a fix", command=verdict.lasting[0].command, primary=True))
    buttons.append(Button(label="Status", command=f"status {ref}".strip()))
    return tuple(buttons)


def _ref(scope: Scope, gathered: Gathered) -> str:
    """The scope as a command names it; a cluster by its name where no other has it."""
    if scope.kind is ScopeKind.CLUSTER:
        named = [view.ref for view in gathered.evidence.clusters if cluster_key(view.cluster) == scope.value]
        return named[0] if named else str(scope)
    return "" if scope == EVERYTHING else str(scope)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _json(found: Diagnosis, now: datetime) -> WhyAnswer:
    verdict = found.verdict
    return WhyAnswer(
        verdict=_cause(verdict),
        other_causes=[_cause(each) for each in found.others],
        evidence=[_dated(seen, now) for seen in verdict.seen],
        actions=[_step_json(step) for step in verdict.do_now],
        lasting=[_step_json(step) for step in verdict.lasting],
        contradicted_by=verdict.unless or None,
        waiting_pods=waiting_json(found),
        workloads=workloads_json(found),
        remarks=[remark.text for remark in found.remarks],
        not_checked=list(found.not_checked),
    )


def _cause(found: Finding) -> CauseJson:
    return CauseJson.model_validate(
        {"cause": found.cause.value, "confidence": found.confidence.value, "subject": found.subject}
    )


def _step_json(step: Step) -> StepJson:
    return StepJson(text=step.text, command=step.command or None)
