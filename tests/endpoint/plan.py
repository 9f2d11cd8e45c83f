"""What a fleet is made of: accounts, regions, subnets, interfaces; small for behaviour, full size for load."""

from dataclasses import dataclass, replace
from functools import cached_property

REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
"""The regions of a fleet unless it names others."""

READER_ROLE = "eksip-reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """What one account holds in one region; interfaces are spread unevenly over the subnets, 1 to 4.

    `addresses` is how many each interface holds. The first `prefix_subnets` are in prefix mode: their interfaces hold
    one address and two /28s. The first `reserved_subnets` have a prefix reservation of their upper half.
    `ipv6_subnets` come on top of `subnets` and have no IPv4 block. The first `shared_subnets` are shared with the
    accounts of `shared_with`, each of which has `participant_interfaces` of its own in each of them. Each cluster runs
    its nodes in `cluster_subnets` of its share of the subnets, 0 for all of them. `cni_metrics` says whether the
    clusters run the CNI Metrics Helper.
    """

    region: str
    subnets: int = 6
    interfaces: int = 12
    addresses: int = 10
    prefix_subnets: int = 0
    reserved_subnets: int = 0
    ipv6_subnets: int = 0
    shared_subnets: int = 0
    shared_with: tuple[str, ...] = ()
    participant_interfaces: int = 0
    clusters: int = 0
    cluster_subnets: int = 0
    cni_metrics: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """One account: its regions, its place in the organization, and who may assume its roles.

    Without `trusted` every account of the fleet may. An opt-in region is enabled where `regions` has it.
    """

    account_id: str
    name: str
    regions: tuple[RegionPlan, ...] = ()
    status: str = "ACTIVE"
    external_id: str = ""
    roles: tuple[str, ...] = (READER_ROLE,)
    trusted: tuple[str, ...] = ()
    max_session_seconds: int = 3600


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The accounts of one organization; the first is its management account, whose credentials the bot starts with.

    `offered` are the regions enabled in every account, `opt_in` those that an account must enable. `owner_sees_all`
    says whether the owner of a shared subnet is shown the interfaces of the participants. `delegated` are accounts
    that may list the organization beside the management account. With `empty_first_page` its list begins with a page
    that holds no account but the token of the next, as AWS may answer.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html (owners see the interfaces of
    the subnets they share, participants their own).
    """

    accounts: tuple[AccountPlan, ...]
    seed: int = 1
    offered: tuple[str, ...] = REGIONS
    opt_in: tuple[str, ...] = ("ap-east-1", "me-south-1")
    owner_sees_all: bool = True
    delegated: tuple[str, ...] = ()
    empty_first_page: bool = False

    @property
    def management_id(self) -> str:
        """The id of the organization's management account."""
        return self.accounts[0].account_id

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The position of each account by its id."""
        return {account.account_id: number for number, account in enumerate(self.accounts)}

    @property
    def subnet_count(self) -> int:
        """How many subnets the fleet starts with."""
        return sum(region.subnets + region.ipv6_subnets for account in self.accounts for region in account.regions)

    @property
    def interface_count(self) -> int:
        """How many interfaces the fleet starts with, without those of participants."""
        return sum(region.interfaces for account in self.accounts for region in account.regions)


def account_id(number: int) -> str:
    """The id of the fleet's account of that number, from 0; twelve digits."""
    return f"{210_000_000_000 + 1009 * number:012d}"


def role_arn(account: str, role: str = READER_ROLE) -> str:
    """The ARN of an account's role."""
    return f"arn:aws:iam::{account}:role/{role}"


def base_access_key(account: str) -> str:
    """The access key id of an account's own long-lived credentials."""
    return f"AKIA{account}BASE"


SMALL = RegionPlan(region="", clusters=1)
"""The plan of each region of a small fleet: 6 subnets, 12 interfaces of 10 addresses, one cluster."""


def small_fleet(
    *, accounts: int = 3, regions: tuple[str, ...] = REGIONS[:2], plan: RegionPlan = SMALL, seed: int = 1
) -> Fleet:
    """A fleet for behaviour tests: every account holds in every region what the plan says, whatever its region."""
    return Fleet(
        accounts=tuple(
            AccountPlan(
                account_id=account_id(number),
                name=f"team-{number:03d}",
                regions=tuple(replace(plan, region=region) for region in regions),
            )
            for number in range(accounts)
        ),
        offered=regions,
        seed=seed,
    )


def full_fleet(
    *,
    accounts: int = 500,
    regions: tuple[str, ...] = REGIONS,
    subnets: int = 40,
    interfaces: int = 200_000,
    addresses: int = 10,
    zipf: float = 0.0,
    clusters: int = 1,
    cluster_subnets: int = 0,
    seed: int = 1,
) -> Fleet:
    """A fleet for load: `interfaces` in all, evenly over the account-regions, or as 1/rank**zipf.

    500 accounts in 4 regions of 40 subnets are 80,000 subnets; with zipf=1.0 the fullest account-region holds about
    24,400 of 200,000 interfaces. The ranks are spread over the accounts, so that big and small ones alternate.
    """
    places = accounts * len(regions)
    shares = _shares(interfaces, places, zipf)
    # Any stride coprime with the number of places visits each place once.
    stride = next(step for step in range(places // 3 + 1, 2 * places + 2) if _coprime(step, places))
    spread = [shares[place * stride % places] for place in range(places)]
    return Fleet(
        accounts=tuple(
            AccountPlan(
                account_id=account_id(number),
                name=f"team-{number:03d}",
                regions=tuple(
                    RegionPlan(
                        region=region,
                        subnets=subnets,
                        interfaces=spread[number * len(regions) + position],
                        addresses=addresses,
                        clusters=clusters,
                        cluster_subnets=cluster_subnets,
                    )
                    for position, region in enumerate(regions)
                ),
            )
            for number in range(accounts)
        ),
        offered=regions,
        seed=seed,
    )


def _shares(total: int, places: int, zipf: float) -> list[int]:
    """Whole shares of the total by rank, largest first; what rounding leaves goes to the last ones."""
    weights = [1.0 / rank**zipf for rank in range(1, places + 1)]
    whole = sum(weights)
    shares = [int(total * weight / whole) for weight in weights]
    for left in range(total - sum(shares)):
        shares[-1 - left % places] += 1
    return shares


def _coprime(first: int, second: int) -> bool:
    while second:
        first, second = second, first % second
    return first == 1
