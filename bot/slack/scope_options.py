"""The choices of a select with search: scopes and alerts whose names the channel and the person may see."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bot.inventory import Inventory
from bot.scope import EVERYTHING, cluster_key
from bot.services import Services
from bot.slack.controls import OPTION_TEXT, OPTION_VALUE, OPTIONS
from bot.slack.mrkdwn import cut, one_line

Option = dict[str, Any]


def option(label: str, value: str) -> Option:
    """One choice of a select."""
    return {"text": {"type": "plain_text", "text": cut(one_line(label) or value, OPTION_TEXT)}, "value": value}


def scopes(typed: str, services: Services) -> list[Option]:
    """The scopes whose name holds what was typed, clusters first, at most 100; `services` hide what is not for them.

    A cluster's value is its name where no other has it: the value stands in the command that people see.
    """
    known = services.facts().known()
    found = [("everything", str(EVERYTHING), "")] if services.sight is None else []
    found += [] if known is None else list(_named(known))
    return _chosen(found, typed)


def alerts(typed: str, services: Services) -> list[Option]:
    """The open alerts, then the scopes, whose name holds what was typed."""
    found = [(f"{alert.alert_id} {alert.label}", str(alert.alert_id), "") for alert in services.open_alerts()]
    return (_chosen(found, typed) + scopes(typed, services))[:OPTIONS]


def _named(known: Inventory) -> Iterator[tuple[str, str, str]]:
    """The label of each scope, its value, and what else it is found by."""
    names = {account.account_id: account.name or account.account_id for account in known.accounts}
    same_name = Counter(cluster.name.lower() for cluster in known.clusters)
    for cluster in sorted(known.clusters, key=lambda cluster: cluster.name):
        word = cluster.name if same_name[cluster.name.lower()] == 1 else cluster_key(cluster)
        where = names.get(cluster.account_id, cluster.account_id)
        yield f"{cluster.name} · cluster · {where} {cluster.region}", f"cluster:{word}", cluster_key(cluster)
    for account in known.accounts:
        yield f"{names[account.account_id]} · account", f"account:{account.account_id}", ""
    for vpc in known.vpcs:
        yield f"{vpc.name or vpc.vpc_id} · VPC · {vpc.region}", f"vpc:{vpc.vpc_id}", ""
    for subnet in known.subnets:
        yield f"{subnet.label} · subnet · {subnet.az}", f"subnet:{subnet.subnet_id}", ""


def _chosen(found: list[tuple[str, str, str]], typed: str) -> list[Option]:
    wanted = typed.strip().lower()
    chosen: dict[str, Option] = {}
    for label, value, other in found:
        if any(wanted in text.lower() for text in (label, value, other)):
            if len(value) <= OPTION_VALUE:
                chosen.setdefault(value, option(label, value))
            if len(chosen) == OPTIONS:
                break
    return list(chosen.values())
