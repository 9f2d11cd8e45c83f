"""The JSON form of explanations and help."""

from pydantic import Field

from bot.answers.model import AnswerModel


class SourceJson(AnswerModel):
    """Where a statement comes from."""

    title: str = Field(description="Title of the page.")
    url: str = Field(description="Address.")
    reviewed: str = Field(description="Day (YYYY-MM-DD) the topic was last compared with it.")


class ExplainAnswer(AnswerModel):
    """`explain TEXT`."""

    matched: bool = Field(description="Whether a topic answers the question.")
    topic: str | None = Field(description="Topic id; null when declined.")
    title: str | None = Field(description="Topic title.")
    text: str = Field(description="What Slack shows: summary and best section, at most 1,500 characters.")
    score: float | None = Field(description="Strength of the match; comparable only within a version.")
    sources: list[SourceJson] = Field(description="Sources.")
    related: list[str] = Field(description="Related topic ids.")


class CommandJson(AnswerModel):
    """One verb."""

    verb: str = Field(description="The verb.")
    aliases: list[str] = Field(description="Short forms.")
    usage: str = Field(description="How it is called.")
    summary: str = Field(description="What it answers.")
    example: str = Field(description="A command that works.")


class HelpAnswer(AnswerModel):
    """`help [VERB]`."""

    commands: list[CommandJson] = Field(description="The verbs.")


class VersionAnswer(AnswerModel):
    """`version`."""

    eksip: str = Field(description="The release that answers.")
