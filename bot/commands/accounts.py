"""`accounts`: what can be read, what cannot and why, and how old it is."""

from collections.abc import Iterable

from bot.answers.model import fields
from bot.answers.subnets import AccountRow, AccountsAnswer
from bot.asking.command import Asked, Request
from bot.inventory import BlindSpot, Inventory
from bot.message import Bullets, Button, Controls, Line, Message, Mono, Strong, Table, Tone
from bot.services import Services
from bot.views import age, coverage, footer, plural

_SPOTS = 6
_ROWS = 20


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Every account and region with its coverage, blind spots and age."""
    inventory = services.facts().inventory()
    now = services.now()
    rows = _rows(inventory)
    covered = coverage(inventory)
    spots = inventory.all_blind_spots
    oldest = inventory.as_of
    shown = "" if oldest is None else f", oldest {age(oldest, now)}"
    verdict: Line = (
        Strong(f"{covered.read:,} of {plural(covered.expected, 'account-region')}"),
        f" read{shown}",
    )
    text = f"{covered.read:,} of {plural(covered.expected, 'account-region')} read, {plural(len(spots), 'blind spot')}."
    return Message(
        text=text,
        tone=Tone.GOOD if covered.complete else Tone.WARNING if covered.read else Tone.BAD,
        verdict=verdict,
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
            *_blind(spots),
            footer("accounts", oldest, now),
            Controls(items=(Button(label="Status", command="status"),)),
        ),
        as_of=oldest,
        coverage=covered,
        answer=fields(AccountsAnswer(accounts=rows)),
    )


def _rows(inventory: Inventory) -> list[AccountRow]:
    """One row an account-region, those that could not be read first."""
    rows = [
        AccountRow(
            account_id=region.account_id,
            name=inventory.account_name(region.account_id),
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


def _blind(spots: Iterable[BlindSpot]) -> tuple[Bullets, ...]:
    unique = list(dict.fromkeys(spots))
    items = tuple(
        (Mono(f"{spot.account_id} {spot.region}".strip()), " ", Strong(spot.api), f": {spot.reason}")
        for spot in unique[:_SPOTS]
    )
    more = f"+{len(unique) - _SPOTS} more" if len(unique) > _SPOTS else ""
    return (Bullets(title="Could not be read", items=items, more=more),) if items else ()
