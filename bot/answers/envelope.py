"""The envelope every JSON answer comes in: version, verb, sentence, age, coverage, or why there is none."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bot.answers.model import AnswerModel
from bot.answers.registry import ANSWERS
from bot.message import Message

VERSION = 1


class BlindSpotJson(AnswerModel):
    """One thing that could not be read."""

    account_id: str = Field(description="Account that was to be read.")
    region: str = Field(description='Region, or "all" for the account as a whole.')
    api: str = Field(description="API that failed.")
    reason: str = Field(description="Why, in one sentence.")


class CoverageJson(AnswerModel):
    """How much of what should have been read was read."""

    read: int = Field(description="Account-regions whose subnets were read.")
    expected: int = Field(description="Account-regions that should have been read.")
    blind_spots: list[BlindSpotJson] = Field(description="What could not be read.")


class ErrorJson(AnswerModel):
    """Why there is no answer."""

    kind: Literal["user", "query", "config", "defect"] = Field(description="Whose move it is.")
    message: str = Field(description="What is wrong and what to do, as shown to people.")
    suggestions: list[str] = Field(description="Commands that would work.")
    reference: str | None = Field(description="Id of a defect in the log.")


class Envelope(AnswerModel):
    """What every command answers with."""

    version: int = Field(description="Version of this interface: 1.")
    command: str = Field(description="The verb that answered.")
    ok: bool = Field(description="Whether the command was answered.")
    text: str | None = Field(default=None, description="The answer in one sentence.")
    as_of: datetime | None = Field(default=None, description="Time of the oldest fact used; null without AWS facts.")
    coverage: CoverageJson | None = Field(default=None, description="What was read; null without AWS facts.")
    answer: dict[str, Any] | None = Field(default=None, description="The command's own fields.")
    error: ErrorJson | None = Field(default=None, description="Present when ok is false.")


def document(message: Message) -> dict[str, object]:
    """The JSON document of a message: the envelope and the command's own fields."""
    verb = message.command.partition(" ")[0]
    if message.failure is not None:
        failure = message.failure
        return {
            "version": VERSION,
            "command": verb,
            "ok": False,
            "error": {
                "kind": failure.kind,
                "message": failure.message,
                "suggestions": list(failure.suggestions),
                "reference": failure.reference,
            },
        }
    covered = message.coverage
    envelope = Envelope(
        version=VERSION,
        command=verb,
        ok=True,
        text=message.text,
        as_of=message.as_of,
        coverage=None
        if covered is None
        else CoverageJson(
            read=covered.read,
            expected=covered.expected,
            blind_spots=[
                BlindSpotJson(account_id=s.account_id, region=s.region, api=s.api, reason=s.reason)
                for s in covered.blind_spots
            ],
        ),
        answer=dict(message.answer),
    )
    return envelope.model_dump(mode="json", exclude={"error"})


def schema() -> dict[str, object]:
    """The JSON Schema of the envelope and of every command's answer."""
    return {
        "envelope": Envelope.model_json_schema(),
        "answers": {verb: model.model_json_schema() for verb, model in ANSWERS.items()},
    }
