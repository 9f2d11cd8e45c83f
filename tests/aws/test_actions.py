"""ACTIONS, the IAM policy and the member-account template say the same."""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml

from bot.aws.actions import ACTIONS, ROLE_NAME, Action, read_actions, reader_policy
from bot.aws.limits import ROLE_SESSION

IAM = Path(__file__).resolve().parents[2] / "deploy" / "iam"


def role() -> dict[str, Any]:
    template = yaml.safe_load((IAM / "member-account-role.yaml").read_text(encoding="utf-8"))
    properties: dict[str, Any] = template["Resources"]["ReaderRole"]["Properties"]
    return properties


def test_the_policy_file_is_what_the_actions_say() -> None:
    assert json.loads((IAM / "reader-policy.json").read_text(encoding="utf-8")) == reader_policy()


def test_the_template_grants_the_read_actions_and_no_other() -> None:
    (policy,) = role()["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == read_actions()


def test_the_template_trusts_only_the_named_caller_with_the_external_id() -> None:
    (statement,) = role()["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Principal"] == {"AWS": {"Ref": "CallerArn"}}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}


def test_the_role_of_the_template_is_the_one_the_policy_lets_the_bot_assume() -> None:
    assert role()["RoleName"] == ROLE_NAME
    assert role()["MaxSessionDuration"] >= ROLE_SESSION.total_seconds()
    assume = reader_policy()["Statement"][1]
    assert assume["Action"] == "sts:AssumeRole"
    assert assume["Resource"].endswith(f":role/{ROLE_NAME}")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.iam)
def test_every_action_is_an_operation_of_its_service_that_changes_nothing(action: Action) -> None:
    model = botocore.session.Session().get_service_model(action.service)
    assert action.operation in model.operation_names
    assert re.match(r"(Describe|Get|List)", action.operation) or action.iam == "sts:AssumeRole"
    assert action.why.endswith(".")


def test_no_action_is_listed_twice() -> None:
    assert len({action.operation for action in ACTIONS}) == len(ACTIONS)
