"""The JSON form of the capacity engine's answers; `bot.answers.ANSWERS` names the verb of each."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CidrCandidate(_Model):
    """One block that might be added to a VPC."""

    cidr: str = Field(description="The block.")
    allowed: bool | None = Field(description="Whether AWS's rules allow it; null where they do not settle it.")
    reason: str = Field(description="Why, and what was not checked.")


class CidrAnswer(_Model):
    """`cidr VPC [CANDIDATE]`."""

    vpc_id: str | None = Field(description="VPC id; null when only its blocks were given.")
    cidrs: list[str] = Field(description="Blocks the VPC has, the primary first.")
    candidates: list[CidrCandidate] = Field(
        description="The candidate, and others when it is refused; without one, the best blocks first."
    )
    commands: list[str] = Field(
        description="What adds the first candidate, in order (or Terraform); empty when it is refused. Not executed."
    )


class SizePerZone(_Model):
    """What one Availability Zone needs."""

    nodes: int = Field(description="Nodes of the zone, growth included.")
    addresses: int = Field(description="Addresses those nodes hold, from all subnets of the zone.")
    with_surge: int = Field(description="The same with the extra nodes of a rolling update.")
    with_zone_lost: int | None = Field(
        description="The same when one zone is lost and the others carry its nodes; null with one zone."
    )


class SizeSubnet(_Model):
    """One kind of subnet to create."""

    purpose: Literal["nodes", "pods", "control-plane"] = Field(description="What the subnet is for.")
    prefix_length: int = Field(description="Length of the subnet's CIDR, for example 19.")
    per_zone: int = Field(description="Subnets of this length in each zone.")
    headroom_pct: float = Field(
        description="Usable addresses (prefix mode: /28 blocks, where fewer) left at the zone's peak, in percent."
    )


class SizeAnswer(_Model):
    """`size nodes=N type=T pods=P zones=Z`."""

    per_zone: SizePerZone = Field(description="What one zone needs.")
    subnets: list[SizeSubnet] = Field(description="Subnets to create in each zone.")
    vpc_prefix_length: int = Field(description="Length of the block that holds all of them; 16 when it takes several.")
    vpc_blocks: int = Field(description="Blocks of that length.")
    reasons: list[str] = Field(description="What was assumed and what decides the lengths.")


class SimulateAnswer(_Model):
    """`simulate TYPE pods=P …`."""

    enis: int = Field(description="Ordinary ENIs, the primary included, the trunk not.")
    per_eni: list[int] = Field(
        description="Addresses (prefix mode: prefixes) for pods on each, the primary first (0 under custom networking)."
    )
    addresses: int = Field(description="Addresses that pods can be given: 16 for each prefix in prefix mode.")
    prefixes: int | None = Field(description="/28 prefixes; null in secondary mode.")
    assigned: int = Field(description="Pods with an address.")
    pods_without_address: int = Field(description="Pods that need an address and get none.")
    unused: int = Field(description="Addresses for pods that no pod uses.")
    node_subnet_addresses: int = Field(
        description="Addresses taken from the node's subnet, ENI primaries and the trunk included."
    )
    pod_subnet_addresses: int = Field(description="The same from the ENIConfig's subnet; 0 without custom networking.")
    frozen: bool = Field(description="Whether the pool cannot grow: MINIMUM_IP_TARGET without WARM_IP_TARGET.")
    notes: list[str] = Field(description="What to know about these figures, one sentence each.")
