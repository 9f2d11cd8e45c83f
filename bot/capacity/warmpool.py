"""The warm pool of one node in closed form: what ipamd of the VPC CNI holds once pods stopped coming and going.

`bot/capacity/ipamd.py` reaches the same figures by stepping through ipamd's decisions; the two share no arithmetic.
Everything here is one network card, Linux, IPv4.
"""

from dataclasses import dataclass
from enum import Enum

from bot.capacity.nodes import HOST_NETWORK_PODS, PREFIX_IPS, max_pods, prefix_supported
from bot.inventory import InstanceLimits

_TRUNKLESS_FAMILIES = frozenset(
    {"t1", "t2", "t3", "t3a", "t4g", "m1", "m2", "m3", "m4", "c1", "c3", "c4", "r3", "r4"}
    | {"i2", "i3", "d2", "h1", "p3", "f1", "x1", "x1e"}
)


class PoolMode(Enum):
    """What ipamd puts on an ENI: single secondary addresses or /28 prefixes."""

    SECONDARY = "secondary"
    PREFIX = "prefix"


class CniRefusesToStart(Exception):  # noqa: N818 -- it is the CNI's refusal, not an error of ours
    """The settings with which the CNI's container exits instead of starting; the text says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """The settings of container aws-node that shape a node's pool; the defaults are the code's.

    `warm_ip` and `minimum_ip` are off at 0. `warm_prefix` is 0 in the code, while the shipped manifest sets 1
    (`cni_env.MANIFEST_ENVIRONMENT`). `max_eni` below 1 is ignored, as the CNI does. `max_pods` None is the mode's own
    figure for the type (`default_max_pods`).
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go
    """

    mode: PoolMode = PoolMode.SECONDARY
    warm_eni: int = 1
    warm_ip: int = 0
    minimum_ip: int = 0
    warm_prefix: int = 0
    max_eni: int | None = None
    max_pods: int | None = None
    custom_networking: bool = False
    pod_eni: bool = False

    def __post_init__(self) -> None:
        for name in ("warm_eni", "warm_ip", "minimum_ip", "warm_prefix"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it cannot be below 0")
        if self.max_pods is not None and self.max_pods < 1:
            raise ValueError(f"max_pods is {self.max_pods}; a node holds at least 1 pod")

    @property
    def ip_targets(self) -> bool:
        """Whether WARM_IP_TARGET or MINIMUM_IP_TARGET acts: they beat WARM_PREFIX_TARGET and WARM_ENI_TARGET."""
        return self.warm_ip > 0 or self.minimum_ip > 0

    @property
    def frozen(self) -> bool:
        """Whether MINIMUM_IP_TARGET acts alone: WARM_IP_TARGET is taken as 0 and the pool never grows past it.

        Source: https://github.com/aws/amazon-vpc-cni-k8s/issues/2650
        """
        return self.minimum_ip > 0 and self.warm_ip == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The addresses of one node.

    `enis` are ordinary ENIs, the primary included and the trunk not; `per_eni` is what each holds for pods (addresses,
    or prefixes in prefix mode), the primary first (0 under custom networking). `addresses` can be given to pods;
    `prefixes` is None in secondary mode; `unused` addresses wait for a pod. `node_subnet_addresses` and
    `pod_subnet_addresses` are what the node takes from its own subnet and, under custom networking, from the
    ENIConfig's: ENI primaries and the trunk included. `frozen` says the pool cannot grow whatever the pods.
    """

    enis: int
    per_eni: tuple[int, ...]
    addresses: int
    prefixes: int | None
    assigned: int
    pods_without_address: int
    unused: int
    node_subnet_addresses: int
    pod_subnet_addresses: int
    frozen: bool
    notes: tuple[str, ...]

    @property
    def subnet_addresses(self) -> int:
        """Addresses taken from all subnets together."""
        return self.node_subnet_addresses + self.pod_subnet_addresses


def refusal(settings: PoolSettings) -> str | None:
    """Why the CNI would not start with these settings, None when it would.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/cmd/aws-vpc-cni/main.go (validateEnvVars): prefix
    delegation needs one of the three targets, whatever the instance type.
    """
    if settings.mode is PoolMode.PREFIX and not settings.ip_targets and settings.warm_prefix == 0:
        return (
            "The CNI does not start in prefix mode when WARM_PREFIX_TARGET, WARM_IP_TARGET and MINIMUM_IP_TARGET are "
            "all 0 or unset: set WARM_PREFIX_TARGET=1."
        )
    return None


def effective_mode(limits: InstanceLimits, settings: PoolSettings) -> PoolMode:
    """The mode ipamd really runs: it falls back to secondary addresses where the type takes no prefixes."""
    return settings.mode if prefix_supported(limits) else PoolMode.SECONDARY


def trunk_compatible(limits: InstanceLimits) -> bool:
    """Whether a trunk ENI can be attached: Nitro and bare metal, except the burstable families and some early ones.

    Source: IsTrunkingCompatible of https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/vpc/
    vpc_ip_resource_limit.go, by its families; a type it lacks is taken as compatible, as ipamd does.
    """
    return prefix_supported(limits) and limits.instance_type.partition(".")[0] not in _TRUNKLESS_FAMILIES


def default_max_pods(limits: InstanceLimits, settings: PoolSettings) -> int:
    """The max-pods figure of the mode for the type: what a node runs with unless it was overridden."""
    figures = max_pods(limits)
    if settings.mode is PoolMode.PREFIX:
        return figures.prefix_custom_networking if settings.custom_networking else figures.prefix
    return figures.custom_networking if settings.custom_networking else figures.secondary


def steady_state(limits: InstanceLimits, settings: PoolSettings, pods: int) -> Pool:
    """The pool of a node with `pods` pods that need an address and came one at a time, none deleted.

    A node whose pods came in a burst, or that had more pods before, may hold more (`ipamd.Ipamd` shows how much).
    Raises: CniRefusesToStart; ValueError for negative pods.
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (isDatastorePoolTooLow,
    increaseDatastorePool, datastoreTargetState, hasRoomForEni), solved for the state that no step changes.
    """
    if pods < 0:
        raise ValueError(f"pods is {pods}; it cannot be below 0")
    node = _node(limits, settings)
    return _pool(limits, settings, node, pods, min(_units(settings, node, pods), node.enis * node.slots))


def startup(limits: InstanceLimits, settings: PoolSettings) -> Pool:
    """The pool of a node without any pod that needs an address: what a new node takes at once."""
    return steady_state(limits, settings, 0)


def full_node(limits: InstanceLimits, settings: PoolSettings) -> Pool:
    """The pool of a node at its max-pods: all but the two pods on the host's network need an address."""
    return steady_state(limits, settings, max(_node(limits, settings).max_pods - HOST_NETWORK_PODS, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """One node as the formulas see it: `enis` that may serve pods, `slots` on each, addresses in a slot."""

    mode: PoolMode
    enis: int
    slots: int
    slot_ips: int
    max_pods: int
    trunk: bool


def _node(limits: InstanceLimits, settings: PoolSettings) -> _Node:
    refused = refusal(settings)
    if refused is not None:
        raise CniRefusesToStart(refused)
    mode = effective_mode(limits, settings)
    allowed = _allowed_enis(limits, settings)
    trunk = settings.pod_eni and allowed > 1 and trunk_compatible(limits)
    return _Node(
        mode=mode,
        enis=max(allowed - trunk - settings.custom_networking, 0),
        slots=limits.ipv4_per_eni - 1,
        slot_ips=PREFIX_IPS if mode is PoolMode.PREFIX else 1,
        max_pods=default_max_pods(limits, settings) if settings.max_pods is None else settings.max_pods,
        trunk=trunk,
    )


def _allowed_enis(limits: InstanceLimits, settings: PoolSettings) -> int:
    if settings.max_eni is None or settings.max_eni < 1:
        return limits.max_enis
    return min(settings.max_eni, limits.max_enis)


def _units(settings: PoolSettings, node: _Node, pods: int) -> int:
    """Filled slots (addresses or prefixes) before the limit of the ENIs."""
    # Growth stops as soon as the pool holds max-pods addresses: with single slots at the first, with whole ENIs later.
    stop = _ceil(node.max_pods, node.slot_ips)
    stop_at_whole_enis = _ceil(stop, node.slots) * node.slots
    if settings.ip_targets:
        first = min(_ceil(max(settings.warm_ip, settings.minimum_ip), node.slot_ips), stop_at_whole_enis)
        grown = 0 if settings.frozen else min(_ceil(pods + settings.warm_ip, node.slot_ips), stop)
        return max(first, grown)
    if node.mode is PoolMode.PREFIX:
        first = min(settings.warm_prefix, stop_at_whole_enis)
        return max(first, min(_ceil(pods, node.slot_ips) + settings.warm_prefix, stop))
    # Whole ENIs. WARM_ENI_TARGET=0 still asks for one address that is not in use.
    enis = _ceil(pods, node.slots) + settings.warm_eni if settings.warm_eni else pods // node.slots + 1
    return min(enis * node.slots, stop_at_whole_enis)


def _pool(limits: InstanceLimits, settings: PoolSettings, node: _Node, pods: int, units: int) -> Pool:
    full, rest = divmod(units, node.slots)
    filled = (node.slots,) * full + ((rest,) if rest else ())
    # The primary is there whatever it holds; under custom networking it holds nothing for pods.
    per_eni = (0, *filled) if settings.custom_networking else filled or (0,)
    addresses = units * node.slot_ips
    assigned = min(pods, addresses)
    taken = len(per_eni) + node.trunk + addresses
    in_pod_subnet = taken - 1 if settings.custom_networking else 0
    return Pool(
        enis=len(per_eni),
        per_eni=per_eni,
        addresses=addresses,
        prefixes=units if node.mode is PoolMode.PREFIX else None,
        assigned=assigned,
        pods_without_address=pods - assigned,
        unused=addresses - assigned,
        node_subnet_addresses=taken - in_pod_subnet,
        pod_subnet_addresses=in_pod_subnet,
        frozen=settings.frozen,
        notes=_notes(limits, settings, node, pods),
    )


def _notes(limits: InstanceLimits, settings: PoolSettings, node: _Node, pods: int) -> tuple[str, ...]:
    """What a reader of the figures should know, most serious first."""
    notes: list[str] = []
    if settings.frozen:
        notes.append(
            f"MINIMUM_IP_TARGET={settings.minimum_ip} alone freezes the pool: WARM_IP_TARGET counts as 0 and nothing "
            "ever grows. Set WARM_IP_TARGET too."
        )
    if settings.custom_networking and node.enis == 0:
        notes.append("No ENI is left for pods under custom networking: ipamd fails to start.")
    if settings.mode is not node.mode:
        acts = "the IP targets act" if settings.ip_targets else "WARM_ENI_TARGET acts"
        notes.append(f"Prefixes need a Nitro type: the CNI falls back to secondary addresses here, and {acts}.")
    if settings.pod_eni:
        notes.append(_trunk_note(limits, node))
    if pods + HOST_NETWORK_PODS > node.max_pods:
        notes.append(
            f"kubelet admits {node.max_pods:,} pods (max-pods), "
            f"{max(node.max_pods - HOST_NETWORK_PODS, 0):,} besides aws-node and kube-proxy."
        )
    room = node.enis * node.slots * node.slot_ips
    if pods > room and node.max_pods - HOST_NETWORK_PODS > room:
        notes.append(
            f"The ENIs hold {room:,} addresses for pods at most, while max-pods {node.max_pods:,} lets kubelet admit "
            "more: lower max-pods."
        )
    if pods > room and settings.max_eni and 1 <= settings.max_eni < limits.max_enis:
        notes.append(f"MAX_ENI={settings.max_eni} stops it; the type takes {limits.max_enis} ENIs.")
    if settings.max_eni is not None and settings.max_eni < 1:
        notes.append(
            f"MAX_ENI={settings.max_eni} is ignored: only 1 and more limit, so the type's {limits.max_enis} do."
        )
    flaps = not settings.ip_targets and node.mode is PoolMode.SECONDARY and settings.warm_eni == 0
    if flaps and pods and pods % node.slots == 0 and pods // node.slots < node.enis:
        notes.append(
            "WARM_ENI_TARGET=0 with exactly full ENIs flaps: an empty ENI is attached for a spare address and freed "
            "again once it is a minute old."
        )
    if node.mode is PoolMode.PREFIX and not settings.ip_targets and settings.warm_prefix > 1:
        notes.append(
            f"Pods spread over prefixes can keep up to {settings.warm_prefix - 1} more prefixes than shown: "
            "half-used ones count as warm addresses but not as warm prefixes."
        )
    return tuple(notes)


def _trunk_note(limits: InstanceLimits, node: _Node) -> str:
    if node.trunk:
        return (
            "One ENI slot is kept for the trunk (security groups for pods), one subnet address; each pod on a branch "
            "ENI takes one more. Whether a type can trunk is judged by its family."
        )
    if trunk_compatible(limits):
        return "No slot is left for a trunk ENI: security groups for pods stay off on this node."
    return "The type takes no trunk ENI: no slot is reserved, pods with security groups do not run here."


def _ceil(amount: int, size: int) -> int:
    return -(-amount // size)
