"""The JSON form of the capacity engine's answers; `bot.answers.ANSWERS` names the verb of each."""

from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel


class CidrCandidate(AnswerModel):
    """One block that might be added to a VPC."""

    cidr: str = Field(description="The block.")
    allowed: bool | None = Field(description="Whether AWS's rules allow it; null where they do not settle it.")
    reason: str = Field(description="Why, and what was not checked.")


class CidrAnswer(AnswerModel):
    """`cidr VPC [CANDIDATE]`."""

    vpc_id: str | None = Field(description="VPC id; null when only its blocks were given.")
    cidrs: list[str] = Field(description="Blocks the VPC has, the primary first.")
    candidates: list[CidrCandidate] = Field(
        description="The candidate, and others when it is refused; without one, the best blocks first."
    )
    commands: list[str] = Field(
        description="What adds the first candidate, in order (or Terraform); empty when it is refused. Not executed."
    )


class SizePerZone(AnswerModel):
    """What one Availability Zone needs."""

    nodes: int = Field(description="Nodes of the zone, growth included.")
    addresses: int = Field(description="Addresses those nodes hold, from all subnets of the zone.")
    with_surge: int = Field(description="The same with the extra nodes of a rolling update.")
    with_zone_lost: int | None = Field(
        description="The same when one zone is lost and the others carry its nodes; null with one zone."
    )


class SizeSubnet(AnswerModel):
    """One kind of subnet to create."""

    purpose: Literal["nodes", "pods", "control-plane"] = Field(description="What the subnet is for.")
    prefix_length: int = Field(description="Length of the subnet's CIDR, for example 19.")
    per_zone: int = Field(description="Subnets of this length in each zone.")
    headroom_pct: float = Field(
        description="Usable addresses (prefix mode: /28 blocks, where fewer) left at the zone's peak, in percent."
    )


class SizeAnswer(AnswerModel):
    """`size nodes=N type=T pods=P zones=Z`."""

    per_zone: SizePerZone = Field(description="What one zone needs.")
    subnets: list[SizeSubnet] = Field(description="Subnets to create in each zone.")
    vpc_prefix_length: int = Field(description="Length of the block that holds all of them; 16 when it takes several.")
    vpc_blocks: int = Field(description="Blocks of that length.")
    reasons: list[str] = Field(description="What was assumed and what decides the lengths.")


class SimulateAnswer(AnswerModel):
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


class PlanZone(AnswerModel):
    """One Availability Zone of a plan; the figures are those of the subnets that bind there."""

    az_id: str = Field(description="Availability Zone id, the same in every account.")
    nodes_fit: int | None = Field(description="Nodes of this kind that fit; null: not known.")
    nodes_asked: int | None = Field(description="The zone's share of the nodes; null when no number was asked.")
    free_ips: int | None = Field(description="Free addresses, kept ones included; null: not known.")
    kept_ips: int = Field(description="Of these, kept for control plane updates and load balancers.")
    needed_ips: int | None = Field(description="Addresses the share takes; null when no number was asked.")
    binding: Literal["addresses", "blocks"] = Field(description="What stops the next node.")
    subnets: Literal["nodes", "pods"] = Field(description="Whose subnets bind: the nodes', or the ENIConfigs'.")


class PlanOption(AnswerModel):
    """One way to make a plan fit."""

    title: str = Field(description="What to do.")
    gain_ips: int | None = Field(description="Addresses added, or no longer taken by these nodes; null: not known.")
    gain_elsewhere_ips: int = Field(description="Of these, addresses in subnets that the plan does not ask about.")
    fits: bool | None = Field(description="Whether the plan fits then; null: cannot be told.")
    left_ips: int | None = Field(description="Free addresses left afterwards; null when it does not fit.")
    short_ips: int | None = Field(description="Addresses still missing then; null: not known.")
    note: str = Field(description="What to know beforehand; may be empty.")
    commands: list[str] = Field(description="What does it, in order. Not executed.")


class PlanAnswer(AnswerModel):
    """`plan +N TYPE SCOPE [pods=P]`."""

    fits: bool | None = Field(description="Whether all fit; null when not known, or when no number was asked.")
    short_by_ips: int | None = Field(description="Addresses missing over all zones, /28 blocks as 16; null: not known.")
    nodes_asked: int | None = Field(description="Nodes asked for; null: how many fit?")
    nodes_fit: int | None = Field(description="Nodes that fit spread evenly over the zones; null: not known.")
    nodes_fit_anywhere: int | None = Field(description="Nodes that fit when each zone takes what it can.")
    stops_at_node: int | None = Field(description="The first node that does not fit, counted over all zones.")
    instance_type: str = Field(description="The nodes' type.")
    pods: int = Field(description="Pods with an address on each node.")
    node_ips: int = Field(description="Addresses one node takes.")
    per_az: list[PlanZone] = Field(description="The zones of the scope.")
    options: list[PlanOption] = Field(description="What would make it fit, the best first; empty when it fits.")
    assumptions: list[str] = Field(description="What the answer rests on, one sentence each.")


class UpgradeSubnet(AnswerModel):
    """One subnet of the control plane."""

    subnet_id: str = Field(description="Subnet id.")
    name: str = Field(description="Name tag, or the id.")
    free_ips: int | None = Field(description="Free addresses outside of reservations; null: not known.")
    needed_ips: int = Field(description="Free addresses EKS wants in each subnet for an update.")
    fits: bool | None = Field(description="Whether they are there; null: not known.")


class UpgradeNodegroup(AnswerModel):
    """One managed node group's rolling update, alone."""

    name: str = Field(description="Node group.")
    surge_nodes: int = Field(description="Nodes that the update adds for a while, at most.")
    node_ips: int | None = Field(description="Addresses taken for one of them; null: not known.")
    needed_ips: int | None = Field(description="Addresses they take together.")
    free_ips: int | None = Field(description="Free addresses in the subnets that bind; null: not known.")
    fits: bool | None = Field(description="Whether each zone takes its share; null: not known.")


class UpgradeHealth(AnswerModel):
    """One health issue that EKS reports."""

    subject: str = Field(description="Cluster, or cluster/node group.")
    code: str = Field(description="EKS's code, for example InsufficientFreeAddresses.")
    message: str = Field(description="EKS's message.")
    resource_ids: list[str] = Field(description="Resources it names.")


class UpgradeAnswer(AnswerModel):
    """`upgrade CLUSTER`."""

    cluster: str = Field(description="Cluster name.")
    fits: bool | None = Field(description="Whether the control plane and each node group fit; null: not known.")
    control_plane: list[UpgradeSubnet] = Field(description="The subnets given to the control plane.")
    nodegroups: list[UpgradeNodegroup] = Field(description="The managed node groups.")
    health: list[UpgradeHealth] = Field(description="Health issues EKS reports.")
    reasons: list[str] = Field(description="Why, and what was assumed, the most serious first.")


class TuneSettings(AnswerModel):
    """Warm-pool settings of a cluster."""

    source: Literal["addon", "assumed", "advice"] = Field(
        description="Where they come from: the add-on's configuration, the shipped defaults, or this advice."
    )
    mode: Literal["secondary", "prefix"] = Field(description="Single addresses or /28 prefixes.")
    warm_eni: int = Field(description="WARM_ENI_TARGET.")
    warm_ip: int = Field(description="WARM_IP_TARGET; 0 is off.")
    minimum_ip: int = Field(description="MINIMUM_IP_TARGET; 0 is off.")
    warm_prefix: int = Field(description="WARM_PREFIX_TARGET.")
    max_eni: int | None = Field(description="MAX_ENI; null: the type's limit.")
    custom_networking: bool = Field(description="Custom networking.")
    pod_eni: bool = Field(description="Security groups for pods.")


class TuneCalls(AnswerModel):
    """EC2 API calls an hour of all nodes' warm pools, under the churn named."""

    current: float = Field(description="With the present settings.")
    recommended: float = Field(description="With the advice.")


class TuneType(AnswerModel):
    """The nodes of one instance type."""

    instance_type: str = Field(description="The type.")
    mode: Literal["secondary", "prefix"] | None = Field(description="Mode their interfaces show; null: not known.")
    nodes: int = Field(description="Nodes.")
    pods_per_node: int = Field(description="Pods with an address on each: measured, given or assumed.")
    held_ips: int | None = Field(description="Addresses they hold now by EC2; null: interfaces not read.")
    current_ips: int = Field(description="Addresses the present settings ask for.")
    recommended_ips: int = Field(description="Addresses the advice asks for.")
    saved_ips: int = Field(description="What comes back: held (else current) less recommended; below 0 it takes more.")


class TuneChoice(AnswerModel):
    """Other settings that none beats in addresses, calls and waiting at once."""

    settings: TuneSettings = Field(description="The settings.")
    held_ips: int = Field(description="Addresses all nodes would hold.")
    saved_ips: int = Field(description="What comes back against today.")
    ec2_calls_per_hour: float = Field(description="EC2 API calls an hour.")
    waiting_pods: int = Field(description="Pods that wait when a burst comes to every node.")
    wait_seconds: int = Field(description="Seconds the last of them waits.")
    needs_new_nodes: bool = Field(description="Whether it changes the mode, which only new nodes take.")


class Refusal(AnswerModel):
    """A setting that is not advised."""

    title: str = Field(description="The setting.")
    reason: str = Field(description="Why not.")


class TuneAnswer(AnswerModel):
    """`tune SCOPE`."""

    cluster: str = Field(description="The cluster: the settings are cluster-wide.")
    current: TuneSettings = Field(description="Settings of today.")
    recommended: TuneSettings = Field(description="Settings advised; today's where no change is worth it.")
    changed: bool = Field(description="Whether a change is advised.")
    needs_new_nodes: bool = Field(description="Whether the advice changes the mode, which only new nodes take.")
    saved_ips: int = Field(description="Addresses that come back; 0 without a change, below 0 when it takes more.")
    held_ips: int | None = Field(description="Addresses all nodes hold now by EC2; null: interfaces not read.")
    ec2_calls_per_hour: TuneCalls = Field(description="EC2 API calls an hour.")
    pods_source: Literal["measured", "given", "assumed"] = Field(description="Where the pods per node come from.")
    churn_per_hour: float = Field(description="Pods that start on each node in an hour, given or assumed.")
    burst_pods: int = Field(description="Pods of these that start on a node at once, assumed.")
    per_instance_type: list[TuneType] = Field(description="Every instance type of the mix, most nodes first.")
    alternatives: list[TuneChoice] = Field(description="Other choices, fewest addresses first.")
    refused: list[Refusal] = Field(description="What is not advised, and why.")
    reasons: list[str] = Field(description="Why the advice is what it is.")
    assumptions: list[str] = Field(description="What was assumed, and where interfaces contradict the settings.")
    commands: list[str] = Field(
        description="The change as add-on update, kubectl, Helm and Terraform, the fitting one first; use one. "
        "Not executed; empty without a change."
    )


class PrefixType(AnswerModel):
    """One instance type in prefix mode."""

    instance_type: str = Field(description="The type.")
    nodes: int = Field(description="Nodes.")
    prefix_supported: bool = Field(description="Whether it takes /28 prefixes: Nitro or bare metal.")
    max_pods_now: int = Field(description="max-pods of the present mode, before a managed node group's cap.")
    max_pods_prefix: int | None = Field(description="max-pods in prefix mode, capped; null without prefixes.")
    kube_reserved_memory_mib: int = Field(description="Memory (MiB) kubelet reserves at max_pods_now.")
    kube_reserved_memory_mib_prefix: int | None = Field(description="The same at max_pods_prefix.")


class PrefixSubnet(AnswerModel):
    """One subnet that gives nodes' pods their addresses."""

    subnet_id: str = Field(description="Subnet id.")
    name: str = Field(description="Name tag, empty without one.")
    nodes: int = Field(description="Nodes whose pods have addresses here.")
    free_blocks: int | None = Field(description="Free /28 blocks; null: interfaces not read.")
    fragmentation_pct: float | None = Field(description="Share of /28 blocks no prefix can use; null: not read.")
    start_blocks: int = Field(description="Blocks that replacements of its nodes without prefixes take at their start.")
    full_blocks: int = Field(description="The same with their pods.")
    most_blocks: int = Field(description="The same with node groups grown to their maximum.")
    verdict: Literal["ready", "ready_with_conditions", "not_ready", "not_known"] = Field(description="For it alone.")
    reservations: list[str] = Field(description="Free ranges worth reserving for prefixes.")


class PrefixAnswer(AnswerModel):
    """`prefix SCOPE`."""

    cluster: str = Field(description="The cluster.")
    verdict: Literal["ready", "ready_with_conditions", "not_ready", "not_known"] = Field(
        description="Whether prefix mode is safe; not_known where the subnets or nodes could not be read."
    )
    prefix_mode: bool | None = Field(description="Whether the add-on sets prefix delegation now; null: not known.")
    reasons: list[str] = Field(description="What decides, the worst first.")
    conditions: list[str] = Field(description="What to do and know first.")
    nodes_with_prefixes: int = Field(description="Nodes that hold prefixes now.")
    nodes_without_prefixes: int = Field(description="Nodes that do not; they change only when replaced.")
    instance_types: list[PrefixType] = Field(description="Every instance type of the cluster.")
    subnets: list[PrefixSubnet] = Field(description="Every subnet of the nodes' pods, worst first.")
    commands: list[str] = Field(description="Reservations, then the switch itself, in order. Not executed.")
