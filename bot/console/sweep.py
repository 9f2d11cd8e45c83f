"""`eksip sweep`: read every account and region once, and say what that took and what it could not see."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.answers.model import fields
from bot.answers.subnets import SweepAnswer
from bot.inventory import SubnetContents
from bot.message import Bullets, Line, Message, Mono, Strong, Tone
from bot.metrics import counted
from bot.services import Services
from bot.views import coverage, plural

_SPOTS = 20


def sweep(services: Services, *, interfaces: bool, progress: bool) -> Message:
    """One complete read with its totals; `interfaces` also reads every subnet's contents.

    Raises: QueryError when nothing can be read at all.
    """
    reader = services.reader()
    started, calls = time.monotonic(), counted("eksip_aws_calls_total")
    bar = Progress(
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("account-regions"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not progress,
    )
    with bar:
        task = bar.add_task("read", total=None)
        inventory = reader.sweep(
            clusters=True, on_progress=lambda done, expected: bar.update(task, completed=done, total=expected)
        )
        contents: SubnetContents | None = reader.contents(inventory.subnets) if interfaces else None
    seconds = time.monotonic() - started
    covered = coverage(inventory, contents.blind_spots if contents else ())
    answer = SweepAnswer(
        seconds=round(seconds, 2),
        aws_calls=round(counted("eksip_aws_calls_total") - calls),
        accounts=len(inventory.accounts),
        regions=covered.read,
        vpcs=len(inventory.vpcs),
        subnets=len(inventory.subnets),
        clusters=len(inventory.clusters),
        interfaces=len(contents.enis) if contents else None,
    )
    totals = (
        f"{plural(answer.subnets, 'subnet')}, {plural(answer.vpcs, 'VPC')}, {plural(answer.clusters, 'cluster')}"
        + (f", {plural(answer.interfaces, 'interface')}" if answer.interfaces is not None else "")
    )
    text = (
        f"{covered.read} of {plural(covered.expected, 'account-region')} read in {answer.seconds:.1f} s "
        f"with {plural(answer.aws_calls, 'AWS call')}: {totals}."
    )
    items: tuple[Line, ...] = tuple(
        (Mono(f"{spot.account_id} {spot.region}".strip()), " ", Strong(spot.api), f": {spot.reason}")
        for spot in covered.blind_spots[:_SPOTS]
    )
    more = f"+{len(covered.blind_spots) - _SPOTS} more" if len(covered.blind_spots) > _SPOTS else ""
    return Message(
        text=text,
        tone=Tone.GOOD if covered.complete else Tone.WARNING,
        verdict=(text,),
        parts=(Bullets(title="Could not be read", items=items, more=more),) if items else (),
        command="sweep",
        as_of=inventory.as_of,
        coverage=covered,
        answer=fields(answer),
    )
