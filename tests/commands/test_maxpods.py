"""`maxpods TYPE`: every mode, with the notes that are true of the type, and never a guess."""

import pytest

from bot.asking.command import Asked, Request
from bot.commands.maxpods import answer
from bot.config import load
from bot.errors import QueryError, UserError
from bot.message import Bullets, Context, Message, Sources, Table
from bot.services import Services
from bot.wiring.parts import Parts

SERVICES: Services = Parts(load({}, {})).services


def maxpods(*words: str) -> Message:
    return answer(Asked(verb="maxpods", words=words), Request(text="maxpods"), SERVICES)


def notes(message: Message) -> str:
    lines = [line for part in message.parts if isinstance(part, Context) for line in part.lines]
    return "\n".join("".join(str(piece) for piece in line) for line in lines)


def table(message: Message) -> dict[str, str]:
    (found,) = (part for part in message.parts if isinstance(part, Table))
    return {row[0]: row[1] for row in found.rows}


def test_the_json_form_is_exactly_the_documented_one() -> None:
    found = dict(maxpods("m5.large").answer)
    provisioners = found.pop("provisioners")
    assert isinstance(provisioners, list)
    assert [row["default"] for row in provisioners] == [29, 29, 29, 29, 29, 110]
    assert found == {
        "instance_type": "m5.large",
        "max_enis": 3,
        "ipv4_per_eni": 10,
        "hypervisor": "nitro",
        "bare_metal": False,
        "network_cards": 1,
        "vcpus": 2,
        "branch_enis": None,
        "max_pods": {
            "secondary": 29,
            "secondary_managed": 29,
            "custom_networking": 20,
            "prefix": 110,
            "prefix_uncapped": 434,
            "prefix_custom_networking": 110,
            "ipv6": 110,
            "windows_secondary": 9,
            "windows_prefix": 144,
        },
        "prefix_supported": True,
        "kube_reserved_memory_mib": 574,
        "efa_only": 20,
        "trunk_addresses": 18,
        "limits_source": SNAPSHOT,
    }


SNAPSHOT = str(maxpods("t3.small").answer["limits_source"])


@pytest.mark.parametrize(
    ("instance_type", "sentence"),
    [
        pytest.param(
            "m5.large",
            "m5.large holds 29 pods in secondary IP mode, 20 with custom networking, 110 with prefixes.",
            id="Nitro",
        ),
        pytest.param(
            "m5.4xlarge",
            "m5.4xlarge holds 234 pods in secondary IP mode (110 in a managed node group), 205 with custom networking, "
            "110 with prefixes.",
            id="capped in a managed node group",
        ),
        pytest.param(
            "t2.micro",
            "t2.micro holds 4 pods in secondary IP mode, 3 with custom networking, and no prefix mode.",
            id="Xen",
        ),
    ],
)
def test_the_sentence_stands_alone(instance_type: str, sentence: str) -> None:
    assert maxpods(instance_type).text == sentence


@pytest.mark.parametrize(
    ("instance_type", "said", "unsaid"),
    [
        pytest.param("m5.large", "the cap of 110 binds", "network cards", id="the cap binds"),
        pytest.param("t3.nano", "34 with prefixes, below the cap of 110", "binds", id="the cap does not bind"),
        pytest.param("t2.micro", "Windows nodes: 1 addresses", "prefixes", id="no prefixes"),
        pytest.param(
            "p5.48xlarge", "32 network cards: pods use the default card's 2 ENIs only", "own table", id="cards"
        ),
        pytest.param(
            "i7ie.48xlarge", "The CNI's own table counts both cards", "sources", id="the CNI disagrees with EC2"
        ),
    ],
)
def test_the_notes_are_true_of_the_type(instance_type: str, said: str, unsaid: str) -> None:
    found = notes(maxpods(instance_type))

    assert said in found
    assert unsaid not in found


def test_every_provisioner_is_shown_with_its_number_and_reason() -> None:
    shown = str([part for part in maxpods("m5.4xlarge").parts if isinstance(part, Bullets)])
    for words in ("Managed node group 110", "Karpenter 234", "Bottlerocket 234", "EKS Auto Mode 110"):
        assert words in shown


def test_the_table_shows_only_modes_the_type_has() -> None:
    assert table(maxpods("m5.4xlarge")) == {
        "Secondary IPs": "234",
        "Same, managed group (cap 110)": "110",
        "Custom networking": "205",
        "Prefixes (cap 110)": "110",
        "Prefixes + custom networking": "110",
        "IPv6 (cap 110)": "110",
    }
    assert "IPv6 (cap 110)" not in table(maxpods("t2.micro"))


def test_the_answer_names_its_source_and_the_day_of_the_limits() -> None:
    found = maxpods("m5.large")

    assert any(isinstance(part, Sources) for part in found.parts)
    assert f"Limits: EC2 snapshot of {SNAPSHOT.removeprefix('snapshot ')}" in notes(found)


def test_bare_metal_has_no_hypervisor() -> None:
    found = maxpods("m5.metal").answer

    assert (found["hypervisor"], found["bare_metal"], found["prefix_supported"]) == (None, True, True)


def test_capitals_do_not_matter() -> None:
    assert maxpods("M5.Large").answer["instance_type"] == "m5.large"


@pytest.mark.parametrize(
    "instance_type",
    [
        pytest.param("i3.metal", id="real, missing from the snapshot"),
        pytest.param("m99.large", id="made up"),
    ],
)
def test_a_type_outside_the_snapshot_is_a_query_error_that_says_so(instance_type: str) -> None:
    with pytest.raises(QueryError, match="is not in my offline table") as caught:
        maxpods(instance_type)

    assert f"aws ec2 describe-instance-types --instance-types {instance_type}" in caught.value.message
    assert caught.value.api == "ec2:DescribeInstanceTypes"


def test_a_missing_type_comes_with_similar_names() -> None:
    with pytest.raises(QueryError, match=r"similar name: .*m5\.large"):
        maxpods("m5.larg")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="none"),
        pytest.param(("m5.large", "c5.large"), id="two"),
        pytest.param(("prod-eu",), id="no instance type"),
        pytest.param(("m5",), id="a family"),
        pytest.param(("m5.large;reboot",), id="a shell's punctuation never reaches the command to copy"),
        pytest.param(("$(reboot).large",), id="nor does a substitution"),
        pytest.param(("x" * 7_000,), id="7,000 characters"),
    ],
)
def test_anything_else_is_a_user_error_with_a_command_that_works(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=r"maxpods m5\.large") as caught:
        maxpods(*words)

    assert len(caught.value.message) < 200
    assert maxpods(caught.value.suggestions[0].split()[1]).ok
