"""Which IPv4 blocks may be added to a VPC: AWS's association rules, and candidates that pass them."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from ipaddress import IPv4Network, collapse_addresses
from itertools import islice

LARGEST_LENGTH, SMALLEST_LENGTH = 16, 28
"""A VPC block and a subnet are a /28 to a /16.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

DEFAULT_QUOTA, LARGEST_QUOTA, QUOTA_CODE = 5, 50, "L-83CA0A9D"
"""IPv4 blocks of a VPC, the primary included: 5, which AWS raises to 50 on request.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

DOCKER_RANGE = IPv4Network("172.17.0.0/16")
"""Docker's default bridge, used inside Cloud9 and SageMaker: allowed by AWS, best avoided.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

SERVICE_RANGES = (IPv4Network("10.100.0.0/16"), IPv4Network("172.20.0.0/16"))
"""Where EKS takes a cluster's Service range from unless one was given at creation.

Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
"""

NEIGHBOUR_LENGTH = 20
"""Longest prefix suggested from the VPC's own range: a smaller block than a /20 would soon need the next one."""

_TRIES = 4096
"""Blocks of one range looked at for a candidate: all 4,096 of the /20s in 10.0.0.0/8."""


class AddressRange(Enum):
    """The ranges that AWS's table of associations tells apart; the value is how they are shown."""

    TEN = "10.0.0.0/8"
    ONE_SEVEN_TWO = "172.16.0.0/12"
    ONE_NINE_TWO = "192.168.0.0/16"
    BENCHMARK = "198.19.0.0/16"
    SHARED = "100.64.0.0/10"
    PUBLIC = "publicly routable"
    LINK_LOCAL = "169.254.0.0/16"
    NO_HOSTS = "loopback, multicast or 0.0.0.0/8"
    OTHER = "in no row of AWS's table"


_NETWORKS = {
    named: IPv4Network(named.value)
    for named in (
        AddressRange.TEN,
        AddressRange.ONE_SEVEN_TWO,
        AddressRange.ONE_NINE_TWO,
        AddressRange.BENCHMARK,
        AddressRange.SHARED,
        AddressRange.LINK_LOCAL,
    )
}
_NO_HOSTS = (IPv4Network("0.0.0.0/8"), IPv4Network("127.0.0.0/8"), IPv4Network("224.0.0.0/4"))

RFC1918 = (AddressRange.TEN, AddressRange.ONE_SEVEN_TWO, AddressRange.ONE_NINE_TWO)
"""The private ranges, of which a VPC may use one."""

_BESIDE_ANY = frozenset({AddressRange.PUBLIC, AddressRange.SHARED})

_REFUSED = {
    AddressRange.TEN: frozenset({AddressRange.ONE_SEVEN_TWO, AddressRange.ONE_NINE_TWO, AddressRange.BENCHMARK}),
    AddressRange.ONE_SEVEN_TWO: frozenset({AddressRange.TEN, AddressRange.ONE_NINE_TWO, AddressRange.BENCHMARK}),
    AddressRange.ONE_NINE_TWO: frozenset({AddressRange.TEN, AddressRange.ONE_SEVEN_TWO, AddressRange.BENCHMARK}),
    AddressRange.BENCHMARK: frozenset(RFC1918),
    AddressRange.SHARED: frozenset({*RFC1918, AddressRange.BENCHMARK}),
    AddressRange.PUBLIC: frozenset({*RFC1918, AddressRange.BENCHMARK}),
}
"""What a block of each range refuses beside it.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (IPv4 CIDR block association
restrictions); two finer rules of that table are in `_table_rule`.
"""

_TEN_FIRST_TWO, _TEN_FIRST, _DEFAULT_VPC = (
    IPv4Network("10.0.0.0/15"),
    IPv4Network("10.0.0.0/16"),
    IPv4Network("172.31.0.0/16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A block that might be added: `allowed` is None where the rules do not settle it; `reason` says why.

    `not_checked` names what the verdict does not rest on because it is not known.
    """

    cidr: IPv4Network
    allowed: bool | None
    reason: str
    not_checked: tuple[str, ...] = ()

    @property
    def explanation(self) -> str:
        """The reason, and what was not checked."""
        return f"{self.reason} Not checked: {', '.join(self.not_checked)}." if self.not_checked else self.reason


def range_of(cidr: IPv4Network) -> AddressRange:
    """The row of AWS's table that a block belongs to.

    Example: `range_of(IPv4Network("100.64.0.0/16"))` is `AddressRange.SHARED`.
    """
    for named, network in _NETWORKS.items():
        if cidr.subnet_of(network):
            return named
    if any(cidr.overlaps(network) for network in _NO_HOSTS):
        return AddressRange.NO_HOSTS
    return AddressRange.PUBLIC if cidr.is_global else AddressRange.OTHER


def association(
    candidate: IPv4Network,
    cidrs: Sequence[IPv4Network],
    *,
    routes: Iterable[IPv4Network] | None = None,
    peer_cidrs: Iterable[IPv4Network] | None = None,
    pending_requests: Sequence[str] = (),
    other_cidrs: Iterable[IPv4Network] = (),
    quota: int | None = None,
) -> Candidate:
    """Whether `candidate` may be associated with a VPC that has `cidrs` (primary first), and why.

    `routes` are the destinations in the VPC's route tables and `peer_cidrs` the blocks of actively peered VPCs: None
    when not known, which the reason says. `pending_requests` are the peerings that the VPC asks for: until they are
    answered it takes no block. `other_cidrs` (of other VPCs) never refuse, they are warned of. `quota` is the
    account's blocks per VPC, None when not known.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    Example: `association(IPv4Network("192.168.0.0/16"), [IPv4Network("10.0.0.0/16")]).allowed` is False.
    """
    overlaps = _overlap(candidate, cidrs)
    refusals = [
        *_size(candidate),
        *overlaps,
        *_routed(candidate, routes or ()),
        *(f"overlaps {peer} of a peered VPC" for peer in peer_cidrs or () if peer.overlaps(candidate)),
    ]
    verdict, words = _by_table(candidate, cidrs)
    if verdict is False and not overlaps:
        refusals.append(words)
    full, quota_words = _quota(len(cidrs), quota)
    if full is False:
        refusals.append(quota_words)
    if pending_requests:
        refusals.append(
            f"its request for the peering {pending_requests[0]} is pending: until it is accepted or deleted AWS adds "
            "no block to the VPC that asks"
        )
    if refusals:
        return Candidate(cidr=candidate, allowed=False, reason=_sentence(refusals))
    open_questions = [text for known, text in ((verdict, words), (full, quota_words)) if known is None]
    allowed = None if open_questions else True
    said = [*(open_questions or [words]), *_warnings(candidate, other_cidrs)]
    missing = tuple(name for name, known in (("routes", routes), ("peerings", peer_cidrs)) if known is None)
    return Candidate(cidr=candidate, allowed=allowed, reason=_sentence(said), not_checked=missing)


def candidates(
    cidrs: Sequence[IPv4Network],
    *,
    routes: Iterable[IPv4Network] | None = None,
    peer_cidrs: Iterable[IPv4Network] | None = None,
    pending_requests: Sequence[str] = (),
    other_cidrs: Iterable[IPv4Network] = (),
    quota: int | None = None,
    each: int = 2,
) -> tuple[Candidate, ...]:
    """Blocks worth adding, best first: /16s of 100.64.0.0/10 for pods, then neighbours in the VPC's own range.

    At most `each` of a range; what the table refuses is left out, and so is what other VPCs use unless all of
    100.64.0.0/10 is. At the quota, or while the VPC asks for a peering, every block is shown as refused for that
    reason alone.
    """
    others = tuple(other_cidrs)
    judge = partial(
        association,
        routes=None if routes is None else tuple(routes),
        peer_cidrs=None if peer_cidrs is None else tuple(peer_cidrs),
    )
    apart = _apart((*others, *SERVICE_RANGES, DOCKER_RANGE))

    def fits(block: IPv4Network) -> bool:
        return judge(block, cidrs, quota=len(cidrs) + 1).allowed is not False

    shared = [block for block in _NETWORKS[AddressRange.SHARED].subnets(new_prefix=LARGEST_LENGTH) if fits(block)]
    found = ([block for block in shared if apart(block)] or shared)[:each]
    found += islice((block for block in _neighbours(cidrs) if apart(block) and fits(block)), each)
    ranked = [
        judge(block, cidrs, pending_requests=pending_requests, other_cidrs=others, quota=quota) for block in found
    ]
    return tuple(sorted(ranked, key=lambda candidate: candidate.allowed is None))


def _size(candidate: IPv4Network) -> list[str]:
    length = candidate.prefixlen
    if length < LARGEST_LENGTH:
        return [f"a /{length} is larger than a /{LARGEST_LENGTH}, the largest block of a VPC: add /16s of it"]
    if length > SMALLEST_LENGTH:
        return [f"a /{length} is smaller than a /{SMALLEST_LENGTH}, the smallest block of a VPC"]
    return []


def _overlap(candidate: IPv4Network, cidrs: Sequence[IPv4Network]) -> list[str]:
    return [f"overlaps {own}, which the VPC has" for own in cidrs if own.overlaps(candidate)]


def _routed(candidate: IPv4Network, routes: Iterable[IPv4Network]) -> list[str]:
    """A block may not equal or contain a route's destination; one inside a wider destination is accepted."""
    return [f"equals or contains the route to {route}" for route in routes if route.subnet_of(candidate)]


def _by_table(candidate: IPv4Network, cidrs: Sequence[IPv4Network]) -> tuple[bool | None, str]:
    """What the table says: refused when a row refuses and none allows, not settled when rows disagree or are silent."""
    kind = range_of(candidate)
    if kind is AddressRange.LINK_LOCAL:
        return False, "169.254.0.0/16 is link-local: no VPC may use it"
    if kind is AddressRange.NO_HOSTS:
        return False, "hosts cannot have addresses of 0.0.0.0/8, 127.0.0.0/8 or 224.0.0.0/4"
    rows = [(own, *_table_rule(candidate, own, cidrs)) for own in cidrs]
    refusing = [(own, words) for own, allowed, words in rows if allowed is False]
    allowing = [own for own, allowed, _ in rows if allowed]
    if refusing and allowing:
        words = refusing[0][1]
        return None, (
            f"AWS's table contradicts itself here: {allowing[0]} allows it, and {words}. "
            "AssociateVpcCidrBlock has no dry run; a refused call changes nothing"
        )
    if refusing:
        return False, refusing[0][1]
    if any(allowed is None for _, allowed, _ in rows):
        silent = next(own for own, allowed, _ in rows if allowed is None)
        return None, f"AWS's table does not say whether it may stand beside {silent}"
    return True, _allowed_words(kind, cidrs)


def _table_rule(candidate: IPv4Network, own: IPv4Network, cidrs: Sequence[IPv4Network]) -> tuple[bool | None, str]:
    """The verdict of the row of one block that the VPC has; None where that row is silent."""
    kind, row = range_of(candidate), range_of(own)
    if row not in _REFUSED or kind is AddressRange.OTHER:
        return None, ""
    if kind in _REFUSED[row]:
        return False, f"beside {own} ({row.value}) AWS refuses {_kind_words(kind)}"
    in_first_two = [block for block in cidrs if block.subnet_of(_TEN_FIRST_TWO)]
    if row is AddressRange.TEN and candidate.subnet_of(_TEN_FIRST) and in_first_two:
        return False, f"10.0.0.0/16 is closed to a VPC with a block in 10.0.0.0/15 ({in_first_two[0]})"
    if row is AddressRange.ONE_SEVEN_TWO and candidate.subnet_of(_DEFAULT_VPC):
        return False, f"beside {own} AWS refuses 172.31.0.0/16"
    again = kind is row and row is not AddressRange.BENCHMARK  # the row of 198.19 does not name itself
    return (True, "") if again or kind in _BESIDE_ANY else (None, "")


def _kind_words(kind: AddressRange) -> str:
    hint = " (the EKS guide's suggestion of 198.19 does not hold here)" if kind is AddressRange.BENCHMARK else ""
    return f"{kind.value}{hint}"


def _allowed_words(kind: AddressRange, cidrs: Sequence[IPv4Network]) -> str:
    if kind is AddressRange.SHARED:
        return "100.64.0.0/10 may stand beside any block, and is not routed outside"
    if kind is AddressRange.PUBLIC:
        return "a public block may stand beside any block; use one that you own"
    own = next((block for block in cidrs if range_of(block) is kind), None)
    return f"same range as {own}" if own is not None else f"{kind.value} is free to use"


def _quota(blocks: int, quota: int | None) -> tuple[bool | None, str]:
    """Whether one more block fits the quota: None where the VPC already exceeds the default of an unknown quota."""
    limit = DEFAULT_QUOTA if quota is None else quota
    if blocks < limit:
        return True, ""
    if blocks >= LARGEST_QUOTA:
        return False, f"the VPC has {blocks} blocks, and AWS gives at most {LARGEST_QUOTA}"
    if quota is None and blocks > DEFAULT_QUOTA:
        return (
            None,
            f"the VPC has {blocks} blocks: the quota was raised above {DEFAULT_QUOTA}, to what is not known",
        )
    whose = "the default quota" if quota is None else "the quota"
    return (
        False,
        f"the VPC has {blocks} blocks, {whose} of {limit} ({QUOTA_CODE}, up to {LARGEST_QUOTA} on request)",
    )


def _warnings(candidate: IPv4Network, others: Iterable[IPv4Network]) -> Iterator[str]:
    if candidate.overlaps(DOCKER_RANGE):
        yield "avoid 172.17.0.0/16: Docker, Cloud9 and SageMaker use it inside"
    for service in SERVICE_RANGES:
        if candidate.overlaps(service):
            yield f"EKS often takes Services from {service}: compare with the cluster's serviceIpv4Cidr"
    clash = next((other for other in others if other.overlaps(candidate)), None)
    if clash is not None:
        yield f"another VPC has {clash}: the two cannot be peered or routed to each other"


def _neighbours(cidrs: Sequence[IPv4Network]) -> Iterator[IPv4Network]:
    """Blocks of the VPC's first RFC1918 range, the primary's size but at least a /20, from its last block onwards."""
    own = next((block for block in cidrs if range_of(block) in RFC1918), None)
    if own is None:
        return
    network = _NETWORKS[range_of(own)]
    length = min(max(own.prefixlen, LARGEST_LENGTH), NEIGHBOUR_LENGTH)
    size = 2 ** (32 - length)
    last = max(block for block in cidrs if block.subnet_of(network))
    start = (int(last.broadcast_address) + size) // size * size - int(network.network_address)
    for step in range(min(network.num_addresses // size, _TRIES)):
        offset = (start + step * size) % network.num_addresses
        yield IPv4Network((int(network.network_address) + offset, length))


def _apart(taken: Iterable[IPv4Network]) -> Callable[[IPv4Network], bool]:
    """Whether a block overlaps none of the ranges: a binary search, since a fleet has thousands of VPCs."""
    ranges = list(collapse_addresses(taken))
    ends = [int(network.broadcast_address) for network in ranges]

    def apart(block: IPv4Network) -> bool:
        index = bisect_left(ends, int(block.network_address))
        return index == len(ranges) or int(ranges[index].network_address) > int(block.broadcast_address)

    return apart


def _sentence(parts: Iterable[str]) -> str:
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] + "."
