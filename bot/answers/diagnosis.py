"""The JSON form of `why`."""

from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel

CauseCode = Literal[
    "subnet_exhausted",
    "no_free_block",
    "reservation_exhausted",
    "node_eni_limit",
    "max_pods",
    "warm_pool_frozen",
    "warm_pool_hoarding",
    "cooldown",
    "ec2_throttled",
    "custom_networking",
    "subnet_discovery_tags",
    "branch_eni_limit",
    "iam",
    "control_plane_subnets",
    "windows_ipam",
    "leaked_enis",
    "quota",
    "not_ip_problem",
    "unknown",
]


class CauseJson(AnswerModel):
    """One cause."""

    cause: CauseCode = Field(description="Code of the cause; unknown says that what would decide could not be read.")
    confidence: Literal["high", "medium", "low"] = Field(
        description="high rests on facts read from AWS, never on a pasted text alone."
    )
    subject: str = Field(description="What it is about: a subnet, cluster, node group, instance type or quota.")


class StepJson(AnswerModel):
    """Something to do now, for a person to run."""

    text: str = Field(description="What it does.")
    command: str | None = Field(description="The command; null where none fits every case. Not executed.")


class WhyAnswer(AnswerModel):
    """`why [SCOPE] [pasted lines]`."""

    verdict: CauseJson = Field(description="The likeliest cause.")
    other_causes: list[CauseJson] = Field(description="Other causes that the evidence speaks for, likeliest first.")
    evidence: list[str] = Field(description="What was seen, with numbers and ages.")
    actions: list[StepJson] = Field(description="What to do now, in order.")
    lasting: list[StepJson] = Field(description="What keeps it from coming back: commands of eksip.")
    contradicted_by: str | None = Field(description="What would show the verdict wrong; null without a cause.")
    not_checked: list[str] = Field(description="What could not be read or seen.")
