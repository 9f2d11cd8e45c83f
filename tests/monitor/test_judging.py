"""What a poll's facts mean for the alerts and for every channel: the story of each rule, told through the store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from bot.alerts import Severity, Step
from bot.alerts.acks import ack
from bot.alerts.quiet import MuteWindow
from bot.alerts.silences import Silence
from bot.aws.quotas import CIDRS_PER_VPC, ENIS_PER_REGION, defaults
from bot.config import load
from bot.errors import QueryError
from bot.inventory import (
    Account,
    BlindSpot,
    Cluster,
    CniSettings,
    HealthIssue,
    InstanceLimits,
    Inventory,
    Nodegroup,
    RegionFacts,
    Subnet,
    SubnetContents,
    Vpc,
)
from bot.inventory.evidence import Asked, CniFigures, NetworkAddressUsage, RegionEvidence
from bot.monitor import Cards
from bot.monitor.closer import Closer
from bot.monitor.judging import Judge
from bot.scope import Scope, ScopeKind
from bot.store import OutboxItem, Store, open_store
from bot.store.tables import EventKind

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLL = timedelta(minutes=5)
ACCOUNT = Account(account_id="111122223333", name="prod", regions=("eu-west-1",))
OTHER = Account(account_id="222233334444", name="stage", regions=("eu-west-1",))
CHANNEL = "C0000001"
GROUP = Nodegroup(
    name="general",
    subnet_ids=("subnet-a", "subnet-b"),
    instance_types=("m5.large",),
    status="ACTIVE",
    desired_size=2,
    max_size=20,
)
CLUSTER = Cluster(
    name="prod-eu",
    account_id=ACCOUNT.account_id,
    region="eu-west-1",
    version="1.34",
    status="ACTIVE",
    vpc_id="vpc-1",
    subnet_ids=("subnet-control",),
    ip_family="ipv4",
    cni=CniSettings(source="unknown"),
    nodegroups=(GROUP,),
)
"""Its CNI is self-managed, so that nothing is known of what a node takes; its own subnets are not read."""
VPC = Vpc(
    vpc_id="vpc-1",
    name="main",
    account_id=ACCOUNT.account_id,
    region="eu-west-1",
    cidrs=(IPv4Network("10.0.0.0/16"),),
)
PREFIX_CNI = CniSettings(source="addon", environment=(("ENABLE_PREFIX_DELEGATION", "true"),))
ISSUE = HealthIssue(code="InsufficientFreeAddresses", message="not enough", resource_ids=("subnet-a",))


@dataclass
class Outside:
    """What AWS would answer now, to one account and region; `blind` says why the subnets cannot be listed."""

    now: datetime = START
    free: dict[str, int] = field(default_factory=lambda: {"subnet-a": 200, "subnet-b": 200})
    cluster: Cluster = CLUSTER
    vpc: Vpc = VPC
    blind: str = ""
    account_blind: str = ""
    eks_blind: str = ""
    deleted: bool = False
    found: RegionEvidence | None = None
    asked: list[Asked] = field(default_factory=list)
    gone_asked: list[list[str]] = field(default_factory=list)
    contents_asked: list[list[str]] = field(default_factory=list)

    def watched_contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """No interface and no reservation."""
        ids = frozenset(subnet.subnet_id for subnet in subnets)
        self.contents_asked.append(sorted(ids))
        return SubnetContents(subnet_ids=ids, observed_at=self.now, enis_read=ids, reservations_read=ids)

    contents = watched_contents

    def confirm_gone(self, _account: Account, _region: str, subnet_ids: Iterable[str]) -> frozenset[str]:
        """Those that EC2 does not know by id."""
        self.gone_asked.append(sorted(subnet_ids))
        return frozenset(self.gone_asked[-1]) if self.deleted else frozenset()

    def evidence(self, account: Account, region: str, asked: Asked) -> RegionEvidence:
        """What the test says that CloudWatch and Service Quotas hold."""
        self.asked.append(asked)
        empty = RegionEvidence(account_id=account.account_id, region=region, observed_at=self.now, quotas=defaults())
        return replace(self.found or empty, observed_at=self.now)

    def instance_limits(self, types: Iterable[str], account_id: str, region: str) -> dict[str, InstanceLimits]:
        """Denied, so that the snapshot stands in."""
        raise QueryError(f"{sorted(types)}", account_id=account_id, region=region, api="DescribeInstanceTypes")

    def inventory(self) -> Inventory:
        """What a read of everything brings now."""
        spots = tuple(
            BlindSpot(account_id=ACCOUNT.account_id, region="eu-west-1", api=api, reason=reason, observed_at=self.now)
            for api, reason in (("DescribeSubnets", self.blind), ("DescribeCluster", self.eks_blind))
            if reason
        )
        closed = tuple(
            BlindSpot(account_id=OTHER.account_id, region="all", api="AssumeRole", reason=reason, observed_at=self.now)
            for reason in ([self.account_blind] if self.account_blind else [])
        )
        facts = RegionFacts(
            account_id=ACCOUNT.account_id,
            region="eu-west-1",
            observed_at=self.now,
            vpcs=(self.vpc,),
            subnets=() if self.blind else tuple(self._subnet(name, free) for name, free in self.free.items()),
            clusters=(self.cluster,),
            blind_spots=spots,
            subnets_complete=not self.blind,
        )
        return Inventory(accounts=(ACCOUNT, OTHER), regions=(facts,), expected_regions=2, blind_spots=closed)

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


class Desk:
    """A judge over a real store, polled every five minutes."""

    def __init__(self, outside: Outside, store: Store, **facts: Any) -> None:
        self.outside = outside
        self.store = store
        given: dict[str, Any] = {"watches": [{"channel": CHANNEL, "scope": "all"}], **facts}
        settings = load({}, given)
        self.judge = Judge(cast(Any, outside), store, settings, lambda: outside.now)
        self.closer = Closer(cast(Any, outside), store, settings)
        self._every = settings.schedule.interfaces
        self._counted_at: datetime | None = None

    def poll(self, times: int = 1, *, clusters: bool = True) -> list[str]:
        """Poll so often, five minutes apart; what changed each time, as `rule transition`."""
        changed: list[str] = []
        for _ in range(times):
            inventory = self.outside.inventory()
            self.judge.note(inventory, clusters=clusters)
            self.closer.look_around(inventory.regions, [ACCOUNT.account_id])
            for facts in inventory.regions:
                blocks = self.closer.for_blocks(facts) if self._is_due() else ()
                self._counted_at = self.outside.now if blocks else self._counted_at
                self.store.save_occupancies(self.closer.read((*self.closer.low(facts), *blocks)))
                self.store.save_region(facts)
            steps = self.judge.judge(inventory, self.judge.samples(inventory))
            changed = [_words(step) for step in steps if step.transition is not None]
            self.outside.now += POLL
        return changed

    def _is_due(self) -> bool:
        """Whether the lane of interfaces has its turn."""
        return self._counted_at is None or self.outside.now - self._counted_at >= self._every

    def told(self, rule: str, channel: str = CHANNEL) -> list[str]:
        """What the channel was told of a rule's newest alert, and what not, in order."""
        alert = [alert for alert in self.store.recent_alerts(100) if alert.rule == rule][-1]
        events = self.store.why_not_heard(alert.alert_id or 0)
        return [event.reason for event in events if event.kind is not EventKind.TRANSITION and event.channel == channel]


def _words(step: Step) -> str:
    assert step.alert is not None
    assert step.transition is not None
    return f"{step.alert.rule} {step.transition.value}"


@pytest.fixture
def outside() -> Outside:
    """A healthy account and region with one cluster."""
    return Outside()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a SQLite file."""
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def test_what_is_well_asks_for_nothing_and_tells_nothing(outside: Outside, store: Store) -> None:
    """No alert, no interface read, nothing queued."""
    assert Desk(outside, store).poll(3) == []
    assert store.open_alerts() == ()
    assert outside.contents_asked == []
    assert store.outbox_depth(outside.now) == (0, None)


def test_health_that_eks_reports_fires_at_once_and_ends_with_it(outside: Outside, store: Store) -> None:
    """Cluster and node group each have their alert; a poll that did not ask EKS says nothing new of them."""
    desk = Desk(outside, store)
    outside.cluster = replace(CLUSTER, health=(ISSUE,), nodegroups=(replace(GROUP, health=(ISSUE,)),))
    assert sorted(desk.poll()) == ["cluster_health opened", "nodegroup_health opened"]
    outside.cluster = CLUSTER
    assert desk.poll(clusters=False) == []
    assert sorted(desk.poll()) == ["cluster_health recovering", "nodegroup_health recovering"]
    desk.poll()
    assert sorted(desk.poll()) == ["cluster_health resolved", "nodegroup_health resolved"]


def test_health_that_could_not_be_read_is_not_repeated(outside: Outside, store: Store) -> None:
    """While DescribeCluster is denied nothing recovers, whatever the last facts say."""
    desk = Desk(outside, store)
    outside.cluster = replace(CLUSTER, health=(ISSUE,))
    desk.poll()
    outside.cluster, outside.eks_blind = CLUSTER, "denied"
    assert desk.poll(5) == []
    assert [alert.rule for alert in store.open_alerts()] == ["cluster_health"]


def test_a_cluster_subnet_below_five_addresses_stops_updates(outside: Outside, store: Store) -> None:
    """The floor of EKS is judged by single addresses, before the subnet is low by its own thresholds."""
    outside.cluster = replace(CLUSTER, subnet_ids=("subnet-b", "subnet-c"), nodegroups=())
    outside.free |= {"subnet-b": 4, "subnet-c": 200}
    desk = Desk(outside, store, alerts={"rules_off": ["low_ips"]})
    assert desk.poll(3) == []
    (alert,) = store.open_alerts()
    assert (alert.rule, alert.value, alert.status.value) == ("control_plane_subnets", 4, "firing")
    assert "private-b (4 free)" in alert.detail


@pytest.mark.parametrize(
    ("cni", "free", "fits"),
    [
        pytest.param(CniSettings(source="unknown"), 40, None, id="unknown settings: nothing is guessed"),
        pytest.param(CniSettings(source="addon"), 200, None, id="room for many: no interface is read"),
        pytest.param(CniSettings(source="addon"), 40, 2, id="secondary addresses: one node of 30 in each subnet"),
    ],
)
def test_nodes_that_no_longer_fit(
    outside: Outside, store: Store, cni: CniSettings, free: int, fits: int | None
) -> None:
    """The alert says how many more nodes of the group's type fit, in the mode in use."""
    outside.cluster = replace(CLUSTER, cni=cni)
    outside.free = {"subnet-a": free, "subnet-b": free}
    desk = Desk(outside, store, thresholds={"hold": "0s"}, alerts={"rules_off": ["low_ips"]})
    desk.poll()
    found = [alert.value for alert in store.open_alerts() if alert.rule == "nodes_do_not_fit"]
    assert found == ([] if fits is None else [fits])


def test_a_subnet_full_of_scattered_addresses_has_no_block_for_prefixes(outside: Outside, store: Store) -> None:
    """Half the addresses are free and the counts prove no block: interfaces are read at once, and then more seldom."""
    outside.cluster = replace(CLUSTER, cni=PREFIX_CNI)
    outside.free |= {"subnet-a": 100}
    desk = Desk(outside, store, alerts={"rules_off": ["nodes_do_not_fit"]})
    desk.poll()
    assert outside.contents_asked == [["subnet-a", "subnet-b"]]
    desk.poll(2)
    assert len(outside.contents_asked) == 1
    desk.poll()
    assert len(outside.contents_asked) == 2


def test_the_cnis_own_figures_speak(outside: Outside, store: Store) -> None:
    """Pods near what the nodes can hold, and errors of ipamd, each by the age of CloudWatch's own data."""
    figures = CniFigures(
        cluster="prod-eu",
        observed_at=START,
        window=timedelta(minutes=15),
        assigned_ips=97,
        max_ips=100,
        ipamd_errors=400,
    )
    desk = Desk(outside, store, thresholds={"hold": "0s"})
    outside.found = RegionEvidence(
        account_id=ACCOUNT.account_id, region="eu-west-1", observed_at=START, cni=(figures,), quotas=defaults()
    )
    assert sorted(desk.poll()) == ["cni_errors opened", "cni_ip_saturation opened"]
    assert outside.asked[0].clusters == ("prod-eu",)
    # The helper died: the same data points, however often they are read, change nothing.
    assert desk.poll(12) == []
    assert {alert.status.value for alert in store.open_alerts()} == {"firing"}


def test_quotas_of_vpc_and_region(outside: Outside, store: Store) -> None:
    """Five of five blocks, 96 % of the interfaces, 80 % of the address usage."""
    outside.vpc = replace(outside.vpc, cidrs=tuple(IPv4Network(f"10.{n}.0.0/16") for n in range(5)))
    usage = NetworkAddressUsage(vpc_id="vpc-1", observed_at=START - timedelta(hours=20), units=51_200)
    outside.found = RegionEvidence(
        account_id=ACCOUNT.account_id,
        region="eu-west-1",
        observed_at=START,
        quotas=defaults(),
        enis=4_800,
        address_usage=(usage,),
    )
    desk = Desk(outside, store, thresholds={"hold": "0s"})
    assert sorted(desk.poll()) == ["eni_quota opened", "vpc_cidr_quota opened", "vpc_nau opened"]
    by_rule = {alert.rule: alert for alert in store.open_alerts()}
    assert (by_rule["vpc_cidr_quota"].value, by_rule["vpc_cidr_quota"].capacity) == (5, 5)
    assert (by_rule["eni_quota"].value, by_rule["eni_quota"].severity) == (4_800, Severity.CRITICAL)
    assert (by_rule["vpc_nau"].value, by_rule["vpc_nau"].severity) == (51_200, Severity.WARNING)
    assert desk.told("vpc_nau") == ["first message"]
    assert {quota.code for quota in defaults()} >= {CIDRS_PER_VPC, ENIS_PER_REGION}


def test_cloudwatch_is_not_asked_when_it_is_switched_off(outside: Outside, store: Store) -> None:
    """Quotas cost nothing and are read all the same."""
    Desk(outside, store, alerts={"cloudwatch": False}).poll()
    assert [(asked.clusters, asked.vpc_ids, asked.quota_usage) for asked in outside.asked] == [((), (), False)]


def test_what_publishes_nothing_is_asked_for_a_few_times_a_day(outside: Outside, store: Store) -> None:
    """A cluster without the helper costs one question in six hours, not four an hour."""
    desk = Desk(outside, store)
    desk.poll(13)
    assert [asked.clusters for asked in outside.asked] == [("prod-eu",), (), (), (), ()]
    desk.poll(60)
    assert sum(bool(asked.clusters) for asked in outside.asked) == 2


def test_three_failed_polls_make_a_region_blind_and_its_subnets_keep_their_alerts(
    outside: Outside, store: Store
) -> None:
    """The blind alert is told, says why, and hides what cannot be judged; the next good read lets it recover."""
    desk = Desk(outside, store)
    outside.blind = "throttled"
    assert desk.poll(2) == []
    assert desk.poll() == ["blind opened"]
    (alert,) = store.open_alerts()
    assert (alert.scope_key, alert.detail) == ("region:111122223333/eu-west-1", "throttled")
    outside.blind = ""
    assert desk.poll() == ["blind recovering"]


def test_a_region_that_stays_blind_edits_its_card_when_the_reason_changes_or_the_polls_double(
    outside: Outside, store: Store
) -> None:
    """Not with every further poll: the card says since when."""
    desk = Desk(outside, store)
    outside.blind = "throttled"
    assert desk.poll(3) == ["blind opened"]
    assert [desk.poll() for _ in range(4)] == [[], [], ["blind changed"], []]
    outside.blind = "denied"
    assert [desk.poll() for _ in range(6)] == [["blind changed"], [], [], [], [], []]


def test_an_account_that_cannot_be_entered_is_blind_as_a_whole(outside: Outside, store: Store) -> None:
    """Its own regions are not named one by one, and the accounts that answer are not touched by it."""
    desk = Desk(outside, store)
    outside.account_blind = "the role cannot be assumed"
    desk.poll(3)
    assert [(alert.rule, alert.scope_key) for alert in store.open_alerts()] == [("blind", "account:222233334444")]


def test_a_deleted_subnet_ends_its_alert_only_with_proof(outside: Outside, store: Store) -> None:
    """Absent from listings two polls apart it is asked for by id; only "not found" ends the alert, as deleted."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    assert desk.poll() == ["low_ips opened"]
    del outside.free["subnet-a"]
    assert desk.poll(2) == []
    assert outside.gone_asked == []
    assert desk.poll() == []
    assert outside.gone_asked == [["subnet-a"]]
    outside.deleted = True
    assert desk.poll() == ["low_ips resolved"]
    alert = store.alert(1001)
    assert alert is not None
    assert alert.resolution == "deleted"
    assert desk.told("low_ips")[-1] == "all resolved"


def test_listings_that_fail_prove_nothing(outside: Outside, store: Store) -> None:
    """A region that cannot be read for an hour does not make its subnets deleted."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    outside.blind, outside.deleted = "denied", True
    desk.poll(12)
    assert outside.gone_asked == []
    assert "low_ips" in [alert.rule for alert in store.open_alerts()]


def test_a_rule_that_is_switched_off_ends_its_alerts(outside: Outside, store: Store) -> None:
    """After a restart with the rule off, what it found is over and says why."""
    outside.free["subnet-a"] = 0
    Desk(outside, store).poll()
    assert Desk(outside, store, alerts={"rules_off": ["low_ips"]}).poll() == ["low_ips resolved"]
    alert = store.alert(1001)
    assert alert is not None
    assert alert.resolution == "rule removed"


def test_a_long_downtime_shifts_what_is_pending_and_leaves_what_fires(outside: Outside, store: Store) -> None:
    """After two hours down a pending alert is no older than before it; a firing one stays as it was."""
    outside.free |= {"subnet-a": 20, "subnet-b": 0}
    Desk(outside, store).poll()
    began = {alert.subnet_id: alert.active_at for alert in store.open_alerts()}
    outside.now += timedelta(hours=2)
    assert Desk(outside, store).poll() == []
    after = {alert.subnet_id: alert for alert in store.open_alerts()}
    assert after["subnet-a"].status.value == "pending"
    assert after["subnet-a"].active_at == began["subnet-a"] + timedelta(hours=2, minutes=5)
    assert after["subnet-b"].active_at == began["subnet-b"]


def test_subnets_of_one_cluster_and_zone_share_a_card(outside: Outside, store: Store) -> None:
    """Two subnets that run out in turn are one message and one reply; when both are well the card ends once."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    outside.free["subnet-b"] = 0
    desk.poll()
    (entry,) = store.notification_log().values()
    assert entry.alert_ids == (1001, 1002)
    assert {item.alert_id for item in store.claim(outside.now, "sender")} == {1001}
    outside.free = {"subnet-a": 200, "subnet-b": 200}
    desk.poll(4)
    assert [alert.rule for alert in store.open_alerts()] == []
    assert store.why_not_heard(1002)[-1].reason == "all resolved"


def test_a_silence_keeps_quiet_and_its_end_lets_one_message_through(outside: Outside, store: Store) -> None:
    """What fires meanwhile is recorded with the silence's name, once; when it ends the channel hears of it."""
    desk = Desk(outside, store)
    store.add_silence(
        Silence(
            scope=Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/prod-eu"),
            created_by="U1",
            name="Ana",
            created_at=START,
            starts_at=START,
            ends_at=START + timedelta(hours=1),
        )
    )
    outside.free["subnet-a"] = 0
    desk.poll(12)
    assert desk.told("low_ips") == ["silenced"]
    assert store.outbox_depth(outside.now)[0] == 0
    desk.poll()
    assert desk.told("low_ips") == ["silenced", "first message"]


def test_an_ack_stops_repeats_until_it_gets_worse(outside: Outside, store: Store) -> None:
    """Acked, nobody is told every four hours; critical, the channel hears at once."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 20
    desk.poll(3)
    (alert,) = store.open_alerts()
    store.save_ack(ack(alert, alert.alert_id or 0, acked_by="U1", name="Ana", now=outside.now))
    desk.poll(60)
    assert "fires on, repeat interval over" not in desk.told("low_ips")
    assert desk.told("low_ips")[-1] == "acked"
    outside.free["subnet-a"] = 0
    desk.poll()
    assert desk.told("low_ips")[-1] == "got worse"


def test_an_alert_that_fires_on_is_repeated(outside: Outside, store: Store) -> None:
    """Unacked, it is told again after the interval of the configuration."""
    desk = Desk(outside, store, alerts={"repeat": "1h"})
    outside.free["subnet-a"] = 0
    desk.poll(13)
    assert desk.told("low_ips") == ["first message", "fires on, repeat interval over"]


def test_each_watch_hears_what_it_asked_for(outside: Outside, store: Store) -> None:
    """Severities, the channel's own threshold and quiet hours hold back, and each says so; the rest is told."""
    night = MuteWindow(
        channel="C-quiet",
        zone=ZoneInfo("UTC"),
        starts=time(8, 0),
        ends=time(18, 0),
        severities=frozenset(Severity),
    )
    store.add_watch("C-critical", "all", "all", "U1", START, severities=(Severity.CRITICAL,))
    store.add_watch("C-below", "all", "all", "U1", START, below_ips=15)
    store.add_watch("C-quiet", "all", "all", "U1", START, quiet=night)
    store.add_watch("C-elsewhere", "account:222233334444", "stage", "U1", START)
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 20
    desk.poll(3)
    channels = ("C-critical", "C-below", "C-quiet", "C-elsewhere")
    assert {channel: desk.told("low_ips", channel) for channel in channels} == {
        "C-critical": ["the channel wants other severities"],
        "C-below": ["above the channel's own threshold"],
        "C-quiet": ["quiet hours of the channel"],
        "C-elsewhere": [],
    }
    outside.free["subnet-a"] = 10
    desk.poll()
    assert [desk.told("low_ips", channel)[-1] for channel in channels[:3]] == [
        "first message",
        "first message",
        "quiet hours of the channel",
    ]


def test_an_alert_that_nobody_watches_says_so(outside: Outside, store: Store) -> None:
    """The question why nobody heard has an answer also then."""
    desk = Desk(outside, store, watches=[])
    outside.free["subnet-a"] = 0
    desk.poll(3)
    assert desk.told("low_ips", "") == ["no channel watches it"]


def test_who_watches_a_cluster_hears_that_its_region_is_blind(outside: Outside, store: Store) -> None:
    """Silence would look like health; who watches another account is spared."""
    store.add_watch("C-cluster", "cluster:111122223333/eu-west-1/prod-eu", "prod-eu", "U1", START)
    store.add_watch("C-subnet", "subnet:subnet-a", "private-a", "U1", START)
    store.add_watch("C-other", "account:222233334444", "stage", "U1", START)
    desk = Desk(outside, store, watches=[])
    desk.poll()
    seen = outside.inventory()
    outside.blind = "throttled"
    for _ in range(3):
        blind = outside.inventory()
        desk.judge.note(blind, clusters=False)
        desk.judge.judge(seen, desk.judge.samples(seen))
        outside.now += POLL
    told = {channel: desk.told("blind", channel) for channel in ("C-cluster", "C-subnet", "C-other")}
    assert told == {"C-cluster": ["first message"], "C-subnet": ["first message"], "C-other": []}


def test_between_polls_what_waited_is_told(outside: Outside, store: Store) -> None:
    """A warning waits a minute for others on its card; it does not wait for the next poll, and is told once."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 20
    desk.poll(2)
    assert desk.told("low_ips") == ["waits for others on the same card"]
    outside.now = START + POLL + timedelta(seconds=30)
    heard = []
    for _ in range(4):
        desk.judge.tell(outside.inventory())
        heard.append(desk.told("low_ips")[1:])
        outside.now += timedelta(seconds=15)
    assert heard == [[], [], ["first message"], ["first message"]]
    assert store.outbox_depth(outside.now)[0] == 1


def test_who_made_a_silence_is_reminded_and_the_channel_hears_that_it_is_over(outside: Outside, store: Store) -> None:
    """Each is said once: a quarter of an hour before the end to its author, at the end to the channel with the card."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    made = Silence(
        alert_ids=(1001,),
        created_by="U0AAAAAAA",
        name="Ana",
        created_at=outside.now,
        starts_at=outside.now,
        ends_at=outside.now + timedelta(hours=1),
    )
    store.add_silence(made)
    said: dict[int, tuple[str, str]] = {}
    for _ in range(14):
        desk.poll()
        for _ in range(2):
            desk.judge.tell(outside.inventory())
        said |= {item.message_id: (item.channel, item.dedup_key) for item in store.claim_messages(outside.now, "one")}
    assert list(said.values()) == [("U0AAAAAAA", "silence:1:reminder"), (CHANNEL, f"silence:1:end:{CHANNEL}")]


def test_a_silence_until_resolved_ends_with_its_alert_and_says_nothing(outside: Outside, store: Store) -> None:
    """The card of the end is the message; the silence is over for whatever comes next."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    made = Silence(
        alert_ids=(1001,),
        created_by="U0AAAAAAA",
        created_at=outside.now,
        starts_at=outside.now,
        ends_at=outside.now + timedelta(days=7),
        until_resolved=True,
    )
    store.add_silence(made)
    outside.free["subnet-a"] = 200
    desk.poll(3)
    desk.judge.tell(outside.inventory())
    kept = store.silence(1)
    assert kept is not None
    assert (kept.lifted_by, store.silences(outside.now)) == ("eksip", ())
    assert store.claim_messages(outside.now, "sender") == ()


def test_an_alert_stays_on_its_card_when_the_clusters_of_its_subnet_become_known(
    outside: Outside, store: Store
) -> None:
    """Told of before EKS was read, it is kept up to date and ends on that card; nothing is told of it twice."""
    desk = Desk(outside, store)
    outside.cluster = replace(CLUSTER, nodegroups=())
    outside.free |= {"subnet-a": 0, "subnet-b": 0}
    desk.poll()
    outside.cluster = CLUSTER
    desk.poll()
    (entry,) = store.notification_log().values()
    assert (entry.alert_ids, entry.alert_id) == ((1001, 1002), 1001)
    outside.free = {"subnet-a": 200, "subnet-b": 200}
    desk.poll(4)
    reasons = [event.reason for event in store.why_not_heard(1002) if event.reason]
    assert reasons == ["first message", "all resolved"]


def test_what_ended_long_ago_stays_on_a_card_that_goes_on(outside: Outside, store: Store) -> None:
    """Slack was away while one of two subnets recovered: an hour later the card still tells of it."""
    desk = Desk(outside, store)
    outside.free |= {"subnet-a": 0, "subnet-b": 0}
    desk.poll()
    outside.free["subnet-b"] = 200
    desk.poll(16)
    (entry,) = store.notification_log().values()
    assert entry.alert_ids == (1001, 1002)
    card = Cards(store, load({}, {}), lambda: outside.now).message(_waiting(store, outside.now))
    assert card is not None
    assert "private-b" in str(card.parts)


def test_a_card_that_was_never_posted_tells_of_all_that_was_on_it_when_all_is_long_over(
    outside: Outside, store: Store
) -> None:
    """Slack was away for an hour; what fired and cleared meanwhile is one message that names both subnets."""
    desk = Desk(outside, store)
    outside.free |= {"subnet-a": 0, "subnet-b": 0}
    desk.poll()
    outside.free = {"subnet-a": 200, "subnet-b": 200}
    desk.poll(16)
    assert store.notification_log() == {}
    card = Cards(store, load({}, {}), lambda: outside.now).message(_waiting(store, outside.now))
    assert card is not None
    assert card.text.startswith("[RESOLVED] 2 subnets")


def _waiting(store: Store, now: datetime) -> OutboxItem:
    """The one card that waits to be sent."""
    (item,) = store.claim(now, "sender")
    return item


def test_a_channel_hears_earlier_by_a_threshold_of_its_own_and_the_others_by_the_settings(
    outside: Outside, store: Store
) -> None:
    """20 % for one channel, 10 % for the other: each is told by its own, and both read one alert to its end."""
    desk, early = Desk(outside, store), "C0000002"
    store.add_watch(early, "cluster:111122223333/eu-west-1/prod-eu", "prod-eu", "U1", START, below_pct=20.0)
    outside.free["subnet-a"] = 45
    desk.poll(3)
    (alert,) = store.open_alerts()
    assert (alert.severity, alert.threshold) == (Severity.WARNING, 51)
    assert (desk.told("low_ips", early), desk.told("low_ips")) == (
        ["waits for others on the same card", "first message"],
        ["above the channel's own threshold"],
    )
    outside.free["subnet-a"] = 20
    desk.poll()
    assert desk.told("low_ips")[-1] == "first message"
    assert store.open_alerts()[0].threshold == 26
    outside.free["subnet-a"] = 40
    desk.poll(4)
    assert [each.alert_id for each in store.open_alerts()] == [alert.alert_id]
    outside.free["subnet-a"] = 62
    assert desk.poll(3) == ["low_ips resolved"]
    assert (desk.told("low_ips", early)[-1], desk.told("low_ips")[-1]) == ("all resolved", "all resolved")


def test_without_the_watch_that_wanted_to_hear_earlier_its_alert_recovers(outside: Outside, store: Store) -> None:
    """What is low for nobody any more does not stay open."""
    desk, early = Desk(outside, store), "C0000002"
    store.add_watch(early, "subnet:subnet-a", "private-a", "U1", START, below_ips=60)
    outside.free["subnet-a"] = 45
    desk.poll(3)
    assert len(store.open_alerts()) == 1
    store.remove_watch(early, "subnet:subnet-a")
    desk.poll(4)
    assert store.open_alerts() == ()


def test_the_end_of_a_silence_is_told_after_the_quiet_hours_and_not_of_what_is_acked(
    outside: Outside, store: Store
) -> None:
    """It ends at night: the channel hears at seven of the warning that fires on, and nothing of the one in hand."""
    desk = Desk(outside, store, watches=[])
    night = MuteWindow(channel=CHANNEL, zone=ZoneInfo("UTC"), starts=time(10, 0), ends=time(12, 0))
    store.add_watch(CHANNEL, "all", "everything", "U1", START, quiet=night)
    outside.free |= {"subnet-a": 20, "subnet-b": 20}
    desk.poll(3)
    first, second = store.open_alerts()
    store.add_silence(
        Silence(
            alert_ids=(first.alert_id or 0, second.alert_id or 0),
            created_by="U0AAAAAAA",
            created_at=outside.now,
            starts_at=outside.now,
            ends_at=START + timedelta(minutes=90),
        )
    )
    store.save_ack(ack(second, second.alert_id or 0, acked_by="U1", name="Ana", now=outside.now))
    said: dict[str, datetime] = {}
    while outside.now < START + timedelta(hours=4):
        desk.poll()
        desk.judge.tell(outside.inventory())
        for item in store.claim_messages(outside.now, "one"):
            if item.channel == CHANNEL:
                said.setdefault(item.message.text, outside.now)
            store.message_sent(item, outside.now, item.channel, "1.1")
    ends = {text: at for text, at in said.items() if text.startswith("Silence")}
    assert list(ends) == [f"Silence 1 is over. Firing: {first.alert_id} private-a."]
    assert set(ends.values()) == {START + timedelta(hours=3)}


def test_a_reminder_that_slack_did_not_take_in_time_is_taken_back(outside: Outside, store: Store) -> None:
    """Slack is away until after the end: nobody is told then that the silence ends in a quarter of an hour."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    silence = Silence(
        alert_ids=(1001,),
        created_by="U0AAAAAAA",
        created_at=outside.now,
        starts_at=outside.now,
        ends_at=outside.now + timedelta(hours=1),
    )
    store.add_silence(silence)
    while outside.now < silence.ends_at - POLL:
        desk.poll()
        desk.judge.tell(outside.inventory())
    assert store.message_outcome("silence:1:reminder") is not None
    desk.poll()
    desk.judge.tell(outside.inventory())
    assert store.message_outcome("silence:1:reminder") is None


def test_a_reminder_names_only_what_its_reader_may_see(outside: Outside, store: Store) -> None:
    people = [{"users": ["U0AAAAAAA"], "scopes": ["subnet:subnet-b"]}]
    desk = Desk(
        outside, store, access={"people_may": people, "channels_may": [{"channel": CHANNEL, "scopes": ["all"]}]}
    )
    outside.free |= {"subnet-a": 0, "subnet-b": 0}
    desk.poll()
    store.add_silence(
        Silence(
            scope=Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/prod-eu"),
            created_by="U0AAAAAAA",
            created_at=outside.now,
            starts_at=outside.now,
            ends_at=outside.now + timedelta(hours=1),
        )
    )
    outside.now += timedelta(minutes=50)
    desk.judge.tell(outside.inventory())
    (reminder,) = [item for item in store.claim_messages(outside.now, "one") if item.channel == "U0AAAAAAA"]
    assert "private-b" in reminder.message.text
    assert "private-a" not in reminder.message.text


def test_a_reply_that_slack_did_not_take_in_time_is_not_sent_after_the_end(outside: Outside, store: Store) -> None:
    """It got worse while Slack was away, and then it was over: the card says so, and no reply says that it fires."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 20
    desk.poll(3)
    store.mark_sent(_waiting(store, outside.now), outside.now, CHANNEL, "1.1")
    outside.free["subnet-a"] = 0
    desk.poll()
    (reply,) = store.claim_messages(outside.now, "one")
    store.message_back(reply, outside.now)
    outside.free["subnet-a"] = 200
    desk.poll(4)
    assert store.claim_messages(outside.now, "one") == ()


def test_a_card_that_ended_keeps_what_was_on_it_when_the_clock_goes_forward(outside: Outside, store: Store) -> None:
    """The second of two subnets ended under a clock that was an hour behind the one of the first."""
    desk = Desk(outside, store)
    outside.free |= {"subnet-a": 0, "subnet-b": 0}
    desk.poll()
    outside.free["subnet-a"] = 200
    desk.poll(4)
    outside.now -= timedelta(hours=1)
    outside.free["subnet-b"] = 200
    desk.poll(4)
    outside.now += timedelta(hours=1)
    desk.judge.tell(outside.inventory())
    assert _waiting(store, outside.now).alert_ids == {1001, 1002}


def test_what_fires_anew_and_is_silenced_does_not_appear_on_a_card_that_ended(outside: Outside, store: Store) -> None:
    """It has a card of its own when the silence is over."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    store.mark_sent(_waiting(store, outside.now), outside.now, CHANNEL, "1.1")
    outside.free["subnet-a"] = 200
    desk.poll(4)
    store.mark_sent(_waiting(store, outside.now), outside.now, CHANNEL, "1.1")
    desk.poll(5)
    store.add_silence(
        Silence(
            scope=Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/prod-eu"),
            created_by="U1",
            created_at=outside.now,
            starts_at=outside.now,
            ends_at=outside.now + timedelta(hours=2),
        )
    )
    outside.free |= {"subnet-a": 200, "subnet-b": 0}
    desk.poll(2)
    assert store.claim(outside.now, "sender") == ()


def test_what_ended_on_a_card_that_is_over_is_not_told_again_on_the_next_when_the_clock_is_set_back(
    outside: Outside, store: Store
) -> None:
    """By the time of the clock set back it has ended only lately; the channel knows."""
    desk = Desk(outside, store)
    outside.free["subnet-a"] = 0
    desk.poll()
    outside.free["subnet-a"] = 200
    desk.poll(4)
    outside.now += timedelta(hours=1)
    outside.free["subnet-b"] = 0
    desk.poll()
    outside.now -= timedelta(hours=1)
    desk.judge.tell(outside.inventory())
    (entry,) = store.notification_log().values()
    assert entry.alert_ids == (1002,)
