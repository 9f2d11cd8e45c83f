"""What ipamd knows of one node: its ENIs, their addresses and prefixes, and which of them pods use or rest in cooldown.

Addresses come in CIDRs: a /32 each in secondary mode, a /28 with 16 in prefix mode. The decisions are in `ipamd.py`.
"""

from collections.abc import Iterator
from enum import Enum

ADDRESS_COOLDOWN_SECONDS = 30
"""An address rests this long after its pod is gone. Source: the CNI's datastore/data_store.go (IP_COOLDOWN_PERIOD)."""

ENI_MIN_AGE_SECONDS = 60
"""An ENI is not freed before this age. Source: the CNI's datastore/data_store.go (minENILifeTime)."""


class Placement(Enum):
    """Which free address a pod gets. Go's map order is random: the two ends of what it can do."""

    PACKED = "packed"
    SPREAD = "spread"


class Cidr:
    """A /32 or /28 on an ENI: how many of its addresses pods use, and when the resting ones may be used again."""

    __slots__ = ("assigned", "resting_until", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.assigned = 0
        self.resting_until: list[int] = []

    def resting(self, now: int) -> int:
        """Addresses still in cooldown at `now` (seconds)."""
        if self.resting_until:
            self.resting_until = [until for until in self.resting_until if until > now]
        return len(self.resting_until)

    def takes_a_pod(self, now: int) -> bool:
        """Whether an address is neither used nor resting."""
        return self.assigned + self.resting(now) < self.size


class Interface:
    """One ordinary ENI; `serves_pods` is False for the primary under custom networking."""

    __slots__ = ("attached_at", "cidrs", "primary", "serves_pods")

    def __init__(self, *, primary: bool, serves_pods: bool, attached_at: int) -> None:
        self.primary = primary
        self.serves_pods = serves_pods
        self.attached_at = attached_at
        self.cidrs: list[Cidr] = []

    @property
    def assigned(self) -> int:
        """Addresses that pods use."""
        return sum(cidr.assigned for cidr in self.cidrs)

    def may_go(self, now: int) -> bool:
        """Whether nothing on the ENI itself forbids to free it: age, pods, addresses in cooldown."""
        old_enough = now - self.attached_at >= ENI_MIN_AGE_SECONDS
        return not self.primary and old_enough and not any(c.assigned or c.resting(now) for c in self.cidrs)


class DataStore:
    """All ENIs of a node and the pods on them, oldest first."""

    def __init__(self, placement: Placement, cooldown_seconds: int) -> None:
        self.interfaces: list[Interface] = []
        self.pods: list[Cidr] = []
        self.total = 0
        self._placement = placement
        self._cooldown_seconds = cooldown_seconds

    @property
    def assigned(self) -> int:
        """Addresses that pods use."""
        return len(self.pods)

    @property
    def available(self) -> int:
        """Addresses not used by a pod. Resting ones count, although no pod can have them yet."""
        return self.total - len(self.pods)

    def cidrs(self, other_than: Interface | None = None) -> Iterator[Cidr]:
        """Every CIDR, those of one ENI left out if asked."""
        return (cidr for eni in self.interfaces if eni is not other_than for cidr in eni.cidrs)

    def free_cidrs(self, other_than: Interface | None = None) -> int:
        """CIDRs without a pod."""
        return sum(not cidr.assigned for cidr in self.cidrs(other_than))

    def fill(self, eni: Interface, count: int, size: int) -> None:
        """Put `count` CIDRs of `size` addresses on the ENI."""
        eni.cidrs.extend(Cidr(size) for _ in range(count))
        self.total += count * size

    def give_back(self, eni: Interface, count: int) -> int:
        """Take up to `count` CIDRs without a pod off the ENI; how many went."""
        idle = [cidr for cidr in eni.cidrs if not cidr.assigned][:count]
        for cidr in idle:
            eni.cidrs.remove(cidr)
            self.total -= cidr.size
        return len(idle)

    def drop(self, eni: Interface) -> None:
        """Forget the ENI and everything on it."""
        self.interfaces.remove(eni)
        self.total -= sum(cidr.size for cidr in eni.cidrs)

    def assign(self, now: int) -> bool:
        """Give one pod an address; whether there was one."""
        cidr = self._pick(now)
        if cidr is None:
            return False
        cidr.assigned += 1
        self.pods.append(cidr)
        return True

    def unassign(self, now: int, *, oldest: bool) -> None:
        """Take the address of the oldest or the newest pod back; it rests before another pod may have it."""
        cidr = self.pods.pop(0 if oldest else -1)
        cidr.assigned -= 1
        if self._cooldown_seconds:
            cidr.resting_until.append(now + self._cooldown_seconds)

    def _pick(self, now: int) -> Cidr | None:
        if self.available == 0:
            return None
        open_to_pods = (cidr for cidr in self.cidrs() if cidr.takes_a_pod(now))
        if self._placement is Placement.PACKED:
            return next(open_to_pods, None)
        loads = {id(cidr): eni.assigned for eni in self.interfaces for cidr in eni.cidrs}
        return min(open_to_pods, key=lambda cidr: (loads[id(cidr)], cidr.assigned), default=None)
