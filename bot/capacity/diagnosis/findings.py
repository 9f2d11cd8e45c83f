"""What a diagnosis says: causes with their confidence, what was seen, what to do, what was not checked."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.inventory.kubernetes import Holder, WaitingPod


class Cause(Enum):
    """Every cause that is known; the values are the codes of the JSON answer."""

    SUBNET_EXHAUSTED = "subnet_exhausted"
    NO_FREE_BLOCK = "no_free_block"
    RESERVATION_EXHAUSTED = "reservation_exhausted"
    NODE_ENI_LIMIT = "node_eni_limit"
    MAX_PODS = "max_pods"
    WARM_POOL_FROZEN = "warm_pool_frozen"
    WARM_POOL_HOARDING = "warm_pool_hoarding"
    COOLDOWN = "cooldown"
    EC2_THROTTLED = "ec2_throttled"
    CNI_NOT_RUNNING = "cni_not_running"
    CUSTOM_NETWORKING = "custom_networking"
    SUBNET_DISCOVERY_TAGS = "subnet_discovery_tags"
    BRANCH_ENI_LIMIT = "branch_eni_limit"
    IAM = "iam"
    CONTROL_PLANE_SUBNETS = "control_plane_subnets"
    WINDOWS_IPAM = "windows_ipam"
    LEAKED_ENIS = "leaked_enis"
    QUOTA = "quota"
    NOT_IP_PROBLEM = "not_ip_problem"
    UNKNOWN = "unknown"


class Confidence(Enum):
    """How sure a finding is: high needs a fact read from AWS, never the words of a pasted error alone."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for low, 1 for medium, 2 for high."""
        return (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH).index(self)


class Stops(Enum):
    """What a cause keeps from working: pods from getting an address, nodes from starting, EKS from updating."""

    PODS = "pods"
    NODES = "nodes"
    UPDATES = "updates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of evidence; `observed_at` is when AWS said it, None for what the question itself says."""

    text: str
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Seen):
    """Something worth knowing of one cluster that is no cause."""

    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do, for a person to run: what it does, and the command; no command where none fits every case."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause that the evidence speaks for.

    `verdict` is one sentence without the confidence; `unless` what would show it wrong. `lasting` are eksip's own
    commands. `subnet_id` is the subnet it is about, if one.
    """

    cause: Cause
    confidence: Confidence
    subject: str
    verdict: str
    seen: tuple[Seen, ...]
    do_now: tuple[Step, ...] = ()
    lasting: tuple[Step, ...] = ()
    unless: str = ""
    stops: Stops = Stops.PODS
    subnet_id: str = ""

    def __post_init__(self) -> None:
        if self.confidence is Confidence.HIGH and all(seen.observed_at is None for seen in self.seen):
            raise ValueError(
                f"{self.cause.value}: a pasted text alone is no high confidence; name a fact with its time"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A cause that could be neither found nor ruled out, and what was missing for it."""

    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPods:
    """What one cluster's own API shows of its pods: those that wait, and the workloads with the most addresses."""

    cluster: str
    observed_at: datetime
    waiting: tuple[WaitingPod, ...] = ()
    waiting_pods: int = 0
    holders: tuple[Holder, ...] = ()
    namespaces: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The verdict (a finding, or that nothing was found), the other findings in their order, and what is open.

    `pods` are of the clusters whose own API was read. `remarks` are worth knowing and no cause: settings that drifted.
    """

    verdict: Finding
    others: tuple[Finding, ...] = ()
    not_checked: tuple[str, ...] = ()
    pods: tuple[ClusterPods, ...] = ()
    remarks: tuple[Remark, ...] = ()
