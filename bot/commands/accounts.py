"""`accounts`: what can be read, what cannot and why, and how old it is."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.answers.model import fields
from bot.answers.subnets import AccountChangeRow, AccountRow, AccountsAnswer, BlindSpotGroup
from bot.asking.command import Asked, Request
from bot.inventory import AccountChange, BlindSpot, ChangeKind, Inventory
from bot.message import Bullets, Button, Controls, Line, Message, Mono, Strong, Table, Tone
from bot.services import Services
from bot.views import age, coverage, coverage_words, footer, plural

_SPOTS = 6
_PLACES = 3
_ROWS = 20


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Every account and region with its coverage, blind spots and age."""
    inventory = services.facts().inventory()
    now = services.now()
    rows = _rows(inventory)
    covered = coverage(inventory)
    groups = _groups(inventory.all_blind_spots)
    words = coverage_words(inventory, now)
    news = f", {plural(len(inventory.account_changes), 'account')} joined or left" if inventory.account_changes else ""
    text = f"Read {words}; {plural(len(covered.blind_spots), 'blind spot')}{news}."
    return Message(
        text=text,
        tone=Tone.GOOD if covered.complete else Tone.WARNING if covered.read else Tone.BAD,
        verdict=(Strong(words),),
        parts=(
            Table(
                columns=("Account", "Region", "Subnets", "Age"),
                rows=tuple(
                    (
                        row.name,
                        row.region or "-",
                        f"{row.subnets:,}" if row.complete or row.subnets else "not read",
                        "-" if row.observed_at is None else age(row.observed_at, now),
                    )
                    for row in rows[:_ROWS]
                ),
                right=frozenset({2, 3}),
                more=f"+{len(rows) - _ROWS} more" if len(rows) > _ROWS else "",
            ),
            *_blind(groups),
            *_news(inventory.account_changes, now),
            footer("accounts", inventory.as_of, now),
            Controls(items=(Button(label="Status", command="status"),)),
        ),
        as_of=inventory.as_of,
        coverage=covered,
        answer=fields(
            AccountsAnswer(
                accounts=rows,
                blind_spots=groups,
                changes=[
                    AccountChangeRow(
                        account_id=change.account_id,
                        name=change.name,
                        change="joined" if change.kind is ChangeKind.JOINED else "left",
                        seen_at=change.seen_at,
                    )
                    for change in inventory.account_changes
                ],
            )
        ),
    )


def _rows(inventory: Inventory) -> list[AccountRow]:
    """One row an account-region, those that could not be read first."""
    names = {account.account_id: account.name for account in inventory.accounts}
    rows = [
        AccountRow(
            account_id=region.account_id,
            name=names.get(region.account_id, region.account_id),
            region=region.region,
            subnets=len(region.subnets),
            clusters=len(region.clusters),
            complete=region.subnets_complete and not region.blind_spots,
            observed_at=region.observed_at,
        )
        for region in inventory.regions
    ]
    seen = {row.account_id for row in rows}
    rows += [
        AccountRow(
            account_id=account.account_id,
            name=account.name,
            region="",
            subnets=0,
            clusters=0,
            complete=False,
            observed_at=None,
        )
        for account in inventory.accounts
        if account.account_id not in seen
    ]
    return sorted(rows, key=lambda row: (row.complete, row.name, row.region))


def _groups(spots: Iterable[BlindSpot]) -> list[BlindSpotGroup]:
    """What could not be read by API and reason, the reason of most places first."""
    places: dict[tuple[str, str], list[str]] = {}
    for spot in dict.fromkeys(spots):
        # Reasons name the account's role and the region: without these a denied action is one reason everywhere.
        reason = spot.reason.replace(spot.account_id, "ACCOUNT") if spot.account_id else spot.reason
        reason = reason.replace(spot.region, "REGION") if spot.region not in {"", "all"} else reason
        places.setdefault((spot.api, reason), []).append(f"{spot.account_id} {spot.region}".strip())
    return [
        BlindSpotGroup(api=api, reason=reason, places=sorted(found))
        for (api, reason), found in sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _blind(groups: Sequence[BlindSpotGroup]) -> tuple[Bullets, ...]:
    items: tuple[Line, ...] = tuple(
        (
            Mono(", ".join(group.places[:_PLACES])),
            f" and {len(group.places) - _PLACES:,} more" if len(group.places) > _PLACES else "",
            " ",
            Strong(group.api),
            f": {_said(group)}",
        )
        for group in groups[:_SPOTS]
    )
    more = f"+{len(groups) - _SPOTS} more" if len(groups) > _SPOTS else ""
    return (Bullets(title="Could not be read", items=items, more=more),) if items else ()


def _said(group: BlindSpotGroup) -> str:
    """The reason; of a single place with its own account and region."""
    if len(group.places) > 1:
        return group.reason
    account_id, _, region = group.places[0].partition(" ")
    return group.reason.replace("ACCOUNT", account_id).replace("REGION", region)


def _news(changes: Sequence[AccountChange], now: datetime) -> tuple[Bullets, ...]:
    items: tuple[Line, ...] = tuple(
        (Mono(change.account_id), f" {change.name} {change.kind.value}, seen {age(change.seen_at, now)} ago")
        for change in changes[:_SPOTS]
    )
    more = f"+{len(changes) - _SPOTS} more" if len(changes) > _SPOTS else ""
    return (Bullets(title="Accounts that came and went", items=items, more=more),) if items else ()
