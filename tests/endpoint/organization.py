"""Organizations and Account: the accounts of the fleet, and the regions enabled in each.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (20 accounts a page; the
management account and delegated administrators may ask) and
https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html (50 regions a page).
"""

import json
from typing import Any

from .answers import Answer, ApiError, Caller, Request, json_answer
from .estate import Estate

JOINED_AT = 1_780_000_000.0


def organizations(estate: Estate, caller: Caller, request: Request) -> Answer:
    """ListAccounts, for the management account and the delegated ones.

    Raises: ApiError.
    """
    if not request.headers.get("x-amz-target", "").endswith(".ListAccounts"):
        raise ApiError("UnknownOperationException", "The operation is not served.")
    if caller.account_id not in {estate.fleet.management_id, *estate.fleet.delegated}:
        raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")
    asked: dict[str, Any] = json.loads(request.body or b"{}")
    size, token = asked.get("MaxResults", 20), asked.get("NextToken") or "0"
    if not 1 <= size <= 20 or not str(token).isdecimal():
        raise ApiError("InvalidInputException", "You specified an invalid value.")
    if estate.fleet.empty_first_page and not asked.get("NextToken"):
        return json_answer({"Accounts": [], "NextToken": "0"})
    members = list(estate.members())
    end = int(token) + size
    listed = [
        {
            "Id": account.account_id,
            "Arn": f"arn:aws:organizations::{caller.account_id}:account/o-fleet00000/{account.account_id}",
            "Email": f"{account.name}@example.com",
            "Name": account.name,
            "Status": status,
            "State": status,
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": JOINED_AT,
        }
        for account, status in members[int(token) : end]
    ]
    return json_answer({"Accounts": listed, **({"NextToken": str(end)} if end < len(members) else {})})


def account(estate: Estate, caller: Caller, request: Request) -> Answer:
    """ListRegions with the opt-in status of each.

    Raises: ApiError.
    """
    if request.path != "/listRegions":
        raise ApiError("UnknownOperationException", "The operation is not served.", 404)
    asked: dict[str, Any] = json.loads(request.body or b"{}")
    account_id, wanted = asked.get("AccountId", caller.account_id), asked.get("RegionOptStatusContains")
    if account_id != caller.account_id and caller.account_id != estate.fleet.management_id:
        raise ApiError("AccessDeniedException", "Only the management account may name another account.", 403)
    size, token = asked.get("MaxResults", 50), asked.get("NextToken") or "0"
    if not 1 <= size <= 50 or not str(token).isdecimal():
        raise ApiError("ValidationException", "MaxResults goes from 1 to 50.")
    fleet = estate.fleet
    statuses = {
        name: ("ENABLED_BY_DEFAULT" if name in fleet.offered else "ENABLED")
        if estate.is_enabled(account_id, name)
        else "DISABLED"
        for name in (*fleet.offered, *fleet.opt_in)
    }
    regions = [
        {"RegionName": name, "RegionOptStatus": status}
        for name, status in statuses.items()
        if not wanted or status in wanted
    ]
    end = int(token) + size
    return json_answer(
        {"Regions": regions[int(token) : end], **({"NextToken": str(end)} if end < len(regions) else {})}
    )
