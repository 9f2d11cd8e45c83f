"""Who may write, what is seen where, and how much a person may ask: the pure parts of access."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import DEV, NOW, cluster, eni, inventory, node, region_facts, subnet
from stored_alerts import FIRING

from bot.alerts import Alert, SubjectKind
from bot.asking.access import refusal
from bot.asking.allowance import Allowance
from bot.asking.command import Asked, Command, Request, Surface
from bot.asking.sight import ANOTHER_CLUSTER, Sight, seen_scopes, sight
from bot.capacity.holders import holders
from bot.config import AccessSettings
from bot.inventory import SubnetContents
from bot.message import Message
from bot.scope import Scope, ScopeKind
from bot.services import Services

CHANNEL, OTHER, DIRECT = "C0CHANNEL0", "C0OTHER000", "D0DIRECT00"
ANA, BEN = "U0ANAANA0", "U0BENBEN0"
GROUP = "S0GROUP000"


def _answer(asked: Asked, request: Request, services: Services) -> Message:
    return Message(text="answered")


ACK = Command(verb="ack", summary="", usage="", example="", run=_answer, writes=True)


@pytest.mark.parametrize(
    ("asked", "access", "may"),
    [
        pytest.param(Request(text="", user_id=BEN), {}, True, id="nobody is named"),
        pytest.param(Request(text="", user_id=ANA), {"writers": [ANA]}, True, id="by name"),
        pytest.param(Request(text="", user_id=BEN), {"writers": [ANA]}, False, id="not named"),
        pytest.param(
            Request(text="", user_id=BEN, user_groups=frozenset({GROUP})),
            {"writer_groups": [GROUP]},
            True,
            id="by group",
        ),
        pytest.param(Request(text="", user_id=BEN), {"writer_groups": [GROUP]}, False, id="group not known to hold"),
        pytest.param(
            Request(text="", user_id=BEN, channel_id=CHANNEL), {"writer_channels": [CHANNEL]}, True, id="by channel"
        ),
        pytest.param(
            Request(text="", user_id=BEN, channel_id=OTHER), {"writer_channels": [CHANNEL]}, False, id="other channel"
        ),
        pytest.param(
            Request(text="", user_id=ANA, channel_id=OTHER),
            {"writer_channels": [CHANNEL], "writers": [ANA]},
            True,
            id="one list is enough",
        ),
    ],
)
def test_one_of_the_lists_of_writers_is_enough(asked: Request, access: dict[str, list[str]], may: bool) -> None:
    found = refusal(replace(asked, surface=Surface.SLASH), ACK, AccessSettings(**access))
    assert (found is None) is may


MAY = {
    "channels_may": [{"channel": CHANNEL, "scopes": ["cluster:a", "account:dev"]}],
    "people_may": [{"users": [ANA], "scopes": ["cluster:b"]}],
}
FOR_OTHERS = {"channel": "*", "scopes": ["cluster:c"]}


@pytest.mark.parametrize(
    ("access", "channel", "user", "scopes"),
    [
        pytest.param({}, CHANNEL, ANA, None, id="no entry: everything"),
        pytest.param(MAY, CHANNEL, ANA, ("cluster:a", "account:dev"), id="the channel's entry"),
        pytest.param(MAY, OTHER, ANA, (), id="no entry for the channel: nothing, whoever asks"),
        pytest.param(MAY, DIRECT, ANA, ("cluster:b",), id="direct messages: the person's entry"),
        pytest.param(MAY, "", ANA, ("cluster:b",), id="no channel: the person's entry"),
        pytest.param(MAY, DIRECT, BEN, (), id="direct messages of somebody without one"),
        pytest.param({**MAY, "channels_may": [FOR_OTHERS]}, OTHER, BEN, ("cluster:c",), id="the entry for all others"),
        pytest.param({"channels_may": [{"channel": "*", "scopes": ["all"]}]}, OTHER, BEN, None, id="all"),
    ],
)
def test_where_somebody_asks_decides_what_is_seen(
    access: dict[str, object], channel: str, user: str, scopes: tuple[str, ...] | None
) -> None:
    assert seen_scopes(AccessSettings.model_validate(access), channel, user) == scopes


def _whole() -> Sight:
    mine = region_facts(
        subnet("subnet-a", name="a-1", vpc_id="vpc-1"),
        subnet("subnet-both", "10.0.1.0/24", name="both-1", vpc_id="vpc-1"),
        subnet("subnet-b", "10.0.2.0/24", name="b-1", vpc_id="vpc-1"),
        clusters=(cluster("a", ("subnet-a", "subnet-both")), cluster("b", ("subnet-b", "subnet-both"))),
    )
    theirs = region_facts(subnet("subnet-d", name="d-1", account_id=DEV, vpc_id="vpc-2"), account_id=DEV)
    return sight(["cluster:a"], inventory(mine, theirs))


def test_a_cluster_is_seen_with_its_subnets_and_without_its_neighbours_in_them() -> None:
    seen = _whole().inventory
    assert [found.name for found in seen.clusters] == ["a"]
    assert [found.name for found in seen.subnets] == ["a-1", "both-1"]
    assert [account.name for account in seen.accounts] == ["prod"]
    assert seen.expected_regions == 1
    assert seen.clusters_by_subnet() == {"subnet-a": ("a",), "subnet-both": ("a",)}


def test_the_interfaces_of_a_hidden_cluster_in_a_shared_subnet_are_counted_without_its_name() -> None:
    contents = SubnetContents(
        subnet_ids=frozenset({"subnet-both"}),
        observed_at=NOW,
        enis=(
            eni("10.0.1.4", subnet_id="subnet-both", instance_id="i-b", description="aws-K8S-i-b"),
            eni("10.0.1.5", subnet_id="subnet-both", description="Amazon EKS b"),
            eni("10.0.1.6", subnet_id="subnet-both", tags=(("cluster.k8s.amazonaws.com/name", "b"),)),
            eni("10.0.1.7", subnet_id="subnet-both", instance_id="i-a", description="aws-K8S-i-a"),
        ),
        nodes=(node("i-b", cluster="b", nodegroup="b-nodes"), node("i-a", cluster="a", nodegroup="general")),
    )

    shown = _whole().contents(contents)

    owners = {holder.owner for holder in holders(shown.enis, shown.nodes)}
    assert owners >= {ANOTHER_CLUSTER, "a/general"}
    assert not {"b", "b/b-nodes"} & owners
    assert sum(len(found.addresses) for found in shown.enis) == 4


@pytest.mark.parametrize(
    ("alert", "clusters"),
    [
        pytest.param(replace(FIRING, scope_key="subnet:subnet-both", clusters=("a", "b")), ("a",), id="shared subnet"),
        pytest.param(replace(FIRING, scope_key="subnet:subnet-b", clusters=("b",)), None, id="another's subnet"),
        pytest.param(replace(FIRING, scope_key="subnet:gone", clusters=("a",)), ("a",), id="its deleted subnet"),
        pytest.param(
            replace(
                FIRING,
                scope_kind=SubjectKind.NODEGROUP,
                scope_key="nodegroup:111122223333/eu-west-1/a/general",
                clusters=("a",),
            ),
            ("a",),
            id="its node group",
        ),
        pytest.param(
            replace(FIRING, scope_kind=SubjectKind.CLUSTER, scope_key=f"cluster:{DEV}/eu-west-1/a", clusters=("a",)),
            None,
            id="a cluster of the same name elsewhere",
        ),
        pytest.param(
            replace(FIRING, scope_kind=SubjectKind.REGION, scope_key="region:x", clusters=("b", "a")),
            ("a",),
            id="what its region lacks",
        ),
    ],
)
def test_an_alert_is_seen_with_the_own_clusters_only(alert: Alert, clusters: tuple[str, ...] | None) -> None:
    found = _whole().alert(alert)
    assert (None if found is None else found.clusters) == clusters


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        pytest.param(Scope(kind=ScopeKind.ALL), False, id="everything"),
        pytest.param(Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/a"), True, id="its cluster"),
        pytest.param(Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/b"), False, id="another cluster"),
        pytest.param(Scope(kind=ScopeKind.SUBNET, value="subnet-both"), True, id="its subnet"),
        pytest.param(Scope(kind=ScopeKind.VPC, value="vpc-1"), False, id="a VPC it shares"),
        pytest.param(Scope(kind=ScopeKind.REGION, value="eu-west-1"), False, id="its region"),
        pytest.param(Scope(kind=ScopeKind.ACCOUNT, value="111122223333"), False, id="its account"),
    ],
)
def test_only_what_is_seen_whole_may_be_changed(scope: Scope, holds: bool) -> None:
    assert _whole().holds(scope) is holds


def test_a_scope_of_the_configuration_that_names_nothing_shows_nothing() -> None:
    assert sight(["cluster:gone"], _whole().whole).inventory.subnets == ()


def test_a_person_may_ask_a_minutes_questions_at_once_and_then_one_as_each_comes_back() -> None:
    moments = [NOW]
    allowance = Allowance(3, lambda: moments[-1])
    assert [allowance.take(ANA) for _ in range(3)] == [None] * 3

    first, second = allowance.take(ANA), allowance.take(ANA)
    assert first is not None
    assert second is not None
    assert (first.length, first.is_first, second.is_first) == (timedelta(seconds=20), True, False)
    assert allowance.take(BEN) is None

    moments.append(NOW + timedelta(seconds=20))
    assert allowance.take(ANA) is None
    moments.append(NOW)
    refused = allowance.take(ANA)
    assert refused is not None
    assert refused.is_first
