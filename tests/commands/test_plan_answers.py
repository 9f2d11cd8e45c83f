"""`plan` on the demo estate: verdict, figures that agree with `status`, options with commands, unusable words."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.demo.workspace import problems
from bot.demo.world import World
from bot.message import Controls, Message, Visibility
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate


@pytest.fixture(scope="module")
def estate() -> Iterator[tuple[World, Parts]]:
    with demo_estate() as found:
        parts = Parts(found.settings)
        yield found.world, parts
        parts.close()


@pytest.fixture
def parts(estate: tuple[World, Parts]) -> Parts:
    return estate[1]


def ask(parts: Parts, text: str) -> Message:
    return parts.answer(Request(text=text, surface=Surface.ASK))


def answer(parts: Parts, text: str) -> dict[str, Any]:
    message = ask(parts, text)
    assert message.failure is None, message.text
    found = dict(message.answer)
    ANSWERS["plan"].model_validate(found)
    return found


def test_a_plan_that_does_not_fit_says_where_it_stops_and_what_would(parts: Parts) -> None:
    message = ask(parts, "plan +40 m5.xlarge prod-eu")
    found = answer(parts, "plan +40 m5.xlarge prod-eu")
    assert found["fits"] is False
    assert found["node_ips"] == 60
    short = [az for az in found["per_az"] if az["nodes_fit"] < az["nodes_asked"]]
    # Both subnets of zone a leave a rest that holds no node: of these only the better one counts.
    least = sum(60 * (az["nodes_asked"] - az["nodes_fit"] - 1) for az in short)
    assert least < found["short_by_ips"] <= least + 60 * len(short)
    assert "is full at its node" in message.text
    assert len(message.text) <= 150
    assert message.visibility is Visibility.IN_CHANNEL
    assert found["options"][0]["fits"] is True
    assert "private-1c" in found["options"][0]["title"]


def test_words_stand_in_any_order(parts: Parts) -> None:
    first = answer(parts, "plan +40 m5.xlarge prod-eu pods=20 warm-ip=2")
    for text in (
        "plan prod-eu pods=20 m5.xlarge warm-ip=2 +40",
        "whatif 40 nodes of m5.xlarge in prod-eu warm-ip=2 pods=20",
        "fit m5.xlarge nodes=40 cluster:prod-eu --pods 20 --warm-ip 2",
    ):
        assert answer(parts, text) == first


def test_the_verb_follows_the_number_in_the_headline_and_in_the_text(parts: Parts) -> None:
    for text, words in (
        ("plan +1 m5.xlarge private-1c", "fits in private-1c"),
        ("plan +2 m5.xlarge private-1c", "fit in private-1c"),
        ("plan +1 m5.xlarge pods-use1a", "does not fit in pods-use1a"),
        ("plan +4000 m5.xlarge private-1c", "do not fit in private-1c"),
    ):
        message = ask(parts, text)
        assert f"m5.xlarge {words}" in message.text
        assert "".join(str(getattr(each, "text", each)) for each in message.verdict) in message.text


def test_a_gain_says_how_much_of_it_is_where_nodes_are_wanted(parts: Parts) -> None:
    found = answer(parts, "plan +200 m5.xlarge payments-1a")
    (lean,) = [each for each in found["options"] if "WARM_IP_TARGET" in each["title"]]
    assert 0 < lean["gain_elsewhere_ips"] <= lean["gain_ips"]
    assert "of it in payments-1a, still" in str(ask(parts, "plan +200 m5.xlarge payments-1a sums").parts)
    whole = answer(parts, "plan +200 m5.xlarge prod-eu")["options"]
    assert {each["gain_elsewhere_ips"] for each in whole} == {0}


def test_the_reverse_question_agrees_with_asking(parts: Parts) -> None:
    most = answer(parts, "plan m5.xlarge prod-eu")
    assert most["fits"] is None
    assert most["options"] == []
    assert answer(parts, f"plan +{most['nodes_fit']} m5.xlarge prod-eu")["fits"] is True
    assert answer(parts, f"plan +{most['nodes_fit'] + 1} m5.xlarge prod-eu")["fits"] is False


def test_free_addresses_are_those_of_status_and_kept_ones_are_not_given_away(parts: Parts) -> None:
    shown = ask(parts, "status private-1c").answer["subnets"]
    assert isinstance(shown, list)
    (row,) = shown
    (zone,) = answer(parts, "plan m5.xlarge private-1c")["per_az"]
    assert zone["free_ips"] == row["free_ips"]
    assert zone["nodes_fit"] == (row["free_ips"] - zone["kept_ips"]) // 60


def test_addresses_without_a_block_take_no_node_in_prefix_mode(parts: Parts) -> None:
    found = answer(parts, "plan +2 prod-us")
    zones = {az["binding"]: az for az in found["per_az"] if az["nodes_fit"] == 0}
    assert set(zones) == {"blocks"}
    assert zones["blocks"]["free_ips"] > 3_000
    assert "no /28 block left" in ask(parts, "plan +2 prod-us").text


def test_a_reservation_for_prefixes_counts(parts: Parts) -> None:
    (zone,) = answer(parts, "plan m6i.xlarge stage-pods-1a pods=40")["per_az"]
    assert zone["free_ips"] == 25 + 847
    assert zone["nodes_fit"] > 10


def test_under_custom_networking_the_pods_subnets_bind(parts: Parts) -> None:
    found = answer(parts, "plan +200 m5.xlarge data-eu")
    assert {az["subnets"] for az in found["per_az"]} == {"pods"}
    assert any("cgnat-1a" in line for line in found["assumptions"])


def test_eniconfigs_nobody_knows_are_not_guessed(parts: Parts) -> None:
    found = answer(parts, "plan +5 m5.large prod-eu custom-networking")
    assert found["fits"] is None
    assert all(az["nodes_fit"] is None for az in found["per_az"])
    assert "not known" in ask(parts, "plan +5 m5.large prod-eu custom-networking").text


def test_a_node_of_an_ipv6_cluster_takes_one_address(parts: Parts) -> None:
    assert answer(parts, "plan +4 c6g.large edge")["node_ips"] == 1


def test_the_type_left_out_is_the_most_common_one_and_said(parts: Parts) -> None:
    found = answer(parts, "plan +1 prod-eu")
    assert found["instance_type"] == "m5.4xlarge"
    assert any("most common" in line for line in found["assumptions"])


def test_growth_takes_room_only_when_it_is_asked_for(parts: Parts) -> None:
    plain, grown = answer(parts, "plan m5.xlarge prod-eu"), answer(parts, "plan m5.xlarge prod-eu with-growth")
    assert any("31 nodes to their maximum" in line for line in plain["assumptions"])
    assert grown["nodes_fit_anywhere"] < plain["nodes_fit_anywhere"]


def test_subnets_without_a_cluster_take_the_settings_as_shipped(parts: Parts) -> None:
    found = answer(parts, "plan +5 m5.large vpc:lab")
    assert found["fits"] is True
    assert any("as shipped" in line for line in found["assumptions"])


def test_a_zone_of_several_clusters_asks_which_and_the_offer_works(parts: Parts) -> None:
    failure = ask(parts, "plan +4 m5.xlarge az:euw1-az1").failure
    assert failure is not None
    assert len(failure.suggestions) == 3
    for suggestion in failure.suggestions:
        assert [az["az_id"] for az in answer(parts, suggestion)["per_az"]] == ["euw1-az1"]


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        pytest.param("plan +0 m5.large prod-eu", "user", "below 1", id="no nodes"),
        pytest.param("plan -4 m5.large prod-eu", "user", "below 1", id="fewer nodes"),
        pytest.param("plan +many m5.large prod-eu", "user", "not a whole number", id="a word for a number"),
        pytest.param("plan + m5.large prod-eu", "user", "not a whole number", id="a plus alone"),
        pytest.param("plan +99999999 m5.large prod-eu", "user", "more than", id="too many nodes"),
        pytest.param("plan +4 +5 m5.large prod-eu", "user", "one number of nodes", id="two numbers"),
        pytest.param("plan +4 m5.large c5.large prod-eu", "user", "one instance type", id="two types"),
        pytest.param("plan +4 m5.large prod-eu pods=-1", "user", "below 0", id="negative pods"),
        pytest.param("plan +4 m5.large prod-eu max-pods=0", "user", "below 1", id="no pods at all"),
        pytest.param("plan +4 m5.large nowhere", "user", "nowhere", id="unknown scope"),
        pytest.param("plan +4 m5.large", "user", "name one", id="several clusters, none named"),
        pytest.param("plan +4 m5.large all", "user", "name one", id="everything"),
        pytest.param("plan +4 m5.large prod-eu cluster=nope", "user", "No cluster", id="unknown cluster"),
        pytest.param("plan +4 m5.large prod-eu zzz=1", "user", "zzz", id="unknown option"),
        pytest.param("plan +4 prod-us warm-prefix=0", "user", "WARM_PREFIX_TARGET=1", id="the CNI would not start"),
        pytest.param("plan +4 x9.large prod-eu", "query", "x9.large", id="unknown type"),
        pytest.param("plan +4 m5.huge prod-eu", "query", "m5.huge", id="misspelt type"),
    ],
)
def test_unusable_words_get_an_answer_with_an_example(parts: Parts, text: str, kind: str, says: str) -> None:
    message = ask(parts, text)
    assert message.failure is not None
    assert message.failure.kind == kind
    assert says in message.text
    assert "plan +" in message.text or kind == "query"
    assert problems(render(message)) == []


@pytest.mark.parametrize(
    "text",
    [
        "plan +40 m5.xlarge prod-eu", "plan +40 m5.xlarge prod-eu sums", "plan prod-us", "plan +400 data-eu sums",
        "plan +5 m5.large vpc:lab", "plan +500 m5.large vpc:lab sums", "plan +9 edge", "plan +9 prod-eu with-growth",
        "plan +5 m5.large prod-eu custom-networking", "plan +20 stage-eu prefix",
    ],
)  # fmt: skip
def test_slack_takes_every_plan_and_its_buttons_work(parts: Parts, text: str) -> None:
    message = ask(parts, text)
    assert problems(render(message)) == []
    (controls,) = [part for part in message.parts if isinstance(part, Controls)]
    assert 1 <= len(controls.items) <= 4
    for button in controls.items:
        again = ask(parts, getattr(button, "command"))  # noqa: B009
        assert again.failure is None, again.text
