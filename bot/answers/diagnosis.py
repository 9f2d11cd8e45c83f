"""The JSON form of `why`."""

from datetime import datetime
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
    "cni_not_running",
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


class WaitingPodJson(AnswerModel):
    """A pod without a node or an address."""

    cluster: str = Field(description="The cluster's name.")
    namespace: str = Field(description="Its namespace.")
    name: str = Field(description="Its name.")
    workload: str = Field(description="The Deployment, StatefulSet, … that made it; its own name without one.")
    node: str | None = Field(description="The node it was placed on; null while the scheduler found none.")
    since: datetime = Field(description="When it was created.")
    message: str | None = Field(description="What its newest event says; null without one.")


class WorkloadJson(AnswerModel):
    """A workload and the addresses its pods hold."""

    cluster: str = Field(description="The cluster's name.")
    namespace: str = Field(description="Its namespace.")
    kind: str = Field(description="Its kind: Deployment, StatefulSet, …")
    workload: str = Field(description="Its name.")
    ips: int = Field(description="Addresses of the VPC that its pods hold.")


class WhyAnswer(AnswerModel):
    """`why [SCOPE] [pasted lines]`."""

    verdict: CauseJson = Field(description="The likeliest cause.")
    other_causes: list[CauseJson] = Field(description="Other causes that the evidence speaks for, likeliest first.")
    evidence: list[str] = Field(description="What was seen, with numbers and ages.")
    actions: list[StepJson] = Field(description="What to do now, in order.")
    lasting: list[StepJson] = Field(description="What keeps it from coming back: commands of eksip.")
    contradicted_by: str | None = Field(description="What would show the verdict wrong; null without a cause.")
    waiting_pods: list[WaitingPodJson] = Field(
        description="Pods that wait for a node or an address, the longest wait first, 50 at most; empty too where the "
        "clusters' own APIs were not read."
    )
    workloads: list[WorkloadJson] = Field(description="The workloads with the most addresses, five of each cluster.")
    remarks: list[str] = Field(description="Settings that are not what somebody takes them for.")
    not_checked: list[str] = Field(description="What could not be read or seen.")
