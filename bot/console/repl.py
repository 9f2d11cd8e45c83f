"""The chat in the terminal: history, completion, the same commands as in Slack."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from bot.asking.command import Command, Request, Surface
from bot.console.output import terminal
from bot.console.render import show
from bot.message import Message

LEAVE = frozenset({"exit", "quit", "q", ":q"})
"""Words that end the chat."""


class CommandCompleter(Completer):
    """Verbs for the first word, names of scopes for the next ones."""

    def __init__(self, commands: Iterable[Command], names: Callable[[], Iterable[str]]) -> None:
        self._verbs = tuple(command.verb for command in commands)
        self._names = names

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002
    ) -> Iterator[Completion]:
        """The words that continue what is typed before the cursor."""
        before = document.text_before_cursor
        word = document.get_word_before_cursor(WORD=True)
        words = self._verbs if " " not in before.lstrip() else tuple(self._names())
        for choice in words:
            if choice.lower().startswith(word.lower()):
                yield Completion(choice, start_position=-len(word))


def chat(
    answer: Callable[[Request], Message],
    commands: Iterable[Command],
    names: Callable[[], Iterable[str]],
    history_file: str | None,
) -> None:
    """Read commands until `exit` or Ctrl-D; Ctrl-C drops the line that is being typed."""
    history: History = FileHistory(history_file) if history_file else InMemoryHistory()
    session: PromptSession[str] = PromptSession(history=history, completer=CommandCompleter(commands, names))
    console = terminal()
    console.print("eksip console. Type `status`, `help` or a question; `exit` leaves.")
    while True:
        try:
            text = session.prompt("eksip> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.strip().lower() in LEAVE:
            return
        if not text.strip():
            continue
        with console.status("Working…"):
            message = answer(Request(text=text, surface=Surface.CONSOLE))
        show(message, console)


def history_file() -> str:
    """Where the chat's history is kept: a file in the person's state folder, made readable to them alone."""
    folder = Path.home() / ".local" / "state" / "eksip"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(folder / "history")
