"""The JSON envelope: exactly the documented keys, times in UTC, null for what is not known."""

from datetime import datetime, timedelta, timezone

import pytest
from builders import NOW

from bot.answers.envelope import VERSION, Envelope, document, schema
from bot.answers.registry import ANSWERS
from bot.commands import COMMANDS
from bot.message import BlindSpotNote, Coverage, Failure, Message

DENIED = BlindSpotNote(account_id="444455556666", region="", api="sts:AssumeRole", reason="access denied")


def test_an_answer_has_exactly_the_documented_keys() -> None:
    message = Message(
        text="12 of 251 free.",
        command="status prod-eu",
        as_of=NOW,
        coverage=Coverage(read=3, expected=4, blind_spots=(DENIED,)),
        answer={"subnets": []},
    )

    assert document(message) == {
        "version": 1,
        "command": "status",
        "ok": True,
        "text": "12 of 251 free.",
        "as_of": "2026-11-23T09:30:00Z",
        "coverage": {
            "read": 3,
            "expected": 4,
            "blind_spots": [
                {"account_id": "444455556666", "region": "", "api": "sts:AssumeRole", "reason": "access denied"}
            ],
        },
        "answer": {"subnets": []},
    }


def test_an_answer_without_aws_facts_has_no_age_and_no_coverage() -> None:
    found = document(Message(text="29 pods.", command="maxpods m5.large"))

    assert list(found) == ["version", "command", "ok", "text", "as_of", "coverage", "answer"]
    assert (found["as_of"], found["coverage"], found["answer"]) == (None, None, {})


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        pytest.param(
            Failure(kind="user", message="No such subnet.", suggestions=("status", "help")),
            {"kind": "user", "message": "No such subnet.", "suggestions": ["status", "help"], "reference": None},
            id="user",
        ),
        pytest.param(
            Failure(kind="defect", message="Something is wrong.", reference="7f3a"),
            {"kind": "defect", "message": "Something is wrong.", "suggestions": [], "reference": "7f3a"},
            id="defect",
        ),
    ],
)
def test_a_failure_has_exactly_the_documented_keys(failure: Failure, error: dict[str, object]) -> None:
    assert document(Message(text="x", command="subnet nowhere", failure=failure)) == {
        "version": 1,
        "command": "subnet",
        "ok": False,
        "error": error,
    }


def test_a_time_of_another_zone_is_written_as_the_same_moment() -> None:
    berlin = timezone(timedelta(hours=1))
    found = document(Message(text="x", as_of=datetime(2026, 11, 23, 10, 30, tzinfo=berlin)))

    assert datetime.fromisoformat(str(found["as_of"])) == NOW


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            Message(text="x", command="status", as_of=NOW, coverage=Coverage(read=1, expected=1)), id="answer"
        ),
        pytest.param(Message(text="x", command="status", failure=Failure(kind="query", message="no")), id="failure"),
    ],
)
def test_every_document_fits_the_schema_it_publishes(message: Message) -> None:
    assert Envelope.model_validate(document(message)).version == VERSION


def test_the_schema_covers_the_envelope_and_every_verb_with_a_sentence_for_each_field() -> None:
    found = schema()

    answers = found["answers"]
    assert isinstance(answers, dict)
    assert set(answers) == set(ANSWERS) >= {command.verb for command in COMMANDS}
    for verb, model in answers.items():
        for definition in (model, *model.get("$defs", {}).values()):
            for name, field in definition["properties"].items():
                assert field.get("description", "").strip(), f"{verb}: {name}"
