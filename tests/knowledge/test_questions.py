"""The shipped topics answer questions written before and apart from them; an edit that breaks an answer is seen.

`tests/scoring.py` judges; run by itself it prints every miss with its cause.
"""

import re
from collections.abc import Iterator

import pytest

from knowledge import KnowledgeBase, Topic, load
from scoring import (
    OUT_OF_SCOPE,
    QUESTIONS,
    Miss,
    Question,
    Result,
    by_category,
    chance_pct,
    read_questions,
    report,
    results,
    right_pct,
)

FLOORS_PCT = {
    "log": 0.0,
    "symptom": 0.0,
    "concept": 0.0,
    "comparison": 0.0,
    "how-to": 0.0,
    "can-i": 0.0,
    "number": 0.0,
    "terse": 0.0,
    OUT_OF_SCOPE: 97.0,
}
"""Share (0-100) of each category that must be right: one or two questions under what the topics reach."""

IN_FIELD_FLOOR_PCT = 0.0
"""Share (0-100) of all questions of the field that must be answered with their facts."""

DECLINED_CEILING_PCT = 13.0
"""Share (0-100) of questions of the field, topic shipped, that may be declined."""

CHANCE_CEILING_PCT = 10.0
"""Share (0-100) of answers that may meet the facts of an unrelated question; above it the facts are too broad."""

RUN = 5
"""Words in a row that no question shares with a topic, lest topics be written to the questions."""

UPSTREAM_MESSAGES = (
    "failed to setup network for sandbox",
    "(combined from similar events): Failed to create pod sandbox: rpc error: code = Unknown desc =",
    'plugin type="aws-cni" name="aws-cni" failed (add): add cmd:',
    "failed to assign an IP address to container",
    "DataStore has no available IP/Prefix addresses",
    "IP/Prefix pool stats: total=58 assigned=58",
    "The specified subnet does not have enough free cidr blocks to satisfy the request.",
    "The specified subnet does not have enough free addresses to satisfy the request.",
    "Recently we had InsufficientCidr error hence will wait for 2m0s before retrying",
    "Skipping ENI allocation as the max ENI limit is already reached",
    "IP pool is too low: available (0) < ENI target (1) * addrsPerENI (14)",
    "No slot available for a trunk ENI to be attached",
    "0/6 nodes are available:",
    "Insufficient vpc.amazonaws.com/pod-eni",
    "pod does not have label vpc.amazonaws.com/PrivateIPv4Address",
    "Insufficient vpc.amazonaws.com/PrivateIPv4Address",
    "Failed to get pod ENI config",
    "Failed to attach any ENIs for custom networking",
    "no valid subnets available for ENI creation - all subnets are either not tagged or tagged with kubernetes.io/role/cni=0",
    "Prefix delegation is not supported on non-nitro instance t2.large hence falling back to default (secondary IP) mode",
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    "IPAM-D has run out of IP addresses",
    "creating instance, with fleet error(s), InsufficientFreeAddressesInSubnet:",
    "There are not enough free addresses in subnet",
    "to satisfy the requested number of instances.",
    "need at least 5 IPs in each subnet to be free for this operation",
    "RequestLimitExceeded: Request limit exceeded. status code: 503",
    "Number of private addresses will exceed limit.",
    "Unauthorized operation: failed to call ec2:AttachNetworkInterface due to missing permissions.",
    "One or more of the subnets associated with your cluster does not have enough available IP addresses for Amazon EKS to perform cluster management operations",
    "couldn't auto-discover subnets: unable to resolve at least one subnet",
    "have insufficient available IP addresses",
    "Unable to reach API Server",
    "is not supported while WARM_IP_TARGET/MINIMUM_IP_TARGET is not set. Please configure either one of the WARM_{PREFIX/IP}_TARGET or MINIMUM_IP_TARGET env variables",
    "Pod provisioning timed out (will retry) for pod:",
    "failed to setup network policy: rpc error: code = Unavailable desc = connection error: dial tcp",
    "Instances failed to join the kubernetes cluster",
    "IPv4 and IPv6 are both enabled. VPC CNI currently does not support dual stack mode",
    "There aren't sufficient free Ipv4 addresses or prefixes",
    "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode.",
    "The allocation size is too big for the pool:",
    "Internal error occurred: failed to allocate a serviceIP: range is full",
    "Frag needed and DF set",
    "error in getting k8s network for pod: cannot find a network-attachment-definition",
    "Unable to assign additional IPs to interface, will create new interface",
)
"""What the CNI, EC2, EKS and Kubernetes print word for word: questions paste it and topics quote it."""


@pytest.fixture(scope="module")
def questions() -> tuple[Question, ...]:
    return read_questions(QUESTIONS)


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load()


@pytest.fixture(scope="module")
def scored(questions: tuple[Question, ...], knowledge: KnowledgeBase) -> tuple[Result, ...]:
    return results(questions, knowledge)


@pytest.mark.parametrize("category", FLOORS_PCT)
def test_each_kind_of_question_is_answered_as_well_as_before(scored: tuple[Result, ...], category: str) -> None:
    group = by_category(scored)[category]
    assert right_pct(group) >= FLOORS_PCT[category], f"\n{report(group if category != OUT_OF_SCOPE else scored)}"


def test_questions_of_the_field_are_answered_with_their_facts(scored: tuple[Result, ...]) -> None:
    field = [one for one in scored if one.question.in_field]
    assert right_pct(field) >= IN_FIELD_FLOOR_PCT, f"\n{report(scored)}"


def test_questions_of_the_field_are_seldom_declined(scored: tuple[Result, ...]) -> None:
    field = [one for one in scored if one.question.in_field]
    declined = [one.question.question_id for one in field if one.miss is Miss.DECLINED]
    assert 100 * len(declined) / len(field) <= DECLINED_CEILING_PCT, declined


def test_an_answer_seldom_meets_the_facts_of_another_question(scored: tuple[Result, ...]) -> None:
    assert chance_pct(scored) <= CHANCE_CEILING_PCT


def test_the_set_is_large_and_covers_pastes_and_other_fields(questions: tuple[Question, ...]) -> None:
    """At least 170 questions, 35 pasted logs and 45 of other fields, in no category without a floor."""
    per_category = {category: sum(q.category == category for q in questions) for category in FLOORS_PCT}
    assert sum(per_category.values()) == len(questions) >= 170
    assert per_category["log"] >= 35
    assert per_category[OUT_OF_SCOPE] >= 45


def test_every_question_is_asked_once_and_asks_for_at_least_half_of_its_facts(questions: tuple[Question, ...]) -> None:
    assert len({q.question_id for q in questions}) == len({q.text for q in questions}) == len(questions)
    for question in questions:
        facts = len(question.must_mention)
        assert (facts >= 2) is question.in_field, question.question_id
        assert facts <= 2 * question.threshold <= 2 * facts, question.question_id


def test_no_question_shares_a_run_of_words_with_a_topic(
    questions: tuple[Question, ...], knowledge: KnowledgeBase
) -> None:
    """Topics and questions are written apart: only messages quoted from upstream may be in both."""
    written = {run: topic.topic_id for topic in knowledge.topics for text in _texts(topic) for run in _runs(text)}
    shared = [
        f"{question.question_id} and {written[run]}: {' '.join(run)}"
        for question in questions
        for run in _runs(question.text)
        if run in written
    ]
    assert not shared, "\n" + "\n".join(shared)


def _texts(topic: Topic) -> Iterator[str]:
    """Everything a topic says or is found by."""
    yield from (*topic.names, *topic.questions, topic.summary, topic.analogy)
    yield from (pattern.pattern for pattern in topic.symptoms)
    yield from (source.says for source in topic.sources)
    for section in topic.sections:
        yield from (section.heading, section.text)
    for correction in topic.corrections:
        yield from (correction.claim, correction.fact)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Each run of RUN words in a text; none reaches into a message of upstream."""
    plain = " ".join(_words(text))
    for message in UPSTREAM_MESSAGES:
        plain = plain.replace(" ".join(_words(message)), "\n")
    for stretch in plain.split("\n"):
        words = stretch.split()
        yield from (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def _words(text: str) -> list[str]:
    """Lower-case words; a compound such as WARM_IP_TARGET, 10.0.0.0/16 or data_store.go is one."""
    return [word.strip("./-_") for word in re.findall(r"[\w./-]*\w[\w./-]*", text.lower())]
