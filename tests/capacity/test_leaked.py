"""Leaked interfaces: proven by every mark, or doubted for a reason; never a warm one or one on its way to a node."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW
from diagnosing import attached, left_behind

from bot.capacity.leaked import Doubt, detached, leaks
from bot.inventory import Eni


def test_an_old_detached_interface_of_an_instance_that_is_gone_is_leaked() -> None:
    found = leaks([left_behind(ips=9)], {}, NOW)
    assert [(leak.instance_id, leak.ips) for leak in found.proven] == [("i-0dead", 9)]
    assert found.ips == 9


def test_an_instance_that_is_terminated_but_still_listed_is_gone() -> None:
    assert leaks([left_behind()], {"i-0dead": "terminated"}, NOW).proven


@pytest.mark.parametrize(
    ("eni", "states", "doubt"),
    [
        pytest.param(left_behind(age=timedelta(minutes=2)), {}, Doubt.AGE, id="made-two-minutes-ago"),
        pytest.param(left_behind(age=timedelta(minutes=29)), {}, Doubt.AGE, id="just-too-young"),
        pytest.param(replace(left_behind(), tags=left_behind().tags[:1]), {}, Doubt.AGE, id="without-its-age"),
        pytest.param(left_behind(), {"i-0dead": "running"}, Doubt.OWNER, id="warm-on-a-running-node"),
        pytest.param(left_behind(), {"i-0dead": "stopped"}, Doubt.OWNER, id="stopped-node-comes-back"),
        pytest.param(left_behind(), {"i-0dead": "shutting-down"}, Doubt.OWNER, id="node-on-its-way-out"),
        pytest.param(left_behind(), None, Doubt.NOT_KNOWN, id="instances-not-read"),
    ],
)
def test_what_may_still_be_wanted_is_doubted_and_says_why(
    eni: Eni, states: dict[str, str] | None, doubt: Doubt
) -> None:
    found = leaks([eni], states, NOW)
    assert found.proven == ()
    assert [reason for _, reason in found.doubted] == [doubt]


@pytest.mark.parametrize(
    "eni",
    [
        pytest.param(attached(1, 9), id="attached"),
        pytest.param(replace(left_behind(), status="attaching"), id="being-attached"),
        pytest.param(replace(left_behind(), instance_id="i-0a", device_index=1), id="attachment-already-named"),
        pytest.param(replace(left_behind(), description="made by hand"), id="not-the-cnis-description"),
        pytest.param(replace(left_behind(), tags=left_behind().tags[1:]), id="not-the-cnis-tag"),
        pytest.param(replace(left_behind(), requester_managed=True), id="an-aws-services"),
        pytest.param(
            replace(left_behind(), tags=(*left_behind().tags, ("node.k8s.amazonaws.com/no_manage", "true"))),
            id="kept-from-the-cni",
        ),
    ],
)
def test_what_the_cni_did_not_leave_behind_is_no_candidate(eni: Eni) -> None:
    assert detached([eni]) == ()
    assert leaks([eni], {}, NOW).doubted == ()
