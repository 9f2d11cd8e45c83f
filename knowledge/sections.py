"""Sections: which kind of answer a question asks for, and which headings give it."""

import re
from enum import Enum


class Asked(Enum):
    """The kind of answer a question asks for."""

    WHAT = "what"
    HOW = "how"
    WHEN = "when"
    LIMITS = "limits"
    WRONG = "wrong"
    ANY = "any"


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b", re.IGNORECASE)


_QUESTIONS: tuple[tuple[Asked, re.Pattern[str]], ...] = (
    (
        Asked.HOW,
        re.compile(
            r"^\W*(?:where (?:can|do) (?:i|we|one) (?:see|find|look)"
            r"|list|show|find|get|script|count|(?:which|what) (?:commands?|query))\b",
            re.IGNORECASE,
        ),
    ),
    (
        Asked.WRONG,
        _words(
            *(
                "errors?",
                r"fail\w*",
                "stuck",
                "pending",
                r"crash\w*",
                "wrong",
                "broken",
                "unable",
                "cannot",
                r"insufficient\w*",
            ),
            *(r"not (?:work\w*|releas\w*)", "(?:doesn|isn|can)'?t", "exceeded", r"throttl\w*", "warning", "still"),
            *(r"troubleshoot\w*", r"debug\w*", r"fix\w*", r"leak\w*"),
        ),
    ),
    (
        Asked.LIMITS,
        _words(
            *("limits?", "limitations?", "maximum", "max", "minimum", "quotas?", r"support\w*", "requirements?"),
            *("how (?:many|much|big|large)", "can (?:i|one|we|a|an|it)"),
        ),
    ),
    (
        Asked.WHEN,
        _words(
            *("when (?:to|should|do|is)", "should (?:i|we)", "worth", "choose", "which", r"compare\w*", "comparison"),
            *("vs", "versus", "difference", "better", "pros", "cons", "instead", "trade-?offs?"),
        ),
    ),
    (
        Asked.HOW,
        _words(
            *(
                "how (?:to|do|can|should|would|does|is|are)",
                r"enabl\w*",
                r"disabl\w*",
                r"turn\w* (?:on|off)",
                "activate",
            ),
            *(
                r"switch\w*",
                r"roll\w* (?:it )?(?:out|back)",
                "set(?: ?up)?",
                r"configur\w*",
                r"migrat\w*",
                r"install\w*",
            ),
            *("steps?", r"upgrad\w*", "check", "calculate", "tune"),
        ),
    ),
    (
        Asked.WHAT,
        _words("what(?:'s| is| are| does)", "explain", r"mean\w*", "define", "definition", "overview", "about"),
    ),
)
"""Read in this order: a failure is a failure even when asked as "how do I fix"."""

_HEADINGS: dict[Asked, re.Pattern[str]] = {
    Asked.WRONG: _words(
        *("wrong", r"fail\w*", "errors?", r"troubl\w*", "symptoms?", r"fix\w*", "traps?", "problems?", r"debug\w*"),
    ),
    Asked.LIMITS: _words("limits?", "limitations?", "quotas?", "requirements?", "numbers", "figures", r"cost\w*"),
    Asked.WHEN: _words(
        "when", "which", "or", r"choos\w*", r"compar\w*", "versus", r"trade\w*", "instead", "alternatives?"
    ),
    Asked.HOW: _words("how", r"set\w*", r"roll\w*", "steps?", r"enabl\w*", r"migrat\w*", r"check\w*"),
    Asked.WHAT: _words("what (?:it is|they are|is|are|counts|it does)"),
}

_COMPARES = _words("vs", "versus", "or", "than", r"compar\w*", "difference", "differs?", "instead", "between", "better")

_ANALOGY = re.compile(r"\b(?:analog(?:y|ies|ous)|metaphors?|like i'?m (?:five|5)|eli5)\b", re.IGNORECASE)


def asked(question: str) -> Asked:
    """The kind of answer a question asks for; ANY when its words do not say."""
    return next((kind for kind, pattern in _QUESTIONS if pattern.search(question)), Asked.ANY)


def compares(question: str) -> bool:
    """Whether a question sets things against each other."""
    return _COMPARES.search(question) is not None


def heading_fits(heading: str, kind: Asked) -> bool:
    """Whether a section under this heading gives that kind of answer."""
    pattern = _HEADINGS.get(kind)
    return pattern is not None and pattern.search(heading) is not None


def wants_analogy(question: str) -> bool:
    """Whether the question asks for the comparison to remember a topic by."""
    return _ANALOGY.search(question) is not None


def without_analogy(question: str) -> str:
    """The question without the words that ask for the analogy."""
    return _ANALOGY.sub(" ", question)
