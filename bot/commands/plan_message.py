"""The message of a plan: verdict, where it stops, what would make it fit, what it rests on."""

from dataclasses import dataclass
from datetime import datetime

from bot.answers.capacity import PlanAnswer, PlanOption, PlanZone
from bot.answers.model import fields
from bot.capacity.plan import Binding, Plan
from bot.capacity.plan_question import Option, Question
from bot.message import (
    Bullets,
    Button,
    Code,
    Controls,
    Coverage,
    Line,
    Message,
    Part,
    Press,
    Strong,
    Table,
    Text,
    Tone,
    Visibility,
)
from bot.scope import Scope
from bot.views import blind_words, count, footer, plural

GROWTH, SUMS = "with-growth", "sums"
"""The flags: node groups grow to their maximum first; every option with its commands."""

CONTROLS = 4
"""Buttons under a plan: more do not fit a phone's width in two rows."""

SHOWN, ASSUMED = 3, 3
"""Options and assumptions in a message; the sums show all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTold:
    """A plan worked out, with what it rests on and how it was asked."""

    question: Question
    options: tuple[Option, ...]
    assumptions: tuple[str, ...]
    scope: Scope
    command: str
    as_of: datetime
    now: datetime
    without_number: str
    covered: Coverage
    growth_left: bool
    sums: bool

    @property
    def found(self) -> Plan:
        """The plan itself."""
        return self.question.found

    @property
    def subject(self) -> str:
        """The nodes in words: "+40 × m5.xlarge"."""
        return f"+{self.found.asked:,} × {self.question.limits.instance_type}"

    def verb(self, *, fits: bool) -> str:
        """The verb after them: one node fits, two fit."""
        one = self.found.asked == 1
        if fits:
            return "fits" if one else "fit"
        return "does not fit" if one else "do not fit"


def message(told: PlanTold) -> Message:
    """The answer on every surface."""
    small = footer(told.command, told.as_of, told.now, *_small_print(told), blind_words(told.covered))
    unsure = Tone.NEUTRAL if told.found.asked is None else Tone.UNKNOWN
    return Message(
        text=_sentence(told),
        tone={True: Tone.GOOD, False: Tone.BAD, None: unsure}[told.found.fits],
        verdict=_verdict(told),
        parts=(*_parts(told), small, Controls(items=_buttons(told))),
        command=told.command,
        as_of=told.as_of,
        coverage=told.covered,
        answer=fields(_json(told)),
        visibility=Visibility.IN_CHANNEL,
    )


def _small_print(told: PlanTold) -> tuple[str, ...]:
    """The assumptions, in a message without the sums only the first ones."""
    if told.sums or len(told.assumptions) <= ASSUMED:
        return told.assumptions
    more = plural(len(told.assumptions) - ASSUMED, "more assumption")
    return (*told.assumptions[:ASSUMED], f"+{more} in the sums")


def _sentence(told: PlanTold) -> str:
    found, where, kind = told.found, told.scope.words, told.question.limits.instance_type
    if found.asked is None:
        if found.most_nodes is None:
            return f"How many {kind} fit in {where} is not known: {_unknown(told)}."
        uneven = f", {found.anywhere:,} unevenly" if found.anywhere != found.most_nodes else ""
        return f"{plural(found.most_nodes, 'more ' + kind, 'more ' + kind)} fit in {where} spread evenly{uneven}."
    if found.fits is None:
        return f"Whether {told.subject} {told.verb(fits=True)} in {where} is not known: {_unknown(told)}."
    sentence = f"{told.subject} {told.verb(fits=found.fits)} in {where}"
    return f"{sentence}." if found.fits else f"{sentence}: {_stop(told)}"


def _unknown(told: PlanTold) -> str:
    names = [zone.zone.label for zone in told.found.zones if zone.nodes_fit is None]
    return f"{', '.join(names[:3])} could not be judged"


def _stop(told: PlanTold) -> str:
    """Where it stops and what is short: "private-1a is full at its node 4 of 14; 2,197 IPs short in all."."""
    first = told.found.first_full
    if first is None:
        return ""
    zone, _ = first
    what = " (no /28 block left)" if zone.binding is Binding.BLOCKS else ""
    short = "" if told.found.short_by_ips is None else f"; {count(told.found.short_by_ips)} IPs short in all"
    return f"{zone.zone.label} is full at its node {(zone.nodes_fit or 0) + 1} of {zone.asked}{what}{short}."


def _verdict(told: PlanTold) -> Line:
    found, where = told.found, told.scope.words
    if found.asked is None:
        many = "Not known how many" if found.most_nodes is None else f"{found.most_nodes:,} more"
        return (Strong(f"{many} {told.question.limits.instance_type}"), f" fit in {where}")
    words = "may or may not fit" if found.fits is None else told.verb(fits=found.fits)
    return (Strong(f"{told.subject} {words}"), f" in {where}")


def _parts(told: PlanTold) -> tuple[Part, ...]:
    found, parts = told.found, list[Part]()
    if found.fits is False:
        parts.append(Text(lines=((_stop(told),),)))
    elif found.asked is not None and found.fits is None:
        parts.append(Text(lines=((f"{_unknown(told)}.",),)))
    if told.sums or found.fits is not False:
        parts.append(_table(told))
    shown = told.options if told.sums else told.options[:SHOWN]
    if shown:
        rest = len(told.options) - len(shown)
        parts.append(
            Bullets(
                title="What would fit" if told.options[0].fits else "What would help",
                items=tuple(_option(option, told.scope) for option in shown),
                numbered=True,
                more=f"+{rest} more in the sums" if rest else "",
            )
        )
    if told.sums:
        parts += [Code(title=item.title, text="\n".join(item.commands)) for item in shown[:SHOWN] if item.commands]
    return tuple(parts)


def _table(told: PlanTold) -> Table:
    asked = told.found.asked is not None
    rows = tuple(
        (
            zone.zone.label,
            *((count(zone.asked),) if asked else ()),
            count(zone.nodes_fit),
            count(zone.free_ips),
            *(() if asked else (zone.binding.value,)),
        )
        for zone in told.found.zones
    )
    # A zone with one subnet for nodes goes by the subnet's name, as in the sentence above.
    columns = ("Where", "Asked", "Fit", "Free IPs") if asked else ("Where", "Fit", "Free IPs", "Ends by")
    return Table(columns=columns, rows=rows, right=frozenset({1, 2, 3} if asked else {1, 2}))


def _option(option: Option, scope: Scope) -> Line:
    left = "" if option.left_ips is None else f", {count(option.left_ips)} left"
    gain = "" if option.gain_ips is None else f"frees about {count(option.gain_ips)}, {_here(option, scope)}"
    words = {
        True: f"fits{left}",
        False: f"{gain}still {count(option.short_ips)} short",
        None: f"{gain}cannot be told whether it fits",
    }
    return (Strong(option.title), f": {words[option.fits]}", f". {option.note}" if option.note else "")


def _here(option: Option, scope: Scope) -> str:
    """How much of the gain is in the scope, where not all of it is: "none of it in payments-1a, "."""
    if not option.elsewhere_ips:
        return ""
    here = (option.gain_ips or 0) - option.elsewhere_ips
    return f"{count(here) if here else 'none'} of it in {scope.words}, "


def _buttons(told: PlanTold) -> tuple[Button, ...]:
    buttons = [] if told.sums else [Button(label="Show the sums", command=f"{told.command} {SUMS}")]
    buttons.append(Button(label="Change numbers", command=told.command, press=Press.FORM))
    if told.growth_left:
        buttons.append(Button(label="With growth", command=f"{told.command} {GROWTH}"))
    if told.found.asked is not None:
        buttons.append(Button(label="How many fit?", command=told.without_number))
    return (*buttons, Button(label="Status", command=f"status {told.scope}"))[:CONTROLS]


def _json(told: PlanTold) -> PlanAnswer:
    found, question = told.found, told.question
    first = found.first_full
    return PlanAnswer(
        fits=found.fits,
        short_by_ips=found.short_by_ips,
        nodes_asked=found.asked,
        nodes_fit=found.most_nodes,
        nodes_fit_anywhere=found.anywhere,
        stops_at_node=None if first is None else first[1],
        instance_type=question.limits.instance_type,
        pods=question.pods,
        node_ips=found.need.ips,
        per_az=[
            PlanZone(
                az_id=zone.zone.az_id,
                nodes_fit=zone.nodes_fit,
                nodes_asked=zone.asked,
                free_ips=zone.free_ips,
                kept_ips=zone.kept_ips,
                needed_ips=zone.needed_ips,
                binding=zone.binding.value,
                subnets="pods" if zone.pods_bind else "nodes",
            )
            for zone in found.zones
        ],
        options=[
            PlanOption(
                title=option.title,
                gain_ips=option.gain_ips,
                gain_elsewhere_ips=option.elsewhere_ips,
                fits=option.fits,
                left_ips=option.left_ips,
                short_ips=option.short_ips,
                note=option.note,
                commands=list(option.commands),
            )
            for option in told.options
        ],
        assumptions=list(told.assumptions),
    )
