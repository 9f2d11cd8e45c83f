"""Whole answers as people and scripts get them, in the terminal, in Slack and as JSON, against files read in review.

`python tests/commands/test_golden.py` writes them anew; read the difference before you keep it.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answers.envelope import document
from bot.asking.command import Request
from bot.config import load
from bot.console.render import plain
from bot.slack.render import render
from bot.wiring import Parts

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ASKED = {
    "maxpods": "maxpods m5.4xlarge",
    "simulate": "simulate m5.large pods=20",
    "simulate_prefix": "simulate m5.large pods=40 mode=prefix warm-prefix=1 custom-networking",
    "size": "size nodes=60 type=m5.large pods=20 zones=3 growth=50%",
    "cidr": "cidr 10.0.0.0/16,10.1.0.0/16 100.64.0.0/16",
    "cidr_terraform": "cidr 10.0.0.0/16 100.64.0.0/16 terraform",
    "unknown_type": "simulate m99.large pods=3",
}
"""The files' names and what was asked; none of it needs AWS."""


def forms(text: str) -> str:
    """The answer in the three forms, one after the other."""
    parts = Parts(load({"DATABASE_URL": "sqlite:///there-is-no-such-file.db"}, {}), now=lambda: NOW)
    message = parts.answer(Request(text=text))
    return "\n".join(
        (
            f"# eksip ask --plain {text}",
            plain(message),
            f"\n# eksip ask --json {text}",
            json.dumps(document(message), indent=1, ensure_ascii=False),
            f"\n# eksip ask --slack {text}",
            json.dumps(render(message), indent=1, ensure_ascii=False),
            "",
        )
    )


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_is_the_one_that_was_reviewed(name: str) -> None:
    assert forms(ASKED[name]) == (GOLDEN / f"answer_{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for name, text in ASKED.items():
        (GOLDEN / f"answer_{name}.txt").write_text(forms(text), encoding="utf-8")
