"""Plain questions that a command answers with live figures: "how many pods fit on m5.large" is `maxpods m5.large`.

Each route is a pattern and the command it stands for. A question that fits none goes to `explain`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

INSTANCE_TYPE = r"[a-z][a-z0-9-]*\.(?:\d*(?:nano|micro|small|medium|large|xlarge)|metal(?:-\w+)?)"
_IPS = r"(?:ips?|ip addresses|addresses)"
_NO_NAMES = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "your",
        "its",
        "it",
        "them",
        "there",
        "here",
        "in",
        "on",
        "of",
        "for",
        "to",
        "at",
        "each",
        "every",
        "all",
        "any",
        "total",
        "general",
        "use",
        "fact",
        "time",
        "aws",
        "eks",
        "kubernetes",
        "cluster",
        "clusters",
        "vpc",
        "vpcs",
        "subnet",
        "subnets",
        "account",
        "accounts",
        "region",
        "regions",
        "az",
        "azs",
        "zone",
        "zones",
        "node",
        "nodes",
        "pod",
        "pods",
        "production",
        "ips",
        "addresses",
    ]
)
_PLACE = re.compile(
    r"\b(?:in|of|on|to|for)\s+(?:(?:the|our|my)\s+)?(?:(?:cluster|vpc|subnet|account|region)\s+)?([\w.-]+\w)",
    re.IGNORECASE,
)
_TYPED_SCOPE = re.compile(
    r"^(?:(?:account|region|vpc|cluster|subnet|az):\S+|subnet-[0-9a-f]+|vpc-[0-9a-f]+|\d+\.\d+\.\d+\.\d+/\d+)$", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A kind of question: its pattern, the command, and whether it makes sense without a scope."""

    verb: str
    pattern: re.Pattern[str]
    needs_scope: bool = False

    def command(self, found: re.Match[str], scope: str) -> str:
        """The command text: the verb, what the pattern caught, and the scope."""
        groups = {name: caught for name, caught in found.groupdict().items() if caught}
        count = f"+{groups.pop('count')}" if "count" in groups else ""
        typed = [groups.pop(name, "") for name in ("type", "there", "added") if self.verb != "size"]
        options = [f"{name}={caught}" for name, caught in groups.items()]
        parts = (self.verb, count, *typed, *options, "" if self.verb in _WITHOUT_SCOPE else scope)
        return " ".join(part for part in parts if part)


def _route(verb: str, pattern: str, *, needs_scope: bool = False) -> Route:
    return Route(verb=verb, pattern=re.compile(pattern, re.IGNORECASE), needs_scope=needs_scope)


_WITHOUT_SCOPE = frozenset(["maxpods", "size", "simulate", "cidr"])
"""Verbs that compute from what is said alone."""

_CIDR = r"\d+\.\d+\.\d+\.\d+/\d+"

ROUTES = (
    _route("size", rf"\b(?:subnet size|how (?:big|large)\b.*?\bsubnets?|which (?:subnet|mask))\b.*?\b(?P<nodes>\d{{1,6}})"
                   rf"(?: nodes?(?: of)?| x| ×)? (?P<type>{INSTANCE_TYPE})\b(?:.*?\b(?P<pods>\d{{1,4}}) pods)?"),
    _route("cidr", rf"\b(?:can|may|could) (?:i|we|one) (?:add|attach|associate|use)\b.*?(?P<added>{_CIDR})"
                   rf"\s+(?:to|in|into|with|beside|next to)\b.*?(?P<there>{_CIDR})"),
    _route("simulate", rf"\bhow many {_IPS} (?:would|will|does|do)\b.*?(?P<type>{INSTANCE_TYPE})\b.*?\b(?P<pods>\d{{1,4}}) pods"
                       r"(?:.*?\b(?P<mode>prefix|secondary)(?: mode)?\b)?"),
    _route("plan", rf"\b(?:will|would|can|do|does|could|is there room for|room for|fit|add)\b.*?\b(?P<count>\d{{1,6}})\b"
                   rf"(?: more| extra| new| additional)?(?: nodes?(?: of)?| x| ×)? (?P<type>{INSTANCE_TYPE})\b"),
    _route("plan", rf"\bhow many(?: more| extra| new)? (?:nodes? of )?(?P<type>{INSTANCE_TYPE})(?: nodes?)?\b.*\b(?:fit|room|add)"),
    _route("plan", r"\b(?:will|can|do|does)\b.*?\b(?P<count>\d{1,6}) (?:more|extra|new|additional) nodes?\b.*\bfit\b", needs_scope=True),
    _route("plan", r"\bhow many (?:more|extra|new) nodes? (?:can |will |would )?(?:fit|i add|we add)", needs_scope=True),
    _route("maxpods", rf"\b(?:how many pods|max[- ]?pods|pod (?:limit|density|capacity)|pods per node)\b.*\b(?P<type>{INSTANCE_TYPE})\b"),
    _route("maxpods", rf"\b(?P<type>{INSTANCE_TYPE})\b.*\b(?:how many pods|max[- ]?pods|pod limit)\b"),
    _route("maxpods", rf"\bpods (?:per|on|for) (?:an? )?(?P<type>{INSTANCE_TYPE})\b"),
    _route("forecast", rf"\b(?:when|how soon|how long (?:until|till|before))\b.*?\bruns?(?:ning)? out\b(?! of (?!{_IPS}))", needs_scope=True),
    _route("forecast", r"\b(?:when|how soon) (?:will|is|are)\b.*?\b(?:full|exhausted|empty)\b", needs_scope=True),
    _route("trend", r"\b(?:trend|history|graph|chart) (?:of|for|in)\b", needs_scope=True),
    _route("who", rf"\bwho(?:'s| is| are)? (?:is )?(?:holding|holds?|using|uses?|eating|eats?|taking|takes?|has)\b.*\b{_IPS}\b"),
    _route("status", rf"\bhow many (?:free |available )?{_IPS}(?: are| do (?:i|we) have)?(?: still)? (?:left|free|available|remaining)\b"),
    _route("who", rf"\bwhat(?:'s| is) (?:holding|using|eating|taking)\b.*\b{_IPS}\b.*\b(?:in|of)\b", needs_scope=True),
    _route("status", rf"\bhow many (?:free|available) {_IPS}\b(?!.*\b(?:needs?|required?|costs?)\b)"),
    _route("status", rf"\b(?:how full (?:is|are)|(?:are we |is it )?running (?:out of|low on) {_IPS}|^free {_IPS})\b", needs_scope=True),
    _route("who", rf"\bwhy (?:is|are)\b.*\b(?:full|out of {_IPS}|exhausted|empty)\b", needs_scope=True),
    _route("why", r"^(?!why\b).*\b(?:pods?|nodes?)\b.*\b(?:pending|stuck|ContainerCreating)\b", needs_scope=True),
    _route("status", r"\bwhich subnets? (?:is|are) (?:low|full|running (?:low|out)|out of|nearly full)"),
    _route("upgrade", r"\b(?:will|does|can) (?:the|our|my|an?) upgrade\b.*\b(?:fit|work|go through)\b", needs_scope=True),
    _route("upgrade", r"\b(?:can|could|may) (?:we|i) upgrade\b(?!.*\b(?:cni|plugin|add-?ons?|aws-node)\b)", needs_scope=True),
    _route("prefix", r"\bis\b.*\bready for prefix(?:es| mode| delegation)\b", needs_scope=True),
    _route("prefix", r"\b(?:is|are|can|could|should)\b.*\bprefix (?:mode|delegation)\b.*\b(?:safe|ready|on|in|for)\b", needs_scope=True),
)  # fmt: skip
"""Questions in the order they are tried."""


def command_for(text: str, verbs: Iterable[str], names: Callable[[], Iterable[str]]) -> str | None:
    """The command that answers the question with live figures, or None when it is one for `explain`.

    `names` gives the scope names that are known; it is asked only when a route fits. A route whose scope is needed and
    not named is left to `explain`, which then answers in general.
    Example: `command_for("how many pods fit on m5.4xlarge?", …)` is "maxpods m5.4xlarge".
    """
    known = set(verbs)
    for route in ROUTES:
        found = route.pattern.search(text)
        if found is None or route.verb not in known:
            continue
        scope = "" if route.verb == "maxpods" else _scope_in(text, names)
        if scope or not route.needs_scope:
            return route.command(found, scope)
    return None


def asks_here(text: str, names: Callable[[], Iterable[str]]) -> bool:
    """Whether a text that begins with "why" asks about this estate now, and not how things work in general.

    It does when it stops there, names one thing, or tells of something broken: "why are pods pending". "Why do pods
    hang" without a scope is a general question.
    """
    from bot.capacity.diagnosis.question import read_question  # here: no other question needs it

    words = [word.strip("\"'?.,!()") for word in text.split()][1:]
    if len(words) <= 1 or any(_TYPED_SCOPE.match(word) for word in words):
        return True
    # Names that look like plain words are told from them by what stands before: "in payments".
    likely = {word.lower() for word in words if re.search(r"[-._\d]", word)}
    likely |= {found.group(1).lower() for found in _PLACE.finditer(text)} | {words[0].lower()} - _IN_GENERAL
    likely = {word for word in likely if _is_name(word)}
    if likely and any(name.lower() in likely for name in names()):
        return True
    question = read_question(text)
    return words[0].lower() not in _IN_GENERAL and bool(question.symptoms or question.names_something)


_IN_GENERAL = frozenset({"do", "does", "did", "would", "should"})


def _scope_in(text: str, names: Callable[[], Iterable[str]]) -> str:
    """The scope the text names: a typed one or an id, a known name, else the word after "in", "of", "on" or "to".

    That last word is passed on although nobody knows it yet: the command then says that it knows no such scope,
    instead of answering about everything.
    """
    words = [word.strip("\"'?.,!()") for word in text.split()]
    typed = next((word for word in words if _TYPED_SCOPE.match(word)), "")
    if typed:
        return typed
    wanted = {word.lower() for word in words if _is_name(word)}
    # Of 80,000 names only the few that stand in the text are kept.
    known = {small: name for name in names() if (small := name.lower()) in wanted} if wanted else {}
    named = next((known[word.lower()] for word in words if word.lower() in known), "")
    if named:
        return named
    return next((found.group(1) for found in _PLACE.finditer(text) if _is_name(found.group(1))), "")


def _is_name(word: str) -> bool:
    return word.lower() not in _NO_NAMES and not re.fullmatch(INSTANCE_TYPE, word, re.IGNORECASE)
