"""The accounts of an organization: listed by its management account or a delegated one, each with the role to assume.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (callable from the
management account and from delegated administrators only; suspended and closed accounts are listed too).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from bot.aws.errors import translated
from bot.aws.limits import ACCOUNTS_PAGE
from bot.aws.sessions import Sessions
from bot.inventory import Account

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef, ListAccountsRequestTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """How the accounts of an organization are found and entered.

    `list_role_arns` lead to an account that may list them, none where the bot's own may. `first_role_arns` are assumed
    before each account's `role_name`. `without` are accounts that are not read.
    """

    role_name: str
    external_id: str | None = None
    list_role_arns: tuple[str, ...] = ()
    first_role_arns: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()


def lister(organization: Organization) -> Account:
    """The account in whose name the organization is asked."""
    role_arns = organization.list_role_arns
    account_id = role_arns[-1].split(":")[4] if role_arns else ""
    return Account(
        account_id=account_id,
        name=account_id,
        role_arns=role_arns,
        external_id=organization.external_id,
        regions=organization.regions,
    )


def active_accounts(sessions: Sessions, organization: Organization, own_account_id: str) -> tuple[Account, ...]:
    """The organization's active accounts by id; the bot's own is read with its own credentials.

    Raises: QueryError when the organization cannot be listed to its end: a part of it would look like departures.
    """
    asking = lister(organization)
    region = sessions.home_region(asking)
    found: list[AccountTypeDef] = []
    request: ListAccountsRequestTypeDef = {"MaxResults": ACCOUNTS_PAGE}
    with translated(asking, region, "ListAccounts"):
        client = cast("OrganizationsClient", sessions.client(asking, region, "organizations"))
        while True:
            answer = client.list_accounts(**request)
            found += answer["Accounts"]
            # A page may be empty and still name the next one: the token alone says when it ends.
            if not (token := answer.get("NextToken", "")):
                break
            request["NextToken"] = token
        return tuple(
            _account(item, organization, own_account_id)
            for item in sorted(found, key=lambda item: item["Id"])
            if _is_active(item) and item["Id"] not in organization.without
        )


def _is_active(item: "AccountTypeDef") -> bool:
    """Whether the account can be used; `State` replaces `Status`, which AWS keeps for a while beside it.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html.
    """
    return (item.get("State") or item.get("Status")) == "ACTIVE"


def _account(item: "AccountTypeDef", organization: Organization, own_account_id: str) -> Account:
    account_id = item["Id"]
    roles: tuple[str, ...] = ()
    if account_id != own_account_id:
        partition = item.get("Arn", "").split(":")[1:2] or ["aws"]
        own_role = f"arn:{partition[0]}:iam::{account_id}:role/{organization.role_name}"
        first = organization.first_role_arns
        # In the account of the first role the two may be one, which need not trust itself.
        roles = first if first[-1:] == (own_role,) else (*first, own_role)
    return Account(
        account_id=account_id,
        name=item.get("Name") or account_id,
        role_arns=roles,
        external_id=organization.external_id if roles else None,
        regions=organization.regions,
    )
