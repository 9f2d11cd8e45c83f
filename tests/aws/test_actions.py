"""ACTIONS, the IAM policy and the member-account template say the same."""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml

from bot.aws.actions import ACTIONS, ROLE_NAME, Action, action, read_actions, reader_policy
from bot.aws.check import CheckResult, Outcome
from bot.aws.grants import POLICY, TEMPLATE, TERRAFORM, grants
from bot.aws.limits import ROLE_SESSION

IAM = Path(__file__).resolve().parents[2] / "deploy" / "iam"


def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((IAM / "member-account-role.yaml").read_text(encoding="utf-8"))
    return found


def role() -> dict[str, Any]:
    properties: dict[str, Any] = template()["Resources"]["ReaderRole"]["Properties"]
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


@pytest.mark.parametrize("known", ACTIONS, ids=lambda known: known.iam)
def test_every_action_is_an_operation_of_its_service_that_changes_nothing(known: Action) -> None:
    model = botocore.session.Session().get_service_model(known.service)
    assert known.operation in model.operation_names
    assert re.match(r"(Describe|Get|List)", known.operation) or known.iam == "sts:AssumeRole"
    assert known.why.endswith(".")


def test_no_action_is_listed_twice() -> None:
    assert len({action.operation for action in ACTIONS}) == len(ACTIONS)


def test_the_terraform_role_grants_what_the_template_grants() -> None:
    """Both files are written by hand; they name the same role, actions, trust and length of session."""
    text = (IAM / "terraform" / "member-account" / "main.tf").read_text(encoding="utf-8")
    listed = re.search(r'sid = "ReadAddressUse"\s+actions = \[(.*?)\]', text, re.DOTALL)
    assert listed
    assert re.findall(r'"([^"]+)"', listed[1]) == read_actions()
    assert f'name                 = "{ROLE_NAME}"' in text
    assert f"max_session_duration = {role()['MaxSessionDuration']}" in text
    assert 'variable = "sts:ExternalId"' in text
    (statement,) = template()["Resources"]["ListAccounts"]["Properties"]["PolicyDocument"]["Statement"]
    assert re.findall(r'"(organizations:\w+)"', text) == [statement["Action"]] == [action("ListAccounts").iam]


def test_the_stack_set_of_an_organization_uses_the_template_and_its_parameters() -> None:
    folder = IAM / "terraform" / "organization"
    text = (folder / "main.tf").read_text(encoding="utf-8")
    named = re.search(r'file\("\$\{path\.module\}/([^"]+)"\)', text)
    assert named
    assert (folder / named[1]).resolve() == IAM / "member-account-role.yaml"
    block = re.search(r"parameters = \{(.*?)\}", text, re.DOTALL)
    assert block
    assert set(re.findall(r"(\w+)\s+=", block[1])) == set(template()["Parameters"])


@pytest.mark.parametrize("path", [TEMPLATE, POLICY, TERRAFORM])
def test_what_check_says_to_apply_is_there(path: str) -> None:
    assert (IAM.parents[1] / path).exists()


def test_an_update_of_the_stack_set_keeps_every_parameter() -> None:
    denied = CheckResult(
        account_id="111122223333",
        account_name="prod",
        region="eu-west-1",
        action="ec2:DescribeVpcs",
        needed=True,
        outcome=Outcome.DENIED,
        role_arn=f"arn:aws:iam::111122223333:role/{ROLE_NAME}",
    )
    (grant,) = grants([denied])
    kept = set(re.findall(r"ParameterKey=(\w+),UsePreviousValue=true", grant.commands[0]))
    assert kept == set(template()["Parameters"])
