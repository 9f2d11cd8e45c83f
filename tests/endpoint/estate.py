"""All accounts and regions of a fleet: made when first asked for, changed on demand, seen with each account's eyes."""

import random
from collections.abc import Callable, Iterator
from functools import cache
from ipaddress import IPv4Network

from bot.demo.allocator import ReservationType

from .answers import ApiError
from .content import ZONES, Interface, RegionState, SubnetState
from .plan import AccountPlan, Fleet


class Estate:
    """The state of a fleet. Not thread-safe: the engine's lock is held around it.

    `on_change` hears the owner and the region of whatever changes, and the accounts that see it.
    """

    def __init__(self, fleet: Fleet, on_change: Callable[[str, str], None]) -> None:
        self.fleet = fleet
        self._on_change = on_change
        self._numbers = fleet.numbers
        self._states: dict[tuple[str, str], RegionState | None] = {}
        self._statuses = {account.account_id: account.status for account in fleet.accounts}
        self._enabled = {
            (account.account_id, plan.region): True for account in fleet.accounts for plan in account.regions
        }
        self._shares: dict[tuple[str, str], dict[str, None]] = {}
        for account in fleet.accounts:
            for plan in account.regions:
                for participant in plan.shared_with if plan.shared_subnets else ():
                    self._shares.setdefault((participant, plan.region), {})[account.account_id] = None

    def account(self, account_id: str) -> AccountPlan | None:
        """The account of the fleet, whether it is still in the organization or not."""
        number = self._numbers.get(account_id)
        return None if number is None else self.fleet.accounts[number]

    def members(self) -> Iterator[tuple[AccountPlan, str]]:
        """The accounts of the organization with their status."""
        return (
            (account, self._statuses[account.account_id])
            for account in self.fleet.accounts
            if account.account_id in self._statuses
        )

    def is_member(self, account_id: str) -> bool:
        """Whether the account is in the organization and open."""
        return self._statuses.get(account_id) == "ACTIVE"

    def is_enabled(self, account_id: str, region: str) -> bool:
        """Whether the account may use the region."""
        return self._enabled.get((account_id, region), region in self.fleet.offered)

    def state(self, account_id: str, region: str) -> RegionState | None:
        """What the account holds in the region; None where the plan has nothing."""
        key = (account_id, region)
        if key not in self._states:
            self._states[key] = self._made(account_id, region)
        return self._states[key]

    def subnets_seen(self, account_id: str, region: str) -> list[SubnetState]:
        """The subnets the account owns and those shared with it, deleted ones included."""
        own = self.state(account_id, region)
        seen = list(own.subnets.values()) if own else []
        for owner in self._shares.get((account_id, region), ()):
            state = self.state(owner, region)
            seen += (subnet for subnet in state.subnets.values() if account_id in subnet.shared_with) if state else ()
        return seen

    def interfaces_seen(self, account_id: str, subnet: SubnetState) -> list[Interface]:
        """The interfaces of the subnet that the account is shown."""
        if not subnet.shared_with or (account_id == subnet.region.account_id and self.fleet.owner_sees_all):
            return subnet.interfaces
        return [interface for interface in subnet.interfaces if interface.owner_id == account_id]

    def zone(self, account_id: str, region: str, zone: int) -> tuple[str, str]:
        """The zone's name in the account and its id: the names are shuffled by account, the ids are not.

        Source: https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
        """
        return f"{region}{'abc'[_shuffled(self.fleet.seed, account_id, region)[zone]]}", zone_id(region, zone)

    def subnet(self, subnet_id: str) -> SubnetState:
        """The subnet of that id.

        Raises: ApiError InvalidSubnetID.NotFound.
        """
        key = subnet_id.removeprefix("subnet-")
        try:
            account = self.fleet.accounts[int(key[1:5], 16) - 1]
            state = self.state(account.account_id, account.regions[int(key[5:7], 16)].region)
            found = state.subnets.get(int(key[7:11], 16)) if state else None
        except (ValueError, IndexError):
            found = None
        if found is None or found.subnet_id != subnet_id or found.deleted:
            raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        return found

    def subnet_ids(self, account_id: str, region: str) -> tuple[str, ...]:
        """The ids of the subnets that the account owns in the region."""
        state = self.state(account_id, region)
        return tuple(subnet.subnet_id for subnet in state.subnets.values() if not subnet.deleted) if state else ()

    def available_ips(self, subnet_id: str) -> int:
        """AvailableIpAddressCount of the subnet now."""
        return self.subnet(subnet_id).available_ips

    def take(self, subnet_id: str, addresses: int, prefixes: int = 0, owner_id: str = "") -> str:
        """Create an interface; its id.

        Raises: AllocationError when it does not fit.
        """
        subnet = self.subnet(subnet_id)
        interface = subnet.take(addresses, prefixes, owner_id or subnet.region.account_id)
        self._changed(subnet)
        return interface.eni_id

    def release(self, eni_id: str) -> None:
        """Delete an interface.

        Raises: ApiError when it does not exist.
        """
        subnet = self.subnet(f"subnet-{eni_id.removeprefix('eni-')[:11]}000000")
        for interface in subnet.interfaces:
            if interface.eni_id == eni_id:
                subnet.release(interface)
                self._changed(subnet)
                return
        raise ApiError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{eni_id}' does not exist")

    def reserve(self, subnet_id: str, cidr: str, reservation_type: str = "prefix") -> None:
        """Set a range of the subnet aside.

        Raises: AllocationError when it is not free for that.
        """
        subnet = self.subnet(subnet_id)
        subnet.space.reserve(IPv4Network(cidr), ReservationType(reservation_type))
        self._changed(subnet)

    def create_subnet(self, account_id: str, region: str, cidr: str, name: str, listings: int = 0) -> str:
        """Create a subnet that the next `listings` listings do not show; its id."""
        state = self.state(account_id, region)
        if state is None:
            raise ValueError(f"the fleet has no {region} in account {account_id}")
        subnet = state.add(IPv4Network(cidr), name)
        subnet.since = state.listings + listings
        self._changed(subnet)
        return subnet.subnet_id

    def delete_subnet(self, subnet_id: str, listings: int = 0) -> None:
        """Delete a subnet that the next `listings` listings still show; asked for by its id it is gone at once."""
        subnet = self.subnet(subnet_id)
        subnet.deleted = True
        subnet.gone_after = subnet.region.listings + listings
        self._changed(subnet)

    def hide_subnet(self, subnet_id: str, listings: int) -> None:
        """Leave a subnet out of the next `listings` listings; asked for by its id it is there."""
        subnet = self.subnet(subnet_id)
        subnet.hidden = (subnet.region.listings, subnet.region.listings + listings)
        self._changed(subnet)

    def share(self, subnet_id: str, account_ids: tuple[str, ...]) -> None:
        """Share the subnet with exactly these accounts."""
        subnet = self.subnet(subnet_id)
        self._changed(subnet)
        subnet.shared_with = account_ids
        for participant in account_ids:
            shares = self._shares.setdefault((participant, subnet.region.region), {})
            shares[subnet.region.account_id] = None
        self._changed(subnet)

    def set_status(self, account_id: str, status: str) -> None:
        """Give the account a status in the organization: ACTIVE, SUSPENDED or PENDING_CLOSURE; it joins if it left."""
        self._statuses[account_id] = status

    def leave(self, account_id: str) -> None:
        """Take the account out of the organization and delete its roles, as a departing StackSet does."""
        self._statuses.pop(account_id, None)

    def enable_region(self, account_id: str, region: str) -> None:
        """Enable a region of the account."""
        self._enabled[account_id, region] = True

    def disable_region(self, account_id: str, region: str) -> None:
        """Disable a region of the account: its services no longer accept the credentials."""
        self._enabled[account_id, region] = False

    def _changed(self, subnet: SubnetState) -> None:
        region = subnet.region.region
        for account_id in (subnet.region.account_id, *subnet.shared_with):
            self._on_change(account_id, region)

    def _made(self, account_id: str, region: str) -> RegionState | None:
        account = self.account(account_id)
        for position, plan in enumerate(account.regions if account else ()):
            if account and plan.region == region:
                number = self._numbers[account_id]
                return RegionState(
                    account_id=account_id,
                    account_name=account.name,
                    key=f"0{number + 1:04x}{position:02x}",
                    number=number * len(account.regions) + position,
                    seed=self.fleet.seed,
                    plan=plan,
                )
        return None


@cache
def zone_id(region: str, zone: int) -> str:
    """The zone's id, the same in every account, such as euw1-az1 or apse2-az3."""
    area, direction, number = region.split("-")
    letters = "".join(part[0] for part in ("north", "south", "east", "west", "central") if part in direction)
    return f"{area}{letters}{number}-az{zone + 1}"


@cache
def _shuffled(seed: int, account_id: str, region: str) -> list[int]:
    order = list(range(ZONES))
    random.Random(f"{seed}:zones:{account_id}:{region}").shuffle(order)
    return order
