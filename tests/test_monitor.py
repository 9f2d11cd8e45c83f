"""One poll after another: what is read becomes samples, alerts and messages; what is not read changes nothing."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, cast

import pytest

from bot import metrics
from bot.alerts import Alert, AlertStatus, Transition
from bot.config import load
from bot.errors import QueryError
from bot.inventory import (
    Account,
    AccountRegions,
    BlindSpot,
    Cluster,
    ClusterFacts,
    CniSettings,
    Eni,
    Fleet,
    InstanceLimits,
    Inventory,
    Nodegroup,
    Quality,
    RegionFacts,
    Reservation,
    ReservationType,
    Subnet,
    SubnetContents,
    Vpc,
)
from bot.inventory.evidence import Asked, RegionEvidence
from bot.monitor import Lanes, Monitor, PollReport
from bot.store import Store, open_store
from bot.store.due_reads import Lane
from bot.store.regions import Regions

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLL = timedelta(minutes=5)
ACCOUNT = Account(account_id="111122223333", name="prod")
CLUSTER = Cluster(
    name="prod-eu",
    account_id=ACCOUNT.account_id,
    region="eu-west-1",
    version="1.33",
    status="ACTIVE",
    vpc_id="vpc-1",
    subnet_ids=("subnet-control",),
    ip_family="ipv4",
    cni=CniSettings(source="unknown"),
    nodegroups=(Nodegroup(name="general", subnet_ids=("subnet-a",), instance_types=("m5.large",), status="ACTIVE"),),
)
"""Its own subnets lie in a VPC that nobody reads, so that these tests are about subnet-a alone."""


class World:
    """The outside: what AWS would answer now. `blind` is the API that the region refuses, if any."""

    def __init__(self) -> None:
        self.now = START
        self.free = {"subnet-a": 200, "subnet-b": 200}
        self.reservations: tuple[Reservation, ...] = ()
        self.enis: tuple[Eni, ...] = ()
        self.blind = ""
        self.contents_blind = ""
        self.account_blind = False
        self.cluster = CLUSTER
        self.clusters_read: list[datetime] = []
        self.contents_asked: list[list[str]] = []
        self.deleted = False
        self.gone_asked: list[tuple[str, str, list[str]]] = []
        self.evidence_found: RegionEvidence | None = None
        self.evidence_asked: list[Asked] = []

    def accounts(self) -> tuple[Account, ...]:
        """The whole fleet: one account."""
        return (ACCOUNT,)

    def fleet(self) -> Fleet:
        """The whole fleet: one account."""
        return Fleet(accounts=(ACCOUNT,))

    def regions(self, account: Account) -> AccountRegions:
        """The account's one region."""
        spots = (self._spot("AssumeRole", "all"),) if self.account_blind else ()
        return AccountRegions(account_id=account.account_id, regions=("eu-west-1",), blind_spots=spots)

    def read_subnets(self, account: Account, region: str, vpcs: Sequence[Vpc] = ()) -> RegionFacts:
        """The subnets of the region."""
        blind = "AssumeRole" if self.account_blind else self.blind
        complete = blind not in {"AssumeRole", "DescribeSubnets"}
        return RegionFacts(
            account_id=account.account_id,
            region=region,
            observed_at=self.now,
            subnets=tuple(self._subnet(name, free) for name, free in self.free.items()) if complete else (),
            blind_spots=(self._spot(blind),) if blind else (),
            subnets_complete=complete,
        )

    def read_clusters(self, account: Account, region: str) -> ClusterFacts:
        """The clusters of the region."""
        self.clusters_read.append(self.now)
        return ClusterFacts(
            account_id=account.account_id, region=region, observed_at=self.now, clusters=(self.cluster,)
        )

    def watched_contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """Interfaces and reservations of the subnets."""
        asked = sorted(subnet.subnet_id for subnet in subnets)
        self.contents_asked.append(asked)
        return SubnetContents(
            subnet_ids=frozenset(asked),
            observed_at=self.now,
            enis=() if self.contents_blind == "DescribeNetworkInterfaces" else self.enis,
            reservations=() if self.contents_blind == "GetSubnetCidrReservations" else self.reservations,
            blind_spots=(self._spot(self.contents_blind),) if self.contents_blind else (),
            enis_read=frozenset() if self.contents_blind == "DescribeNetworkInterfaces" else frozenset(asked),
            reservations_read=frozenset() if self.contents_blind == "GetSubnetCidrReservations" else frozenset(asked),
        )

    contents = watched_contents

    def confirm_gone(self, account: Account, region: str, subnet_ids: Iterable[str]) -> frozenset[str]:
        """Those that EC2 does not know by id."""
        self.gone_asked.append((account.account_id, region, sorted(subnet_ids)))
        return frozenset(subnet_ids) if self.deleted else frozenset()

    def evidence(self, account: Account, region: str, asked: Asked) -> RegionEvidence:
        """CloudWatch and Service Quotas: what the test says they hold."""
        self.evidence_asked.append(asked)
        found = self.evidence_found or RegionEvidence(
            account_id=account.account_id, region=region, observed_at=self.now
        )
        return replace(found, observed_at=self.now)

    def instance_limits(self, types: Iterable[str], account_id: str, region: str) -> dict[str, InstanceLimits]:
        """EC2's limits: none, so that the snapshot stands in."""
        raise QueryError(f"no limits of {sorted(types)}", account_id=account_id, region=region, api="x")

    def _spot(self, api: str, region: str = "eu-west-1") -> BlindSpot:
        return BlindSpot(account_id=ACCOUNT.account_id, region=region, api=api, reason="denied", observed_at=self.now)

    def _subnet(self, subnet_id: str, free: int) -> Subnet:
        third = sorted([*self.free, subnet_id]).index(subnet_id)
        return Subnet(
            subnet_id=subnet_id,
            name=subnet_id.replace("subnet", "private"),
            account_id=ACCOUNT.account_id,
            region="eu-west-1",
            az_id="euw1-az1",
            az="eu-west-1a",
            vpc_id="vpc-1",
            cidr=IPv4Network(f"10.0.{third}.0/24"),
            available_ips=free,
            observed_at=self.now,
        )


@pytest.fixture
def world() -> World:
    """A healthy fleet of two /24 subnets, one of which a cluster uses."""
    return World()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a SQLite file."""
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def _monitor(world: World, store: Store, facts: dict[str, Any] | None = None, **more: Any) -> Monitor:
    settings = load({}, facts or {})
    return Monitor(cast(Any, world), store, settings, lambda: world.now, **more)


def _polls(monitor: Monitor, world: World, *frees: int | None) -> list[str]:
    """Poll every five minutes with these free addresses in subnet-a (None: the region is blind); what changed of it."""
    changed = []
    for free in frees:
        world.blind = "DescribeSubnets" if free is None else ""
        if free is not None:
            world.free["subnet-a"] = free
        report = monitor.poll()
        changed.append(" ".join(_of(report, "low_ips")))
        world.now += POLL
    return changed


def _of(report: PollReport, rule: str) -> list[str]:
    """The transitions of one rule's alerts."""
    steps = [step for step in report.transitions if step.alert is not None and step.alert.rule == rule]
    return [step.transition.value for step in steps if step.transition is not None]


def _open(store: Store, rule: str = "low_ips") -> list[AlertStatus]:
    """Where the open alerts of one rule stand."""
    return [alert.status for alert in store.open_alerts() if alert.rule == rule]


def test_a_drained_subnet_fires_and_resolves(world: World, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Low for two polls it fires, empty it escalates, well again for ten minutes it is resolved; all is told."""
    told: list[tuple[int | None, Transition]] = []
    monitor = _monitor(world, store, on_transition=lambda alert, what: told.append((alert.alert_id, what)))
    with caplog.at_level(logging.INFO, logger="bot.monitor"):
        changed = _polls(monitor, world, 200, 20, 20, 0, 200, 200, 200, 200)
    assert changed == ["", "pending", "opened", "escalated", "recovering", "", "resolved", ""]
    assert told == [
        (1001, Transition.PENDING),
        (1001, Transition.OPENED),
        (1001, Transition.ESCALATED),
        (1001, Transition.RECOVERING),
        (1001, Transition.RESOLVED),
    ]
    words = [record.message for record in caplog.records if record.message.startswith("alert")]
    assert words == [
        "alert pending",
        "alert firing",
        "alert firing, escalated",
        "alert recovering",
        "alert resolved",
    ]
    alert = store.alert(1001)
    assert alert is not None
    assert (alert.label, alert.clusters, alert.worst_value) == ("private-a", ("prod-eu",), 0)
    assert [event.transition for event in store.alert_events(1001)] == [what for _, what in told]


@pytest.mark.parametrize("blind_polls", [pytest.param(1, id="one"), pytest.param(12, id="an hour")])
def test_a_blind_poll_neither_fires_nor_resolves(world: World, store: Store, blind_polls: int) -> None:
    """While the subnets cannot be read, a pending alert stays pending and a firing one firing."""
    monitor = _monitor(world, store)
    blind = [None] * blind_polls
    assert _polls(monitor, world, 20, *blind) == ["pending", *[""] * blind_polls]
    assert _open(store) == [AlertStatus.PENDING]
    _polls(monitor, world, 0)
    assert _polls(monitor, world, *blind) == [""] * blind_polls
    assert _open(store) == [AlertStatus.FIRING]


def test_a_blind_hour_does_not_count_as_recovery(world: World, store: Store) -> None:
    """One good sample before and one after the gap do not resolve; ten good minutes do."""
    monitor = _monitor(world, store)
    changed = _polls(monitor, world, 0, 200, *[None] * 12, 200, 200, 200)
    assert changed == ["opened", "recovering", *[""] * 12, "", "", "resolved"]


def test_what_a_blind_account_held_stays_known_and_stale(world: World, store: Store) -> None:
    """When the account itself fails, the last facts are handed on, marked stale, with the blind spot beside them."""
    seen: list[Inventory] = []
    monitor = _monitor(world, store, on_inventory=seen.append)
    _polls(monitor, world, 0)
    world.account_blind = True
    report = monitor.poll()
    assert {(s.subnet_id, s.quality, s.observed_at) for s in seen[-1].subnets} == {
        ("subnet-a", Quality.STALE, START),
        ("subnet-b", Quality.STALE, START),
    }
    assert [spot.api for spot in seen[-1].blind_spots] == ["AssumeRole"]
    assert (report.regions_read, report.regions_expected, report.unknown_subnets) == (0, 1, 2)
    assert [spot.api for spot in store.blind_spots()] == ["AssumeRole"]
    assert metrics.REGISTRY.get_sample_value("eksip_coverage_ratio") == 0
    assert metrics.REGISTRY.get_sample_value("eksip_subnets", {"quality": "stale"}) == 2
    assert metrics.REGISTRY.get_sample_value("eksip_alerts", {"state": "firing"}) == 1


def test_a_subnet_that_is_gone_leaves_its_alert_alone(world: World, store: Store) -> None:
    """Absence is no recovery."""
    monitor = _monitor(world, store)
    _polls(monitor, world, 0)
    del world.free["subnet-a"]
    for _ in range(5):
        assert monitor.poll().transitions == ()
        world.now += POLL
    assert _open(store) == [AlertStatus.FIRING]


def test_a_restart_continues_where_the_last_process_stopped(world: World, store: Store) -> None:
    """A new process on the same store goes on with the pending time, and does not announce again."""
    assert _polls(_monitor(world, store), world, 20) == ["pending"]
    assert _polls(_monitor(world, store), world, 20) == ["opened"]
    assert _polls(_monitor(world, store), world, 20) == [""]
    assert len(store.claim(world.now, "sender")) == 0


RESERVATION = Reservation(
    reservation_id="scr-1",
    subnet_id="subnet-a",
    cidr=IPv4Network("10.0.0.64/26"),
    reservation_type=ReservationType.PREFIX,
)
ENI = Eni(
    eni_id="eni-1",
    subnet_id="subnet-a",
    vpc_id="vpc-1",
    account_id=ACCOUNT.account_id,
    owner_id=ACCOUNT.account_id,
    region="eu-west-1",
    az="eu-west-1a",
    status="in-use",
    interface_type="interface",
    description="",
    addresses=(IPv4Address("10.0.0.9"), IPv4Address("10.0.0.64")),
    prefixes=(IPv4Network("10.0.0.80/28"),),
)


def _drained_of_unreserved(world: World, *enis: Eni) -> None:
    world.free["subnet-a"] = 0
    world.reservations = (RESERVATION,)
    world.enis = enis


def test_space_reserved_for_prefixes_counts_as_free(world: World, store: Store) -> None:
    """A subnet whose free addresses are all reserved reads 0 available and is not low: 47 of 64 are left."""
    _drained_of_unreserved(world, ENI)
    assert _monitor(world, store).poll().transitions == ()
    assert [s.free_ips for s in store.samples("subnet-a", START)] == [47]


def test_a_reservation_that_is_used_up_does_not_count(world: World, store: Store) -> None:
    """With every reserved block assigned nothing is left: it fires at once."""
    prefixes = tuple(RESERVATION.cidr.subnets(new_prefix=28))
    _drained_of_unreserved(world, replace(ENI, prefixes=prefixes))
    (step,) = _monitor(world, store).poll().transitions
    assert step.transition is Transition.OPENED


@pytest.mark.parametrize("api", ["GetSubnetCidrReservations", "DescribeNetworkInterfaces"])
def test_unread_contents_neither_fire_nor_resolve(world: World, store: Store, api: str) -> None:
    """A subnet that looks low, whose reserved space cannot be told, is unknown."""
    _drained_of_unreserved(world, ENI)
    world.contents_blind = api
    report = _monitor(world, store).poll()
    assert (report.transitions, report.unknown_subnets) == ((), 1)


def test_contents_are_read_only_where_they_matter(world: World, store: Store) -> None:
    """Interfaces are read for subnets that look low or have an open alert, and for no others."""
    _polls(_monitor(world, store), world, 200, 0, 200)
    assert world.contents_asked == [["subnet-a"], ["subnet-a"]]


PREFIX_CLUSTER = replace(CLUSTER, cni=CniSettings(source="addon", environment=(("ENABLE_PREFIX_DELEGATION", "true"),)))
NO_NODE_RULE = {"alerts": {"rules_off": ["nodes_do_not_fit"], "cloudwatch": False}}
PLACE = (ACCOUNT.account_id, "eu-west-1")


def _scattered() -> tuple[Eni, ...]:
    """Ten interfaces, each with addresses all over subnet-a, so that no block of sixteen is free."""
    return tuple(
        replace(
            ENI,
            eni_id=f"eni-{number}",
            addresses=tuple(IPv4Address(f"10.0.0.{16 * block + number}") for block in range(1, 15)),
        )
        for number in range(10)
    )


def test_blocks_are_counted_by_a_lane_of_their_own(world: World, store: Store) -> None:
    """Where nodes take prefixes and the count proves too little, every fifteen minutes; not once no node takes any."""
    world.cluster = PREFIX_CLUSTER
    monitor = _monitor(world, store, NO_NODE_RULE)
    _polls(monitor, world, 100, 100, 100)
    assert world.contents_asked == [["subnet-a"]]
    assert store.planned(Lane.INTERFACES) == {PLACE: timedelta(minutes=15)}
    kept = store.occupancies(["subnet-a", "subnet-b"])
    assert {key: (one.blocks and one.blocks.free, one.observed_at) for key, one in kept.items()} == {
        "subnet-a": (14, START)
    }
    _polls(monitor, world, 100, 100)
    assert world.contents_asked == [["subnet-a"]] * 2
    world.cluster = CLUSTER
    _polls(monitor, world, *[100] * 6)
    assert store.planned(Lane.INTERFACES) == {}
    before = len(world.contents_asked)
    _polls(monitor, world, *[100] * 5)
    assert len(world.contents_asked) == before


class Unasked(World):
    """An outside whose interfaces are not to be asked for."""

    def watched_contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """Nothing: it was read by somebody else."""
        raise AssertionError(f"asked for {[subnet.subnet_id for subnet in subnets]}")

    contents = watched_contents


@pytest.mark.parametrize("handed_over", [False, True], ids=["one leader", "another leader on the way"])
def test_the_leader_judges_interfaces_that_another_replica_read(
    world: World, store: Store, *, handed_over: bool
) -> None:
    """It asks AWS for none: what was read is in the store, also for who leads next."""
    world.cluster, world.enis = PREFIX_CLUSTER, _scattered()
    settings = load({}, NO_NODE_RULE)
    leader = Unasked()
    lanes = Lanes(cast(Any, world), store, Regions(store), settings, lambda: world.now, owner="another")
    monitor = Monitor(cast(Any, leader), store, settings, lambda: world.now)
    changed = []
    for number in range(7):
        if handed_over and number == 3:
            monitor = Monitor(cast(Any, leader), store, settings, lambda: world.now)
            monitor.begin()
        world.free["subnet-a"] = 100
        lanes.read_all()
        report = monitor.evaluate()
        changed += _of(report, "no_free_blocks") if report is not None else []
        world.now += POLL
    assert changed == ["opened"]


def test_interfaces_that_are_denied_now_leave_the_blocks_of_the_last_read(world: World, store: Store) -> None:
    """With their own time, and with what stands in the way."""
    world.cluster = PREFIX_CLUSTER
    monitor = _monitor(world, store, NO_NODE_RULE)
    _polls(monitor, world, 100)
    world.contents_blind = "DescribeNetworkInterfaces"
    _polls(monitor, world, *[100] * 4)
    kept = store.occupancies(["subnet-a"])["subnet-a"]
    assert (kept.blocks and kept.blocks.free, kept.observed_at) == (14, START)
    assert [spot.api for spot in kept.blind_spots] == ["DescribeNetworkInterfaces"]
    world.contents_blind = ""
    _polls(monitor, world, *[100] * 2)
    assert store.occupancies(["subnet-a"])["subnet-a"].blind_spots == ()


def test_clusters_are_read_more_seldom(world: World, store: Store) -> None:
    """EKS is asked at first and not again within fifteen minutes; the polls between keep the clusters there are."""
    seen: list[Inventory] = []
    _polls(_monitor(world, store, on_inventory=seen.append), world, *[200] * 5)
    assert world.clusters_read == [START, START + 4 * POLL]
    assert [inventory.clusters for inventory in seen] == [(CLUSTER,)] * 5


def test_each_channel_hears_of_what_it_watches(world: World, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Watches from Slack and from the configuration count; one that names nothing is reported and stops nobody."""
    for channel, scope in (
        ("C0CLUSTER", f"cluster:{ACCOUNT.account_id}/eu-west-1/prod-eu"),
        ("C0SUBNETB", "subnet:subnet-b"),
        ("C0ALL", "all"),
        ("C0OLD", "planet:mars"),
    ):
        store.add_watch(channel, scope, scope, "U1", START)
    watches = [
        {"channel": "C0CONFIG", "scope": "cluster:prod-eu"},
        {"channel": "C0NOWHERE", "scope": "cluster:nope"},
        {"channel": "C0ALL00", "scope": "all"},
    ]
    monitor = _monitor(world, store, {"watches": watches})
    _polls(monitor, world, 0)
    assert sorted(item.channel for item in store.claim(world.now, "sender")) == [
        "C0ALL",
        "C0ALL00",
        "C0CLUSTER",
        "C0CONFIG",
    ]
    assert "a configured watch names nothing known" in caplog.messages


def test_alerts_that_nobody_watches_are_followed_all_the_same(world: World, store: Store) -> None:
    """Without any watch the alert is there to be asked about, and nothing is queued."""
    _polls(_monitor(world, store), world, 0)
    assert [alert.alert_id for alert in store.open_alerts()] == [1001]
    assert store.outbox_depth(world.now) == (0, None)


def test_a_replica_that_lost_the_lead_announces_nothing(world: World, store: Store) -> None:
    """Its poll ends without a transition, and the next leader finds the alerts as they were."""
    told: list[Alert] = []
    monitor = _monitor(world, store, on_transition=lambda alert, _: told.append(alert), fence=lambda: 7)
    assert _polls(monitor, world, 0) == [""]
    assert told == []
    assert store.open_alerts() == ()


def test_an_unchanged_figure_is_written_once_an_hour(world: World, store: Store) -> None:
    """The history holds changes and an hourly reading, not the same number at every poll."""
    _polls(_monitor(world, store), world, *[200] * 14, 190)
    minutes = [(s.observed_at - START) // timedelta(minutes=1) for s in store.samples("subnet-a", START)]
    assert minutes == [0, 60, 70]
