"""Plain questions become the command that computes the answer, or stay questions."""

import pytest

from bot.asking.grammar import parse
from bot.asking.questions import command_for
from bot.commands import COMMANDS

VERBS = ("status", "subnet", "who", "maxpods", "explain", "plan", "upgrade", "prefix", "size", "cidr", "simulate")
NAMES = ("prod-eu", "private-1a", "the", "payments")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        pytest.param("how many pods fit on m5.4xlarge?", "maxpods m5.4xlarge", id="pods on a type"),
        pytest.param("max pods for c6i.2xlarge", "maxpods c6i.2xlarge", id="max pods for a type"),
        pytest.param("t3.medium pod limit", "maxpods t3.medium", id="type first"),
        pytest.param("how many IPs left in prod-eu", "status prod-eu", id="addresses left in a cluster"),
        pytest.param("how many free addresses in private-1a", "status private-1a", id="free addresses of a subnet"),
        pytest.param("how many ips are still available?", "status", id="addresses left anywhere"),
        pytest.param("will 40 more c6i.2xlarge fit", "plan +40 c6i.2xlarge", id="nodes of a type"),
        pytest.param("can we add 12 m5.large to prod-eu?", "plan +12 m5.large prod-eu", id="nodes of a type somewhere"),
        pytest.param("will 40 more nodes fit in prod-eu", "plan +40 prod-eu", id="nodes without a type"),
        pytest.param("how many more m5.large fit in prod-eu", "plan m5.large prod-eu", id="the reverse question"),
        pytest.param("who is eating the IPs in prod-eu", "who prod-eu", id="holders"),
        pytest.param("which subnets are low?", "status", id="low subnets"),
        pytest.param("will the upgrade of prod-eu fit", "upgrade prod-eu", id="upgrade"),
        pytest.param("is prefix delegation safe in prod-eu", "prefix prod-eu", id="prefix readiness"),
        pytest.param("how many IPs left in cluster:stage-eu", "status cluster:stage-eu", id="typed scope"),
        pytest.param("how many ips left in total", "status", id="no scope after in"),
        pytest.param("how many IPs are left in the cluster staging-7?", "status staging-7", id="name nobody knows yet"),
        pytest.param(
            "will 40 more c6i.2xlarge fit in blue", "plan +40 c6i.2xlarge blue", id="plan for an unknown name"
        ),
        pytest.param("pods per c5.large, worked out", "maxpods c5.large", id="pods per type"),
        pytest.param("are we running out of ips in prod-eu?", "status prod-eu", id="running out"),
        pytest.param("how full is private-1a", "status private-1a", id="how full"),
        pytest.param("what is using all ips in private-1a", "who private-1a", id="what holds them"),
        pytest.param("why is private-1a full", "who private-1a", id="why it is full"),
        pytest.param("can we upgrade prod-eu", "upgrade prod-eu", id="may we upgrade"),
        pytest.param("is private-1a ready for prefixes", "prefix private-1a", id="ready for prefixes"),
        pytest.param(
            "how big must a subnet be for 200 nodes of m5.large with 20 pods each",
            "size nodes=200 type=m5.large pods=20",
            id="subnet size for nodes and pods",
        ),
        pytest.param(
            "what subnet size do I need for 60 m5.large nodes", "size nodes=60 type=m5.large", id="subnet size"
        ),
        pytest.param(
            "can I attach 192.168.0.0/16 to 10.0.0.0/16", "cidr 10.0.0.0/16 192.168.0.0/16", id="a block beside another"
        ),
        pytest.param(
            "how many addresses would m5.large with 16 pods take in prefix mode",
            "simulate m5.large pods=16 mode=prefix",
            id="addresses of one node",
        ),
        pytest.param("how many free addresses does an ALB need", None, id="a need, not a count"),
        pytest.param("why is a freed address not reused", None, id="why without a name"),
        pytest.param("can we upgrade the plugin in prod-eu", None, id="upgrade of the plugin"),
        pytest.param("who maintains aws-node", None, id="who, but no addresses"),
        pytest.param("how many ENIs can an m5.xlarge have", None, id="a limit, no pods"),
        pytest.param("is prefix delegation worth it", None, id="a concept, no scope"),
        pytest.param("will the upgrade fit", None, id="no cluster named"),
        pytest.param("why do pods hang in ContainerCreating", None, id="a symptom"),
        pytest.param("how many addresses does a prefix hold", None, id="a fact"),
        pytest.param("prefix vs custom networking", None, id="a comparison"),
    ],
)
def test_a_question_is_read_as_the_command_that_computes_it(text: str, command: str | None) -> None:
    assert command_for(text, VERBS, lambda: NAMES) == command


def test_a_verb_that_does_not_exist_is_not_offered() -> None:
    assert command_for("will 40 more c6i.2xlarge fit", ("status", "maxpods"), lambda: NAMES) is None


def test_names_are_asked_only_when_a_route_fits() -> None:
    def names() -> tuple[str, ...]:
        raise AssertionError("nobody needs the names")

    assert command_for("what is a warm pool", VERBS, names) is None
    assert command_for("how many pods on m5.large", VERBS, names) == "maxpods m5.large"


@pytest.mark.parametrize(
    "text",
    [
        "prefix vs custom networking",
        "plan versus size",
        "prefix delegation",
        "subnet fragmentation",
        "what is prefix mode",
    ],
)
def test_comparisons_and_concepts_are_explained_although_they_begin_with_a_verb(text: str) -> None:
    assert parse(text, COMMANDS).verb == "explain"


def test_a_count_alone_is_a_plan() -> None:
    asked = parse("+40 m5.large prod-eu", COMMANDS)
    assert (asked.verb, asked.words, asked.read_as) == (
        "plan",
        ("+40", "m5.large", "prod-eu"),
        "Read as plan +40 m5.large prod-eu.",
    )
