"""What to add so that a trial which was refused works: the file that holds it and the command that brings it there."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from bot.aws.actions import ROLE_NAME
from bot.aws.check import CheckResult, Outcome

TEMPLATE = "deploy/iam/member-account-role.yaml"
POLICY = "deploy/iam/reader-policy.json"
TERRAFORM = "deploy/iam/terraform/member-account"
STACK_SET = ROLE_NAME

_UNCHANGED = "CallerArn", "ExternalId", "ListsOrganization"
"""Parameters of the template that an update leaves as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Something to add: what, for which accounts, and the commands, of which one is enough."""

    what: str
    account_ids: tuple[str, ...]
    commands: tuple[str, ...]


def grants(results: Iterable[CheckResult]) -> tuple[Grant, ...]:
    """What to add for the trials that were refused, one entry for each way of adding it."""
    refused = [result for result in results if result.outcome in {Outcome.DENIED, Outcome.ERROR}]
    denied = [result for result in refused if result.outcome is Outcome.DENIED]
    absent = _accounts(result for result in refused if result.action == "sts:AssumeRole" and result.role_arn)
    member = [result for result in denied if result.role_arn]
    own = [result for result in denied if not result.role_arn]
    found: list[Grant] = []
    if absent:
        found.append(
            Grant(what=f"the role {ROLE_NAME}, which cannot be assumed", account_ids=absent, commands=_create(absent))
        )
    if member:
        found.append(Grant(what=_names(member), account_ids=_accounts(member), commands=_update()))
    if own:
        found.append(Grant(what=_names(own), account_ids=_accounts(own), commands=(_own_policy(),)))
    return tuple(found)


def _accounts(results: Iterable[CheckResult]) -> tuple[str, ...]:
    return tuple(sorted({result.account_id for result in results if result.account_id}))


def _names(results: Iterable[CheckResult]) -> str:
    return ", ".join(sorted({result.action for result in results}))


def _create(account_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/create-stack-instances.html."""
    targets = f"OrganizationalUnitIds=ROOT_OR_OU_ID,Accounts={','.join(account_ids)},AccountFilterType=INTERSECTION"
    return (
        f"aws cloudformation create-stack-instances --stack-set-name {STACK_SET} --regions us-east-1 "
        f"--deployment-targets {shlex.quote(targets)}",
        f"terraform -chdir={TERRAFORM} apply",
    )


def _update() -> tuple[str, ...]:
    """Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/update-stack-set.html."""
    kept = " ".join(f"ParameterKey={name},UsePreviousValue=true" for name in _UNCHANGED)
    return (
        f"aws cloudformation update-stack-set --stack-set-name {STACK_SET} --template-body file://{TEMPLATE} "
        f"--capabilities CAPABILITY_NAMED_IAM --parameters {kept}",
        f"terraform -chdir={TERRAFORM} apply",
    )


def _own_policy() -> str:
    """Source: https://docs.aws.amazon.com/cli/latest/reference/iam/put-role-policy.html."""
    return f"aws iam put-role-policy --role-name ROLE_OF_THE_BOT --policy-name eksip --policy-document file://{POLICY}"
