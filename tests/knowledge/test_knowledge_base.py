"""Questions and pasted errors find the right topic and section, or are declined."""

import random
from pathlib import Path

import pytest

from knowledge import KnowledgeBase, Reason, load
from knowledge.symptoms import WINDOW

FILES = {
    "prefix-delegation": (
        'title = "Prefix delegation (IPv4)"\naliases = ["prefix mode", "ENABLE_PREFIX_DELEGATION"]\n'
        'questions = ["how many addresses does a prefix hold", "do prefixes waste addresses"]\n'
        "symptoms = ['prefix delegation is not supported']\n",
        "## What it is\nEach slot of an ENI holds a prefix of 16 addresses instead of one address.\n"
        "## How to roll it out\nSet ENABLE_PREFIX_DELEGATION and replace the nodes: cordon, drain, new node group.\n"
        "## Limits\nOnly Nitro instances. A prefix needs a wholly free block.\n"
        "## What goes wrong\nNodes started before the change keep single addresses.\n",
    ),
    "warm-ip-target": (
        'title = "WARM_IP_TARGET"\naliases = ["warm ip", "spare addresses"]\n'
        'questions = ["how many spare addresses does a node keep"]\n',
        "## What it is\nThe number of free addresses ipamd keeps ready on each node.\n"
        "## How to set it\nSet the variable on the aws-node DaemonSet.\n"
        "## Costs\nA low target means more EC2 calls when pods come and go.\n",
    ),
    "subnet-fragmentation": (
        'title = "Subnet fragmentation"\naliases = ["no contiguous block"]\n'
        'questions = ["why is there no room for a prefix while addresses are free"]\n'
        "symptoms = ['InsufficientCidrBlocks', 'failed to assign an IP address']\n",
        "## What it is\nFree addresses are scattered, so that no aligned block is free.\n"
        "## What goes wrong\nEC2 answers InsufficientCidrBlocks although many addresses are free.\n",
    ),
    "address-exhaustion": (
        'title = "Address exhaustion"\naliases = ["out of addresses"]\nquestions = ["pods stay in ContainerCreating"]\n'
        "symptoms = ['failed to assign an IP address', 'first .{0,40} second']\n",
        "## What it is\nThe subnet has no address left for a new pod.\n"
        "## What goes wrong\nPods wait; kubelet says: failed to assign an IP address to container.\n",
    ),
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    directory: Path = tmp_path_factory.mktemp("topics")
    for topic_id, (front, body) in FILES.items():
        rest = (
            f'summary = "About {topic_id}."\nanalogy = "Seats at a weather conference."\nreviewed = 2026-11-23\n'
            '[[sources]]\ntitle = "Guide"\nurl = "https://example.com"\nsays = "So."\n'
        )
        (directory / f"{topic_id}.md").write_text(f"+++\n{front}{rest}+++\n{body}")
    return load(directory)


@pytest.mark.parametrize(
    ("text", "topic_id", "heading", "reason"),
    [
        pytest.param("prefix-delegation", "prefix-delegation", "What it is", Reason.TITLE, id="topic id"),
        pytest.param("Prefix Delegation", "prefix-delegation", "What it is", Reason.TITLE, id="name in any case"),
        pytest.param("what is prefix mode?", "prefix-delegation", "What it is", Reason.TITLE, id="alias in a question"),
        pytest.param("warm-ip", "warm-ip-target", "What it is", Reason.TITLE, id="alias with hyphen"),
        pytest.param("warm IPs target", "warm-ip-target", "What it is", Reason.TITLE, id="setting as words"),
        pytest.param(
            "how to roll out prefix delegation",
            "prefix-delegation",
            "How to roll it out",
            Reason.TEXT,
            id="how gives the how section",
        ),
        pytest.param("limits of prefix delegation", "prefix-delegation", "Limits", Reason.TEXT, id="limits section"),
        pytest.param("prefix delegatoin", "prefix-delegation", "What it is", Reason.TITLE, id="misspelt name"),
        pytest.param("set warmip target", "warm-ip-target", "How to set it", Reason.TEXT, id="words run together"),
        pytest.param(
            "do prefixes waste my addresses", "prefix-delegation", "What it is", Reason.TEXT, id="known question"
        ),
        pytest.param(
            "api error INSUFFICIENTCIDRBLOCKS: not enough",
            "subnet-fragmentation",
            "What goes wrong",
            Reason.SYMPTOM,
            id="error code in any case",
        ),
        pytest.param(
            "kubelet: add cmd: failed to assign an IP address to container\nipamd: InsufficientCidrBlocks, retry",
            "subnet-fragmentation",
            "What goes wrong",
            Reason.SYMPTOM,
            id="the cause in a log wins over the effect",
        ),
        pytest.param(
            'add cmd: failed to assign\n   an IP address to container "x"',
            "address-exhaustion",
            "What goes wrong",
            Reason.SYMPTOM,
            id="error wrapped over two lines",
        ),
        pytest.param(
            "x" * 1000 + " InsufficientCidrBlocks " + "y" * 3000,
            "subnet-fragmentation",
            "What goes wrong",
            Reason.SYMPTOM,
            id="error inside a very long line",
        ),
        pytest.param(
            "a\x00\x1b[31mInsufficientCidrBlocks\x1b[0m",
            "subnet-fragmentation",
            "What goes wrong",
            Reason.SYMPTOM,
            id="terminal colours around an error",
        ),
    ],
)
def test_a_text_finds_its_topic_and_section(
    knowledge: KnowledgeBase, text: str, topic_id: str, heading: str, reason: Reason
) -> None:
    answer = knowledge.answer(text)
    assert answer is not None
    assert (answer.match.topic.topic_id, answer.match.section.heading) == (topic_id, heading)
    assert answer.match.reason is reason
    assert 0 < answer.match.score <= 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("what's the weather", id="weather"),
        pytest.param("thank you, that fixed it!", id="thanks"),
        pytest.param("write me a poem", id="poem"),
        pytest.param("how do I patch an RDS instance", id="other AWS service"),
        pytest.param("azure cni overlay: which subnet size", id="other cloud"),
        pytest.param("at the conference, which seats are taken", id="words of the analogies only"),
        pytest.param("asdf qwerty zxcv", id="gibberish"),
        pytest.param("", id="nothing"),
        pytest.param("???", id="only punctuation"),
        pytest.param("\x00\x07" * 500, id="only control characters"),
        pytest.param("how do I", id="only stop words"),
    ],
)
def test_a_question_of_another_field_is_declined(knowledge: KnowledgeBase, text: str) -> None:
    assert knowledge.answer(text) is None


def test_a_declined_question_still_has_nearest_topics_if_anything_is_near(knowledge: KnowledgeBase) -> None:
    text = "hostname prefix lost nightly"
    assert knowledge.answer(text) is None
    assert knowledge.nearest(text, limit=2)[0].topic_id == "prefix-delegation"
    assert knowledge.nearest("write me a poem") == ()


def test_the_analogy_is_an_extra_wish_not_part_of_the_question(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("prefix delegation analogy")
    assert answer is not None
    assert answer.wants_analogy
    assert answer.match.reason is Reason.TITLE
    plain = knowledge.answer("prefix delegation")
    assert plain is not None
    assert not plain.wants_analogy


def test_runners_up_are_other_topics_best_first(knowledge: KnowledgeBase) -> None:
    found = knowledge.search("free addresses and prefixes", limit=3)
    assert len({match.topic.topic_id for match in found}) == len(found) == 3
    answer = knowledge.answer("failed to assign an IP address")
    assert answer is not None
    assert {answer.match.topic.topic_id, answer.others[0].topic.topic_id} == {
        "address-exhaustion",
        "subnet-fragmentation",
    }


def test_topics_are_found_by_id(knowledge: KnowledgeBase) -> None:
    topic = knowledge.topic("warm-ip-target")
    assert topic is not None
    assert topic.title == "WARM_IP_TARGET"
    assert knowledge.topic("nothing") is None


def ten_thousand(kind: str) -> str:
    letters = random.Random(7)
    return {
        "one letter": "a" * 10_000,
        "pattern start": "first " * 1_667,
        "letters without spaces": "".join(letters.choice("abcdefgh") for _ in range(10_000)),
        "misspelt words": "".join(letters.choice("abcdefgh ") for _ in range(10_000)),
        "every character": "".join(chr(code) for code in range(1, 10_000)),
        "many lines": "failed to assign\n" * 600,
        "two hundred thousand": "prefix delegation " * 11_000,
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "one letter",
        "pattern start",
        "letters without spaces",
        "misspelt words",
        "every character",
        "many lines",
        "two hundred thousand",
    ],
)
@pytest.mark.timeout(20)
def test_a_huge_paste_does_not_hold_anybody_up(knowledge: KnowledgeBase, kind: str) -> None:
    """10,000 characters of whatever kind come back; a pattern that backtracks would run into the time limit."""
    found = knowledge.answer(ten_thousand(kind))
    assert found is None or found.match.topic in knowledge.topics


def test_no_error_is_lost_between_two_windows(knowledge: KnowledgeBase) -> None:
    for offset in range(0, 3 * WINDOW, 37):
        answer = knowledge.answer("-" * offset + "InsufficientCidrBlocks" + "-" * 700)
        assert answer is not None, offset
        assert answer.match.topic.topic_id == "subnet-fragmentation"
