"""Block maps and status, of one subnet and of a fleet, against sets of `ipaddress` objects."""

import random
from collections import defaultdict
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.blocks import block_map
from bot.capacity.fragmentation import Fragmentation
from bot.capacity.standing import standings
from bot.capacity.subnets import Limits
from bot.inventory import Eni, Subnet, SubnetContents

from .table import row, seconds

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LIMITS = Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12)
FLEET_SUBNETS, FLEET_ENIS, IPS_PER_ENI = 80_000, 200_000, 10
SAMPLE = 4_000
"""Subnets of the fleet the baseline is given; its time is multiplied to the whole fleet, for it is linear."""


def measure() -> None:
    """The rows of this subject."""
    cidr = IPv4Network("10.0.0.0/20")
    enis = interfaces(_subnet("subnet-1", cidr), cidr, 200, IPS_PER_ENI, random.Random(7))
    assert block_map(cidr, enis).free == blocks_by_sets(cidr, enis)[0]
    row(
        "block map of a /20 with 200 interfaces",
        seconds(lambda: block_map(cidr, enis)),
        "sets of ipaddress objects",
        seconds(lambda: blocks_by_sets(cidr, enis)),
    )
    large = IPv4Network("10.0.0.0/16")
    many = interfaces(_subnet("subnet-2", large), large, 2_000, IPS_PER_ENI, random.Random(7))
    row(
        "what to drain first in a /16 with 2,000 interfaces",
        seconds(lambda: Fragmentation(large, many, ()).plan(), 3),
        "its block map by sets of ipaddress objects",
        seconds(lambda: blocks_by_sets(large, many), 3),
    )
    _fleet()


def _fleet() -> None:
    subnets, enis = fleet(FLEET_SUBNETS, FLEET_ENIS)
    read = frozenset(subnet.subnet_id for subnet in subnets)
    contents = SubnetContents(
        subnet_ids=read, observed_at=NOW, enis=tuple(enis), enis_read=read, reservations_read=read
    )
    found = standings(subnets, contents, LIMITS)
    sample = subnets[:SAMPLE]
    assert status_by_sets(sample, enis) == {
        subnet.subnet_id: (blocks.free, blocks.fragmented, blocks.full, blocks.used_ips)
        for subnet in sample
        if (blocks := found[subnet.subnet_id].blocks) is not None
    }
    held = {subnet.subnet_id for subnet in sample}
    enis_of_sample = [eni for eni in enis if eni.subnet_id in held]
    baseline = f"sets of ipaddress objects, {SAMPLE:,} subnets x {FLEET_SUBNETS // SAMPLE}"
    theirs = seconds(lambda: status_by_sets(sample, enis_of_sample), 1) * (FLEET_SUBNETS / SAMPLE)
    row(
        f"block maps and status: {FLEET_SUBNETS:,} subnets, {FLEET_ENIS:,} interfaces",
        seconds(lambda: standings(subnets, contents, LIMITS), 3),
        baseline,
        theirs,
    )
    row(
        f"status from the address counts alone: {FLEET_SUBNETS:,} subnets",
        seconds(lambda: standings(subnets, None, LIMITS), 3),
        baseline,
        theirs,
    )


def fleet(subnet_count: int, eni_count: int) -> tuple[list[Subnet], list[Eni]]:
    """Subnets of /24, one in ten a /20, and interfaces of ten addresses spread over them at random, as nodes are."""
    chance = random.Random(11)
    per_subnet: defaultdict[int, int] = defaultdict(int)
    for _ in range(eni_count):
        per_subnet[chance.randrange(subnet_count)] += 1
    subnets, enis = [], []
    for number in range(subnet_count):
        cidr = IPv4Network((int(IPv4Address("10.0.0.0")) + number * 4096, 20 if number % 10 == 0 else 24))
        count = min(per_subnet[number], (cidr.num_addresses - 5) // IPS_PER_ENI)
        subnet = _subnet(f"subnet-{number:08x}", cidr, count * IPS_PER_ENI)
        subnets.append(subnet)
        enis += interfaces(subnet, cidr, count, IPS_PER_ENI, chance)
    return subnets, enis


def interfaces(subnet: Subnet, cidr: IPv4Network, count: int, per_eni: int, chance: random.Random) -> list[Eni]:
    """Interfaces with scattered addresses, as EC2 hands them out."""
    base = int(cidr.network_address)
    chosen = iter(chance.sample(range(4, cidr.num_addresses - 1), count * per_eni))
    return [
        Eni(
            eni_id=f"eni-{subnet.subnet_id[7:]}-{number}",
            subnet_id=subnet.subnet_id,
            vpc_id=subnet.vpc_id,
            account_id=subnet.account_id,
            owner_id=subnet.account_id,
            region=subnet.region,
            az=subnet.az,
            status="in-use",
            interface_type="interface",
            description=f"aws-K8S-i-{number:017x}",
            addresses=tuple(IPv4Address(base + next(chosen)) for _ in range(per_eni)),
            instance_id=f"i-{number:017x}",
        )
        for number in range(count)
    ]


def blocks_by_sets(cidr: IPv4Network, enis: list[Eni]) -> tuple[int, int, int, int]:
    """The baseline: free, fragmented and full blocks and used addresses from sets, every /28 asked by address."""
    used = {address for eni in enis for address in eni.addresses}
    free = full = 0
    blocks = list(cidr.subnets(new_prefix=28))[1:-1]
    for block in blocks:
        taken = sum(address in used for address in block)
        free += taken == 0
        full += taken == 16
    return free, len(blocks) - free - full, full, len(used)


def status_by_sets(subnets: list[Subnet], enis: list[Eni]) -> dict[str, tuple[int, int, int, int]]:
    """The baseline for a fleet: interfaces sorted by subnet, then `blocks_by_sets` of each."""
    held: defaultdict[str, list[Eni]] = defaultdict(list)
    for eni in enis:
        held[eni.subnet_id].append(eni)
    return {s.subnet_id: blocks_by_sets(s.cidr, held[s.subnet_id]) for s in subnets if s.cidr is not None}


def _subnet(subnet_id: str, cidr: IPv4Network, taken_ips: int = 0) -> Subnet:
    return Subnet(
        subnet_id=subnet_id,
        name="",
        account_id="111122223333",
        region="eu-west-1",
        az_id="euw1-az1",
        az="eu-west-1a",
        vpc_id="vpc-1",
        cidr=cidr,
        available_ips=cidr.num_addresses - 5 - taken_ips,
        observed_at=NOW,
    )
