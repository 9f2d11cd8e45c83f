"""The three errors a person may see, and the nearest valid word for one that is not.

Anything else that escapes is a defect: it is logged with a short reference and never shown.
"""

from collections.abc import Iterable


class EksipError(Exception):
    """A failure whose text is written for the person who asked."""


class UserError(EksipError):
    """What was typed cannot be used; the text quotes it and shows one valid example.

    `suggestions` are whole commands the person may run instead (shown as buttons).
    """

    def __init__(self, message: str, suggestions: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.suggestions = tuple(suggestions)


class QueryError(EksipError):
    """AWS or Slack refused or failed a read; knows which account, region and API."""

    def __init__(
        self,
        message: str,
        *,
        account_id: str | None = None,
        region: str | None = None,
        api: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.account_id = account_id
        self.region = region
        self.api = api


class ConfigError(EksipError):
    """The configuration cannot be used; carries every problem found, not just the first."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    @property
    def message(self) -> str:
        """All problems, one a line."""
        return "\n".join(self.problems)


TYPO_RATIO = 75
"""Least similarity (0-100) at which a word counts as a typo of another.

Source: rapidfuzz's normalised indel ratio; 75 accepts one slip in a five-letter word.
"""


def nearest(word: str, choices: Iterable[str], limit: int = 3, ratio: int = TYPO_RATIO) -> tuple[str, ...]:
    """The choices most like `word`, best first, none below `ratio` (0-100).

    Example: `nearest("statsu", ["status", "subnet"])` is `("status",)`.
    """
    from rapidfuzz import fuzz, process  # imported here: only a wrong word needs it

    found = process.extract(
        word, sorted(set(choices)), processor=str.lower, scorer=fuzz.ratio, limit=limit, score_cutoff=ratio
    )
    return tuple(choice for choice, _, _ in found)
