"""ipamd of the VPC CNI, step by step: one loop every five seconds, one decision to grow or shrink in each.

Pods come and go between the loops, one at a time or in bursts, and the subnet may refuse. `warmpool.py` has the state
it settles in as a formula; this module shares no arithmetic with it.
Source of every rule: https://github.com/aws/amazon-vpc-cni-k8s, pkg/ipamd/ipamd.go and datastore/data_store.go.
"""

from dataclasses import dataclass
from enum import Enum

from bot.capacity.datastore import ADDRESS_COOLDOWN_SECONDS, DataStore, Interface, Placement
from bot.capacity.nodes import PREFIX_IPS
from bot.capacity.warmpool import (
    CniRefusesToStart,
    Pool,
    PoolMode,
    PoolSettings,
    default_max_pods,
    effective_mode,
    refusal,
    trunk_compatible,
)
from bot.inventory import InstanceLimits

LOOP_SECONDS = 5
"""One loop. Source: ipamd.go, ipPoolMonitorInterval."""

GIVE_BACK_SECONDS = 30
"""Least time between two returns of addresses or prefixes to EC2. Source: ipamd.go, decreaseIPPoolInterval."""

NO_SPACE_PAUSE_SECONDS = 120
"""Growth stops this long after a subnet had no room. Source: ipamd.go, insufficientCidrErrorCooldown."""

NEW_ENI_SECONDS = 10
"""What a new ENI adds to its loop.

Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html ("up to 10 seconds").
"""


class ActionKind(Enum):
    """What one decision did at EC2."""

    NEW_ENI = "new_eni"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    FREE_ENI = "free_eni"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One request to EC2: when (seconds since the node's start), what, and how many addresses or prefixes."""

    seconds: int
    kind: ActionKind
    units: int


class SubnetRoom:
    """The free addresses and free /28 blocks of the subnet new ENIs go to; no limit at all by default.

    Single addresses leave blocks whole as long as they can, which is the best a subnet can do.
    """

    def __init__(self, free_ips: int | None = None, free_blocks: int | None = None) -> None:
        self.free_ips = free_ips
        self.free_blocks = free_blocks

    def take(self, *, ips: int = 0, blocks: int = 0) -> bool:
        """Take single addresses and blocks together, all or nothing."""
        if self.free_ips is not None:
            if ips + blocks * PREFIX_IPS > self.free_ips:
                return False
            left = self.free_ips - ips - blocks * PREFIX_IPS
            if self.free_blocks is not None:
                if blocks > self.free_blocks:
                    return False
                self.free_blocks = min(self.free_blocks - blocks, left // PREFIX_IPS)
            self.free_ips = left
        return True

    def put_back(self, *, ips: int = 0, blocks: int = 0) -> None:
        """Return what was taken; single addresses make no block whole again."""
        if self.free_ips is not None:
            self.free_ips += ips + blocks * PREFIX_IPS
        if self.free_blocks is not None:
            self.free_blocks += blocks


class Ipamd:
    """One node: `add_pods`, `remove_pods`, `tick`, and `pool()` to see what it holds.

    `waiting` pods have no address yet and ask again in every loop. `unschedulable` is the taint of a cordoned node:
    ipamd then neither grows nor frees ENIs. `subnet_discovery` is ENABLE_SUBNET_DISCOVERY: on, a full subnet stops
    growth only when a new ENI is refused. `actions` is everything asked of EC2.
    Raises: CniRefusesToStart.
    """

    def __init__(
        self,
        limits: InstanceLimits,
        settings: PoolSettings,
        *,
        subnet: SubnetRoom | None = None,
        placement: Placement = Placement.PACKED,
        cooldown_seconds: int = ADDRESS_COOLDOWN_SECONDS,
        subnet_discovery: bool = True,
    ) -> None:
        refused = refusal(settings)
        if refused is not None:
            raise CniRefusesToStart(refused)
        self.seconds = 0
        self.waiting = 0
        self.unschedulable = False
        self.actions: list[Action] = []
        self._settings = settings
        self._prefixes = effective_mode(limits, settings) is PoolMode.PREFIX
        self._slots = limits.ipv4_per_eni - 1
        self._eni_limit = limits.max_enis
        if settings.max_eni is not None and 1 <= settings.max_eni < limits.max_enis:
            self._eni_limit = settings.max_eni
        self._max_pods = settings.max_pods or default_max_pods(limits, settings)
        self._wants_trunk = settings.pod_eni and trunk_compatible(limits)
        self._trunks = 0
        self._subnet = subnet or SubnetRoom()
        self._subnet_discovery = subnet_discovery
        self._store = DataStore(placement, cooldown_seconds)
        primary = Interface(primary=True, serves_pods=not settings.custom_networking, attached_at=0)
        self._store.interfaces.append(primary)
        self._paused_until = 0
        self._gave_back_at: int | None = None
        # The start of the daemon takes one growth step before the first loop.
        if self._too_low():
            self._grow()

    def add_pods(self, count: int) -> None:
        """`count` pods that need an address are started at once."""
        self.waiting += count
        self._serve()

    def remove_pods(self, count: int, *, oldest: bool = False) -> None:
        """`count` pods end: those without an address first, then the newest (or the oldest)."""
        unserved = min(count, self.waiting)
        self.waiting -= unserved
        for _ in range(min(count - unserved, self._store.assigned)):
            self._store.unassign(self.seconds, oldest=oldest)

    def tick(self) -> tuple[Action, ...]:
        """One loop: at most one step of growth or return, and at most one ENI freed; what it asked of EC2."""
        before = len(self.actions)
        self.seconds += LOOP_SECONDS
        self._attach_trunk()
        self._serve()
        if self._too_low():
            self._grow()
        elif self._too_high() > 0 and not self._gave_back_lately():
            self._give_back(self._too_high())
        if self._may_have_spare_eni():
            self._free_one_eni()
        self._serve()
        return tuple(self.actions[before:])

    def run(self, seconds: int) -> None:
        """Loop until that many more seconds have passed."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.tick()

    def grow_out(self) -> None:
        """Loop until one loop changes nothing: growth is over, what shrinks later is still there."""
        while any(action.kind is not ActionKind.REFUSED for action in self.tick()):
            pass

    def pool(self) -> Pool:
        """What the node holds now."""
        enis = self._store.interfaces
        per_eni = tuple(len(eni.cidrs) for eni in enis)
        own = len(enis) + self._trunks + self._store.total
        in_pod_subnet = own - 1 if self._settings.custom_networking else 0
        return Pool(
            enis=len(enis),
            per_eni=per_eni,
            addresses=self._store.total,
            prefixes=sum(per_eni) if self._prefixes else None,
            assigned=self._store.assigned,
            pods_without_address=self.waiting,
            unused=self._store.available,
            node_subnet_addresses=own - in_pod_subnet,
            pod_subnet_addresses=in_pod_subnet,
            frozen=self._settings.minimum_ip > 0 and self._settings.warm_ip == 0,
            notes=("The subnet had no room: growth is paused.",) if self.seconds < self._paused_until else (),
        )

    # What ipamd decides

    def _too_low(self) -> bool:
        store, settings = self._store, self._settings
        if store.total >= self._max_pods:
            return False
        if settings.ip_targets:
            return self._short_ips() > 0
        wanted = settings.warm_prefix * PREFIX_IPS if self._prefixes else settings.warm_eni * self._slots
        return store.available < wanted or (wanted == 0 and store.available == 0)

    def _short_ips(self) -> int:
        missing_warm = self._settings.warm_ip - self._store.available
        missing_minimum = self._settings.minimum_ip - self._store.total
        return max(missing_warm, missing_minimum, 0)

    def _wanted_units(self) -> int:
        """Addresses or prefixes one growth step asks for, before the room on the ENI."""
        if self._settings.ip_targets:
            short = self._short_ips()
            return max(len(range(0, short, PREFIX_IPS)), 1) if self._prefixes else short
        if self._prefixes:
            return max(self._settings.warm_prefix - self._store.free_cidrs(), 1)
        return self._slots

    def _too_high(self) -> int:
        """Addresses or prefixes to return; nothing in the WARM_ENI_TARGET mode, where only whole ENIs go."""
        store, settings = self._store, self._settings
        if settings.ip_targets and not self._prefixes:
            return max(min(store.available - settings.warm_ip, store.total - settings.minimum_ip), 0)
        if not self._prefixes:
            return 0
        free = store.free_cidrs()
        if not settings.ip_targets:
            return max(free - settings.warm_prefix, 0)
        held = store.total // PREFIX_IPS
        for_warm = len(range(0, store.assigned + settings.warm_ip, PREFIX_IPS))
        for_minimum = len(range(0, settings.minimum_ip, PREFIX_IPS))
        return max(min(free, held - for_warm, held - for_minimum), 0)

    def _gave_back_lately(self) -> bool:
        return self._gave_back_at is not None and self.seconds - self._gave_back_at <= GIVE_BACK_SECONDS

    def _may_have_spare_eni(self) -> bool:
        if self.unschedulable:
            return False
        if self._settings.ip_targets:
            return True
        if self._prefixes:
            spare = (self._settings.warm_prefix + 1) * self._slots * PREFIX_IPS
            empty = any(not eni.primary and eni.assigned == 0 for eni in self._store.interfaces)
            return empty or self._store.available >= spare
        return self._store.available >= (self._settings.warm_eni + 1) * self._slots

    def _needed(self, eni: Interface) -> bool:
        """Whether the targets would not be met without this ENI; WARM_ENI_TARGET is not asked here."""
        settings, others = self._settings, list(self._store.cidrs(other_than=eni))
        unit = PREFIX_IPS if self._prefixes else 1
        warm = sum(cidr.size - cidr.assigned for cidr in others)
        total = sum(cidr.size for cidr in others)
        rounded_warm = len(range(0, settings.warm_ip, unit)) * unit
        rounded_minimum = len(range(0, settings.minimum_ip, unit)) * unit
        free = sum(not cidr.assigned for cidr in others)
        return warm < rounded_warm or total < rounded_minimum or (self._prefixes and free < settings.warm_prefix)

    # What it does about it

    def _grow(self) -> None:
        if self.unschedulable or self.seconds < self._paused_until:
            return
        if self._fill_existing_eni() or self.seconds < self._paused_until:
            return
        reserved = 1 if self._wants_trunk and not self._trunks else 0
        if len(self._store.interfaces) + self._trunks < self._eni_limit - reserved:
            self._attach_eni()

    def _fill_existing_eni(self) -> bool:
        """Put more on the first ENI with room, on the next where the subnet refuses even one; whether anything came."""
        for eni in self._store.interfaces:
            room = self._slots - len(eni.cidrs) if eni.serves_pods else 0
            if room > 0:
                units = min(room, self._wanted_units())
                for asked in dict.fromkeys((units, 1)):
                    if self._take(asked):
                        self._store.fill(eni, asked, PREFIX_IPS if self._prefixes else 1)
                        self._did(ActionKind.ASSIGN, asked)
                        return True
                    self._did(ActionKind.REFUSED, asked)
                if not self._subnet_discovery:
                    # With discovery on, the error is passed over: another subnet may have room for a new ENI.
                    self._paused_until = self.seconds + NO_SPACE_PAUSE_SECONDS
                    return False
        return False

    def _attach_eni(self) -> None:
        units = min(self._wanted_units(), self._slots)
        if not self._take(units, enis=1):
            self._did(ActionKind.REFUSED, units)
            self._paused_until = self.seconds + NO_SPACE_PAUSE_SECONDS
            return
        self.seconds += NEW_ENI_SECONDS
        eni = Interface(primary=False, serves_pods=True, attached_at=self.seconds)
        self._store.interfaces.append(eni)
        self._store.fill(eni, units, PREFIX_IPS if self._prefixes else 1)
        self._did(ActionKind.NEW_ENI, units)

    def _attach_trunk(self) -> None:
        """The resource controller attaches the trunk once ipamd says that a slot is free."""
        free_slot = len(self._store.interfaces) < self._eni_limit
        if self._wants_trunk and not self._trunks and free_slot and self._subnet.take(ips=1):
            self._trunks = 1

    def _give_back(self, count: int) -> None:
        self._gave_back_at = self.seconds
        for eni in self._store.interfaces:
            if count > 0 and (gone := self._store.give_back(eni, count)):
                self._return(gone)
                self._did(ActionKind.UNASSIGN, gone)
                count -= gone

    def _free_one_eni(self) -> None:
        for eni in self._store.interfaces:
            if eni.may_go(self.seconds) and not self._needed(eni):
                units = len(eni.cidrs)
                self._store.drop(eni)
                self._return(units, enis=1)
                self._did(ActionKind.FREE_ENI, units)
                return

    def _take(self, units: int, enis: int = 0) -> bool:
        if self._prefixes:
            return self._subnet.take(ips=enis, blocks=units)
        return self._subnet.take(ips=enis + units)

    def _return(self, units: int, enis: int = 0) -> None:
        if self._prefixes:
            self._subnet.put_back(ips=enis, blocks=units)
        else:
            self._subnet.put_back(ips=enis + units)

    def _did(self, kind: ActionKind, units: int) -> None:
        self.actions.append(Action(seconds=self.seconds, kind=kind, units=units))

    def _serve(self) -> None:
        while self.waiting and self._store.assign(self.seconds):
            self.waiting -= 1
