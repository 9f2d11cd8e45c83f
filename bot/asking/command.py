"""Request and Command: what somebody asked, from wherever, and the verbs that can answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.message import Message
from bot.services import Services

POOL_OPTIONS = (
    "mode",
    "warm-eni",
    "warm-ip",
    "min-ip",
    "warm-prefix",
    "max-eni",
    "max-pods",
    "custom-networking",
    "pod-eni",
)
"""The `key=value` options of every verb that takes pool settings."""

POOL_FLAGS = ("custom-networking", "pod-eni")
"""The settings that may stand bare among the words."""


class Surface(Enum):
    """Where the words were typed."""

    SLASH = "slash"
    MENTION = "mention"
    DM = "dm"
    BUTTON = "button"
    CONSOLE = "console"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: the text as typed, and who asked where. Ids are Slack's; empty in a terminal.

    `user_name` is how people call them, `user_groups` are those of the groups of [access] they are in, `zone` their
    time zone's name.
    """

    text: str
    surface: Surface = Surface.ASK
    user_id: str = ""
    channel_id: str = ""
    channel_name: str = ""
    team_id: str = ""
    thread_ts: str | None = None
    is_guest: bool = False
    is_external: bool = False
    user_name: str = ""
    user_groups: frozenset[str] = frozenset()
    zone: str = ""

    @property
    def who(self) -> str:
        """Who asked, in plain words that ping nobody."""
        return self.user_name or self.user_id or "somebody in a terminal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request read as a command: its verb, the words after it, `key=value` options, and what was assumed.

    `share` is set by a closing `share` or `!`; `read_as` tells how a slip was understood ("Read as status."); `guessed`
    means that one unknown word was taken for the name of a scope.
    """

    verb: str
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    share: bool = False
    read_as: str = ""
    guessed: bool = False

    @property
    def target(self) -> str:
        """The words after the verb as one string."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A verb: how it is called, what it answers, and the function that answers it.

    `writes` marks verbs that change something eksip stores: they are never guessed from a typo and may be limited to
    some people. `options` are the `key=value` keys it takes, `flags` the bare words (`--word` means the same).
    `changes` says of what was asked whether it changes something, for a verb that shows as well; None where `writes`
    says it of everything.
    """

    verb: str
    summary: str
    usage: str
    example: str
    run: Callable[[Asked, Request, Services], Message]
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    writes: bool = False
    changes: Callable[[Asked], bool] | None = None
