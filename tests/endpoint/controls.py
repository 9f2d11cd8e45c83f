"""What a test or a bench does with an endpoint: read its counters, change its state, switch faults on and off."""

from abc import ABC, abstractmethod
from typing import Any

from .answers import Kind
from .engine import Calls
from .faults import ALWAYS, Where
from .plan import Fleet, base_access_key


class Controls(ABC):
    """The controls of an endpoint, in this process or another; every method may be called while calls are under way.

    Wherever `account_id`, `region` and `api` (an operation's name, such as DescribeSubnets) are None, all are meant.
    AssumeRole counts as a call of the account whose role is assumed.
    """

    fleet: Fleet
    url: str

    @abstractmethod
    def _command(self, name: str, *args: object) -> Any:
        """What the engine returns for a command."""

    @property
    def environment(self) -> dict[str, str]:
        """The environment that sends botocore here, with the credentials of the management account."""
        return self.environment_of(self.fleet.management_id)

    def environment_of(self, account_id: str) -> dict[str, str]:
        """The same with the credentials of another account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": base_access_key(account_id),
            "AWS_SECRET_ACCESS_KEY": "s" * 40,
            "AWS_DEFAULT_REGION": self.fleet.offered[0],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def calls(self) -> Calls:
        """The calls so far."""
        found: Calls = self._command("calls")
        return found

    def forget_calls(self) -> None:
        """Count from zero."""
        self._command("forget_calls")

    def fail(
        self,
        kind: Kind,
        *,
        account_id: str | None = None,
        region: str | None = None,
        api: str | None = None,
        times: int = ALWAYS,
        after: int = 0,
        chance: float = 1.0,
    ) -> int:
        """Switch a fault on, for the next `times` calls after `after` good ones; its number, for `repair`."""
        number: int = self._command(
            "fail", kind, Where(account_id=account_id, region=region, api=api), times, after, chance
        )
        return number

    def repair(self, number: int | None = None) -> None:
        """Switch one fault off, or all of them; a call that hangs goes on hanging."""
        self._command("repair", number)

    def set_latency(
        self,
        seconds: float,
        *,
        jitter: float = 0.0,
        account_id: str | None = None,
        region: str | None = None,
        api: str | None = None,
    ) -> None:
        """Answer after `seconds` and up to `jitter` more; what was set last counts."""
        self._command("set_latency", seconds, jitter, Where(account_id=account_id, region=region, api=api))

    def set_bucket(
        self,
        size: float,
        refill: float,
        *,
        account_id: str | None = None,
        region: str | None = None,
        api: str | None = None,
    ) -> None:
        """Give EC2 calls another token bucket; size 0 is a quota that somebody else uses up."""
        self._command("set_bucket", size, refill, Where(account_id=account_id, region=region, api=api))

    def reset_buckets(self) -> None:
        """Give every bucket EC2's size again, full."""
        self._command("reset_buckets")

    def set_skew(self, seconds: float) -> None:
        """Put the services' clock so many seconds ahead of this machine's (behind, where negative)."""
        self._command("set_skew", seconds)

    def set_session_seconds(self, seconds: float | None) -> None:
        """End role sessions handed out from now on after so many seconds; None: when they asked to."""
        self._command("set_session_seconds", seconds)

    def expire_sessions(self, account_id: str | None = None) -> None:
        """End the role sessions of an account now."""
        self._command("expire_sessions", account_id)

    def set_status(self, account_id: str, status: str) -> None:
        """Make an account ACTIVE (it joins if it had left), SUSPENDED or PENDING_CLOSURE."""
        self._command("set_status", account_id, status)

    def leave(self, account_id: str) -> None:
        """Take an account out of the organization; its roles are gone."""
        self._command("leave", account_id)

    def enable_region(self, account_id: str, region: str) -> None:
        """Enable a region of an account."""
        self._command("enable_region", account_id, region)

    def disable_region(self, account_id: str, region: str) -> None:
        """Disable a region of an account."""
        self._command("disable_region", account_id, region)

    def subnet_ids(self, account_id: str, region: str) -> tuple[str, ...]:
        """The ids of the subnets an account owns in a region."""
        found: tuple[str, ...] = self._command("subnet_ids", account_id, region)
        return found

    def available_ips(self, subnet_id: str) -> int:
        """AvailableIpAddressCount of a subnet."""
        found: int = self._command("available_ips", subnet_id)
        return found

    def take(self, subnet_id: str, addresses: int = 1, *, prefixes: int = 0, owner_id: str = "") -> str:
        """Create an interface with so many addresses and /28s, of the subnet's owner or a participant; its id.

        Raises: ApiError, with EC2's code, when they do not fit.
        """
        eni_id: str = self._command("take", subnet_id, addresses, prefixes, owner_id)
        return eni_id

    def release(self, eni_id: str) -> None:
        """Delete an interface."""
        self._command("release", eni_id)

    def reserve(self, subnet_id: str, cidr: str, reservation_type: str = "prefix") -> None:
        """Create a CIDR reservation."""
        self._command("reserve", subnet_id, cidr, reservation_type)

    def create_subnet(self, account_id: str, region: str, cidr: str, *, name: str = "new", listings: int = 0) -> str:
        """Create an empty subnet that the account's next `listings` listings do not show; its id."""
        subnet_id: str = self._command("create_subnet", account_id, region, cidr, name, listings)
        return subnet_id

    def delete_subnet(self, subnet_id: str, *, listings: int = 0) -> None:
        """Delete a subnet that the next `listings` listings still show; asked for by its id it is gone at once."""
        self._command("delete_subnet", subnet_id, listings)

    def hide_subnet(self, subnet_id: str, *, listings: int) -> None:
        """Leave a subnet out of the next `listings` listings; asked for by its id it is there."""
        self._command("hide_subnet", subnet_id, listings)

    def share(self, subnet_id: str, *account_ids: str) -> None:
        """Share a subnet with exactly these accounts."""
        self._command("share", subnet_id, account_ids)

    def prerender(self, *apis: str, page_size: int = 1000) -> int:
        """Write the pages of DescribeSubnets, DescribeNetworkInterfaces or both beforehand; their bytes."""
        written: int = self._command("prerender", apis, page_size)
        return written
