"""The parts a message is made of, and the message itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.message.charts import Chart


class Tone(Enum):
    """How an answer or a card feels: picks its emoji and its colour."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"
    MUTED = "muted"
    RESOLVED = "resolved"


class Visibility(Enum):
    """Who sees the answer in a channel."""

    EPHEMERAL = "ephemeral"
    IN_CHANNEL = "in_channel"


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that carry the answer (numbers, verdicts): bold."""

    text: str


@dataclass(frozen=True, slots=True)
class Mono:
    """An identifier, setting or command, in a fixed-width face."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A label that opens an https address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class When:
    """A moment (aware UTC), shown in the reader's time zone; `style` is "time" or "date_time"."""

    moment: datetime
    style: str = "time"


@dataclass(frozen=True, slots=True)
class Struck:
    """Words that no longer hold: struck through."""

    text: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id, shown by its name where the surface knows it."""

    channel_id: str


Inline = str | Strong | Mono | Link | When | Struck | Channel
Line = tuple[Inline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph; each line is a tuple of inline parts."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A short list; `more` says what was left out ("+3 more ok")."""

    items: tuple[Line, ...]
    title: str = ""
    numbered: bool = False
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Label and value pairs, two columns where the surface has room."""

    pairs: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns, worst first; `more` says how many rows were left out and how bad they are.

    `right` names the indexes of right-aligned (number) columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    more: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table row {row!r} has {len(row)} cells under {len(self.columns)} columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines to copy: commands, settings, a policy."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Small print: age, coverage, the command that made the answer."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the statements come from."""

    links: tuple[Link, ...]


class Press(Enum):
    """What a press of a button does with its command, where the surface has more than words."""

    RUN = "run"
    FORM = "form"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A control that runs command text, exactly as if it had been typed.

    With `press` a form filled with the command is opened, or the command's picture is sent; a surface that has neither
    runs the command.
    """

    label: str
    command: str
    url: str | None = None
    primary: bool = False
    press: Press = Press.RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A select whose options run command text: (label, command) pairs."""

    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """One row of buttons and menus."""

    items: tuple[Button | Menu, ...]


Part = Text | Bullets | Fields | Table | Code | Context | Sources | Controls


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpotNote:
    """One thing that could not be read, as answers report it."""

    account_id: str
    region: str
    api: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what should have been read was read: account-regions, and what is missing."""

    read: int
    expected: int
    blind_spots: tuple[BlindSpotNote, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything expected was read."""
        return self.read >= self.expected and not self.blind_spots


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a command has no answer; `kind` is user, query, config or defect."""

    kind: str
    message: str
    suggestions: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One answer: a sentence that stands alone, a verdict line, and parts in reading order.

    `answer` is the JSON form (documented in docs/json.md); `card` asks for a coloured frame (alerts). `charts` follow
    as pictures where the surface can show them; the answer is complete without them. `shareable` says whether others
    are served by the answer too: not by a receipt for what one person changed, which sharing would change once more.
    """

    text: str
    tone: Tone = Tone.NEUTRAL
    verdict: Line = ()
    parts: tuple[Part, ...] = ()
    command: str = ""
    as_of: datetime | None = None
    coverage: Coverage | None = None
    answer: Mapping[str, object] = field(default_factory=dict)
    failure: Failure | None = None
    visibility: Visibility = Visibility.EPHEMERAL
    card: bool = False
    revision: str = ""
    shareable: bool = True
    charts: tuple[Chart, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the command was answered."""
        return self.failure is None
