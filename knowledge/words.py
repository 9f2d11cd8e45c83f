"""Words: how text of the field is split, stemmed and forgiven before it is compared.

Settings, AWS error codes and metric names are compounds (WARM_IP_TARGET, InsufficientCidrBlocks, warm-ip): each
yields its parts and, joined, itself, so that any spelling of a compound meets any other.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import Stemmer

MAX_TEXT = 20_000
"""Characters of a question that are read: half from its start, half from its end (a paste of logs can be longer)."""

_KEPT_TEXT = 1_500
"""Characters; a section of a topic is at most as long, longer texts are pastes that hardly come twice."""

_MAX_WORD = 64
"""Characters; longer runs are tokens, hashes or base64, never vocabulary."""

INSTANCE_TYPE = "instance-type"
"""The one word every EC2 instance type becomes: topics explain by example types, questions name others."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_INSTANCE_SIZE = r"\.(?:nano|micro|small|medium|metal(?:-\d+xl)?|\d*x?large)"
_INSTANCE_TYPE = re.compile(rf"[a-z][a-z0-9]{{1,11}}(?:-[a-z0-9]+)?{_INSTANCE_SIZE}")
_TOKEN = re.compile(
    r"\d+(?:\.\d+){2,3}(?:/\d+)?"  # an address, a CIDR block or a version
    r"|/\d{1,3}\b"  # a mask by itself
    rf"|[A-Za-z][A-Za-z0-9]{{1,11}}(?:-[a-z0-9]+)?{_INSTANCE_SIZE}\b"
    r"|[A-Za-z0-9]+(?:(?:[_\-.:/]|')[A-Za-z0-9]+)*"
)
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_APOSTROPHE = re.compile(r"'(?:s|re|m|ll|d|ve)\b", re.IGNORECASE)

_STOP_WORDS = """
    a about above actually after again all also am an and another any are as at away be became because
    been before being both but by came can cannot come could did do does doing done don dont doesn
    doesnt didn didnt isn isnt down during each eksip either else etc even ever every explain few for
    from further get gets getting give given gives go goes going got had happen happens has have having
    he hello help her here hey hi him his how however i if in into is it its itself just keep keeps know
    let like likely look make makes many may me mean means might mine more most much must my myself need
    needs no nor not now of off often ok on once one only onto or other our ours out over own per please
    put quite rather re really said same say see seem seems shall she should since so some someone
    something still such sure take takes tell than that the their them then there these they thing
    things this those though through thus to too try trying under until up upon us use used uses using
    very via want wants was way we well were what whats when where whether which while who whom whose
    why will with within without won wont would yes yet you your yours
    advance anyone anybody appreciate appreciated asap asking bother buddy cheers dear folks friend guys hiya howdy
    idea ideas kindly maybe morning afternoon evening please pls plz ppl prod quick question sorry team thank thanks
    thx tia urgent wondering wtf
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that carry no subject, in English; what they ask for (how, when, limits) is read apart, in `sections`."""

_SAME = {
    "k8s": ("kubernetes",),
    "addr": ("address",),
    "addrs": ("addresses",),
    "nic": ("eni",),
    "nics": ("enis",),
    "az": ("availability", "zone"),
    "azs": ("availability", "zone"),
    "sg": ("security", "group"),
    "sgs": ("security", "group"),
    "v4": ("ipv4",),
    "v6": ("ipv6",),
    "pd": ("prefix", "delegation"),
    "cgnat": ("cg", "nat"),
    "nlb": ("nlb", "load", "balancer"),
    "alb": ("alb", "load", "balancer"),
    "ec2subnet": ("subnet",),
}
"""Short forms people type, and the words the topics use."""


def cleaned(text: str) -> str:
    """The text with control characters as spaces, one form of every quote and dash, and at most MAX_TEXT characters."""
    if len(text) > MAX_TEXT:
        half = MAX_TEXT // 2
        text = f"{text[:half]}\n{text[-half:]}"
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return "".join(char if char == "\n" or char.isprintable() else " " for char in plain)


_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"})


_NOISE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*"  # timestamps
    r"|\b\d\d:\d\d:\d\d(?:\.\d+)?\b"
    r"|\b[EWIF]\d{4}\b(?=\s+\d\d:)"  # klog's level and date
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"  # request ids
    r"|\b(?:eni|subnet|vpc|sg|i|rtb|nat|vpce|tgw|ami|lt|acl)-(?=[0-9a-f]*\d)[0-9a-f]{3,17}\b"  # resource ids
    r"|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{9,64}\b"  # container ids, hashes
    r"|\bip-\d+-\d+-\d+-\d+\S*"  # host names
    r"|\b[\w/.-]+\.go:\d+\b"  # source lines
    r'|"(?:level|ts|time|caller|msg|logger|controller|error|stacktrace|error_code)"\s*:'
    r"|\bx\d+ over \d+\w+\b|\b\d+[smhd](?:\d+[smhd])*\b(?=\s|$)",
)
"""What every log line carries and no question is about: times, ids, host names, source lines, JSON keys."""


_LINE_START = re.compile(
    r"^\s*(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S+ [\w-]+(?:\[\d+\])?: "  # syslog
    r"|[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\] "  # klog
    r"|\d{4}-\d\d-\d\dT\S+ std(?:out|err) [FP] )",  # container log files
    re.MULTILINE,
)
"""How a logger starts its lines: when, where, which program."""


def without_noise(text: str) -> str:
    """A cleaned text without the timestamps, ids and host names of pasted logs; what is short was typed and stays."""
    plain = _LINE_START.sub("", text)
    return _NOISE.sub(" ", plain) if len(plain) >= _PASTE else plain


_PASTE = 60
"""Characters; shorter texts are typed, and what looks like an id in them is meant."""


def words(text: str) -> Iterator[str]:
    """The words of a cleaned text in order, lower case, unstemmed: compounds as their parts."""
    for token in _tokens(text):
        yield from _parts(token)


def stems(text: str) -> list[str]:
    """The stems of a text in order without stop words: a compound gives its parts and then itself, joined."""
    return list(_stems_of_text(text)) if len(text) <= _KEPT_TEXT else list(_stems_of_text.__wrapped__(text))


@lru_cache(maxsize=8_000)
def _stems_of_text(text: str) -> tuple[str, ...]:
    """The stems of a text; kept, since the index reads what a topic says for several ends."""
    return tuple(term for token in _tokens(text) for term in _stems_of(token))


@lru_cache(maxsize=20_000)
def _stems_of(token: str) -> tuple[str, ...]:
    """The stems of one token; kept, since the same few thousand make up all topics and most questions."""
    parts = _parts(token)
    kept = [stem(part) for part in parts if part not in STOP_WORDS]
    if len(parts) > 1 and kept:
        kept.append(stem("".join(parts)))
    return tuple(kept)


def key(text: str) -> tuple[str, ...]:
    """The stems by which two names are the same name: order kept, joined compounds left out."""
    return tuple(stem(word) for word in words(text) if word not in STOP_WORDS)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The Snowball English stem of one lower-case word; words with digits stay whole."""
    if not word.isalpha():
        return word
    return str(_stemmer().stemWord(word))


def one_slip_apart(word: str, other: str, slips: int = 1) -> bool:
    """Whether at most `slips` letters are wrong, missing, extra or swapped between two words.

    Source: optimal string alignment distance (https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance).
    """
    if abs(len(word) - len(other)) > slips:
        return False
    earlier: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(word, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != wanted))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and word[row - 2] == wanted
            if swapped:
                cost = min(cost, earlier[column - 2] + 1)
            current.append(cost)
        if min(current) > slips:
            return False
        earlier, above = above, current
    return above[-1] <= slips


def nearest_word(word: str, vocabulary: Iterable[str]) -> str | None:
    """The vocabulary word a misspelt word of 5 letters or more most likely means, or None.

    Two slips are forgiven from 9 letters on; the first letter must be right, which people seldom miss.
    """
    if len(word) < 5 or not word.isalpha():
        return None
    near = [known for known in vocabulary if known[0] == word[0] and one_slip_apart(word, known)]
    if not near and len(word) >= 9:
        near = [known for known in vocabulary if known[0] == word[0] and one_slip_apart(word, known, 2)]
    return min(near, key=lambda known: (abs(len(known) - len(word)), known), default=None)


def _tokens(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(_APOSTROPHE.sub("", text)) if len(token) <= _MAX_WORD]


@lru_cache(maxsize=20_000)
def _parts(token: str) -> tuple[str, ...]:
    if token[0].isdigit() or token[0] == "/":
        return (token.lower(),)
    if _INSTANCE_TYPE.fullmatch(token.lower()):
        return (INSTANCE_TYPE,)
    parts: list[str] = []
    for piece in _SEPARATORS.split(token):
        for part in _CAMEL.split(piece):
            parts += _SAME.get(part.lower(), (part.lower(),))
    return tuple(parts)


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")
