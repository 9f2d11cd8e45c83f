"""Judging a fleet: 80,000 subnets against every rule in one poll, against giving every sample to every rule."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any, cast

from bot.alerts import RULES, SubnetSample, Timing, advance
from bot.capacity.eni_limits import snapshot_limits
from bot.config import load
from bot.inventory import (
    Account,
    Cluster,
    CniSettings,
    InstanceLimits,
    Inventory,
    Nodegroup,
    RegionFacts,
    Subnet,
    SubnetContents,
    Vpc,
)
from bot.inventory.evidence import Asked, RegionEvidence
from bot.monitor.closer import Closer
from bot.monitor.judging import Judge
from bot.monitor.subjects import subjects
from bot.store import Store, open_store

from .table import row, seconds

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLL = timedelta(minutes=5)
ACCOUNTS, REGIONS, SUBNETS = 500, ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2"), 40
LOW_EVERY = 400
"""One subnet in so many is short of addresses: two hundred alerts are open all the time."""

PREFIX_EVERY = 10
"""One cluster in so many runs in prefix mode."""

SAMPLED = 4_000
"""Samples the baseline is given; its time is multiplied to all of them, for it is linear."""


class Fleet:
    """The outside of the judge: a reader that answers at once, and a clock."""

    def __init__(self) -> None:
        self.now = START
        self.contents_read = 0

    def contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """Nothing but what the address counts say: no interface is visible, no address reserved."""
        ids = frozenset(subnet.subnet_id for subnet in subnets)
        self.contents_read += len(ids)
        return SubnetContents(subnet_ids=ids, observed_at=self.now, enis_read=ids, reservations_read=ids)

    watched_contents = contents

    def confirm_gone(self, account: Account, region: str, subnet_ids: Iterable[str]) -> frozenset[str]:
        """Nothing is gone."""
        return frozenset()

    def evidence(self, account: Account, region: str, asked: Asked) -> RegionEvidence:
        """No figures."""
        return RegionEvidence(account_id=account.account_id, region=region, observed_at=self.now)

    def instance_limits(self, types: Iterable[str], account_id: str, region: str) -> dict[str, InstanceLimits]:
        """The snapshot's."""
        return {name: limits for name in types if (limits := snapshot_limits(name)) is not None}


def measure() -> None:
    """The row of this subject."""
    fleet = Fleet()
    with tempfile.TemporaryDirectory(prefix="eksip-bench-") as folder:
        store = open_store(f"sqlite:///{folder}/bench.db")
        settings = load({}, {"watches": [{"channel": "C0000001"}]})
        judge = Judge(cast(Any, fleet), store, settings, lambda: fleet.now)
        closer = Closer(cast(Any, fleet), store, settings)
        first = _inventory(START)
        for number in range(3):  # the first polls open the alerts and write the history
            _poll(judge, closer, store, fleet, _later(first, number))
        upcoming = iter([_later(first, number) for number in range(3, 6)])
        ours = seconds(lambda: _poll(judge, closer, store, fleet, next(upcoming)), 3)
        open_alerts = len(store.open_alerts())
        samples = judge.samples(_later(first, 6))
        theirs = seconds(lambda: _every_rule(first, samples[:SAMPLED]), 1) * len(samples) / SAMPLED
        store.close()
    row(
        f"alerts: {len(samples):,} subnets x {len(RULES)} rules, {open_alerts} open",
        ours,
        f"every sample to every rule, {SAMPLED:,} samples x {len(samples) // SAMPLED}",
        theirs,
    )


def _poll(judge: Judge, closer: Closer, store: Store, fleet: Fleet, inventory: Inventory) -> None:
    """A poll, with what the lanes do where the address count proves too little."""
    fleet.now += POLL
    closer.look_around(inventory.regions, (account.account_id for account in inventory.accounts))
    close = [subnet for facts in inventory.regions for subnet in (*closer.low(facts), *closer.for_blocks(facts))]
    store.save_occupancies(closer.read(close))
    judge.note(inventory, clusters=False)
    judge.judge(inventory, judge.samples(inventory))


def _every_rule(inventory: Inventory, samples: Sequence[SubnetSample]) -> int:
    """The baseline: each sample read by each of its rules, with its subject, whether or not anything can breach."""
    about, known = subjects(inventory), {subnet.subnet_id: subnet for subnet in inventory.subnets}
    timing = Timing(hold=POLL, recover=POLL, longest_gap=3 * POLL)
    thresholds = load({}, {}).alerts.thresholds(load({}, {}).thresholds.limits)
    rules = [rule for rule in RULES if rule.reads is SubnetSample]
    steps = 0
    for sample in samples:
        for rule in rules:
            subject = about.of_subnet(known[sample.subnet_id])
            step = advance(None, sample, rule=rule, subject=subject, thresholds=thresholds, timing=timing)
            steps += step.alert is not None
    return steps


def _inventory(now: datetime) -> Inventory:
    accounts = tuple(
        Account(account_id=f"{number:012}", name=f"account-{number}", regions=REGIONS) for number in range(ACCOUNTS)
    )
    regions = [
        _region(account, region, place * len(REGIONS) + index, now)
        for place, account in enumerate(accounts)
        for index, region in enumerate(REGIONS)
    ]
    return Inventory(accounts=accounts, regions=tuple(regions), expected_regions=len(regions))


def _region(account: Account, region: str, number: int, now: datetime) -> RegionFacts:
    vpc_id = f"vpc-{number}"
    subnets = tuple(
        Subnet(
            subnet_id=f"subnet-{number}-{place}",
            name=f"private-{place}",
            account_id=account.account_id,
            region=region,
            az_id=f"az{place % 3}",
            az=f"{region}{'abc'[place % 3]}",
            vpc_id=vpc_id,
            cidr=IPv4Network((int(IPv4Address("10.0.0.0")) + place * 1024, 22)),
            available_ips=_available(number, place),
            observed_at=now,
        )
        for place in range(SUBNETS)
    )
    ids = tuple(subnet.subnet_id for subnet in subnets)
    prefixes = number % PREFIX_EVERY == 0
    cluster = Cluster(
        name=f"cluster-{number}",
        account_id=account.account_id,
        region=region,
        version="1.34",
        status="ACTIVE",
        vpc_id=vpc_id,
        subnet_ids=ids[-3:],
        ip_family="ipv4",
        cni=CniSettings(source="addon", environment=(("ENABLE_PREFIX_DELEGATION", "true"),) if prefixes else ()),
        nodegroups=tuple(
            Nodegroup(name=name, subnet_ids=ids[start : start + 9], instance_types=("m5.xlarge",), status="ACTIVE")
            for name, start in (("general", 0), ("batch", 9))
        ),
    )
    vpc = Vpc(
        vpc_id=vpc_id, name="main", account_id=account.account_id, region=region, cidrs=(IPv4Network("10.0.0.0/16"),)
    )
    return RegionFacts(
        account_id=account.account_id,
        region=region,
        observed_at=now,
        vpcs=(vpc,),
        subnets=subnets,
        clusters=(cluster,),
    )


def _available(number: int, place: int) -> int:
    """A little free in the low ones; in a cluster in prefix mode so much that no interface has to be read."""
    if (number * SUBNETS + place) % LOW_EVERY == 0:
        return 20
    return 990 + place % 20 if number % PREFIX_EVERY == 0 else 600 + place


def _later(inventory: Inventory, polls: int) -> Inventory:
    """The same fleet some polls later: every figure read again, one subnet in fifty changed."""
    at = START + (polls + 1) * POLL
    return replace(
        inventory,
        regions=tuple(
            replace(
                facts,
                observed_at=at,
                subnets=tuple(
                    replace(
                        subnet, observed_at=at, available_ips=(subnet.available_ips or 0) + (polls if n == 7 else 0)
                    )
                    for n, subnet in enumerate(facts.subnets)
                ),
            )
            for facts in inventory.regions
        ),
    )
