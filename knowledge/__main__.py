"""`python -m knowledge`: check the topics; exit 1 when something has to be mended. What is only old is listed."""

import sys
from datetime import UTC, datetime

from knowledge.base import load
from knowledge.lint import overdue, problems
from knowledge.topic import TopicError


def main() -> int:
    """Print what is wrong with the topics and what is due for review."""
    try:
        base = load()
    except TopicError as exc:
        print("\n".join(exc.problems))
        return 1
    wrong = problems(base)
    for sentence in wrong:
        print(sentence)
    for sentence in overdue(base, datetime.now(UTC).date()):  # noqa: TID251 (a program of its own has its own clock)
        print(f"{sentence} (review due)")
    print(f"{len(base.topics)} topics, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
