"""`simulate TYPE pods=P …`: the ENIs and addresses one node holds under these settings. Needs no AWS."""

from bot.answers import fields
from bot.answers_capacity import SimulateAnswer
from bot.capacity.cni_env import WARM_ENI, WARM_PREFIX, environment_of
from bot.capacity.nodes import HOST_NETWORK_PODS
from bot.capacity.warmpool import (
    Pool,
    PoolMode,
    PoolSettings,
    default_max_pods,
    effective_mode,
    steady_state,
)
from bot.command import Asked, Command, Request
from bot.errors import UserError
from bot.inventory import InstanceLimits
from bot.message import (
    Bullets,
    Button,
    Code,
    Context,
    Controls,
    Line,
    Link,
    Message,
    Mono,
    Part,
    Strong,
    Tone,
)
from bot.pool_words import POOL_FLAGS, POOL_OPTIONS, instance_limits, number, pool_words
from bot.services import Services
from bot.views import plural

_EXAMPLE = "simulate m5.large pods=16 mode=prefix"
_GUIDE = Link(
    "VPC CNI: ENI and IP target", "https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md"
)

USED, WARM, EMPTY = "█", "░", "·"
"""Marks of the pictures: held and used by pods, held and unused, a slot with nothing in it."""

BAR, CHART_COLUMNS, CHART_ROWS = 12, 20, 7
"""Columns of an ENI's bar, columns and rows of the chart: 32 columns in all fit a phone."""

MOST_ENI_LINES = 8
"""ENIs shown one by one; runs of equal ones are one line anyway."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The pool of one node with so many pods; without `pods=` that of a full node."""
    limits, settings, pods, given = _asked(asked)
    pool = steady_state(limits, settings, pods)
    return Message(
        text=_sentence(limits, pool),
        tone=_tone(pool),
        verdict=_verdict(limits, pool),
        parts=_parts(limits, settings, pods, pool, "" if given else " · pods= not given: a full node"),
        answer=fields(
            SimulateAnswer(
                enis=pool.enis,
                per_eni=list(pool.per_eni),
                addresses=pool.addresses,
                prefixes=pool.prefixes,
                assigned=pool.assigned,
                pods_without_address=pool.pods_without_address,
                unused=pool.unused,
                node_subnet_addresses=pool.node_subnet_addresses,
                pod_subnet_addresses=pool.pod_subnet_addresses,
                frozen=pool.frozen,
                notes=list(pool.notes),
            )
        ),
        command=_again(limits, settings, pods),
    )


def _asked(asked: Asked) -> tuple[InstanceLimits, PoolSettings, int, bool]:
    """The type, the settings, the pods, and whether the pods were given."""
    read = pool_words(asked, _EXAMPLE)
    counts = [word for word in read.words if word.isdecimal()]
    types = [word for word in read.words if word not in counts]
    given = [*counts, *([asked.options["pods"]] if "pods" in asked.options else [])]
    if len(types) != 1 or len(given) > 1:
        shown = ", ".join(f"`{word[:30]}`" for word in types[:3])
        named = "the pods are there twice" if len(types) == 1 else f"I read {shown or 'no word'} as the type"
        raise UserError(
            f"`simulate` takes one instance type and one number of pods; {named}. For example `{_EXAMPLE}`.",
            [_EXAMPLE],
        )
    limits = instance_limits(types[0], "simulate", _EXAMPLE)
    pods = number(given[0], "pods", _EXAMPLE) if given else _full(limits, read.settings)
    return limits, read.settings, pods, bool(given)


def _full(limits: InstanceLimits, settings: PoolSettings) -> int:
    return max(_max_pods(limits, settings) - HOST_NETWORK_PODS, 0)


def _max_pods(limits: InstanceLimits, settings: PoolSettings) -> int:
    return default_max_pods(limits, settings) if settings.max_pods is None else settings.max_pods


def _tone(pool: Pool) -> Tone:
    if pool.pods_without_address:
        return Tone.BAD
    return Tone.WARNING if pool.frozen else Tone.NEUTRAL


def _pods(pool: Pool) -> int:
    return pool.assigned + pool.pods_without_address


def _sentence(limits: InstanceLimits, pool: Pool) -> str:
    head = f"{limits.instance_type} with {plural(_pods(pool), 'pod')}: {plural(pool.enis, 'ENI')}"
    held = f"{pool.subnet_addresses:,} subnet addresses, {pool.unused:,} unused"
    if pool.pods_without_address:
        held += f", {plural(pool.pods_without_address, 'pod')} without an address"
    return f"{head}, {held}{' (frozen pool)' if pool.frozen else ''}."


def _verdict(limits: InstanceLimits, pool: Pool) -> Line:
    if pool.pods_without_address:
        lacking = f"{pool.pods_without_address:,} of {plural(_pods(pool), 'pod')}"
        return (Strong(limits.instance_type), ": ", Strong(lacking), " get no address")
    taken = plural(pool.subnet_addresses, "subnet address", "subnet addresses")
    return (Strong(limits.instance_type), ": ", Strong(taken), f" for {plural(_pods(pool), 'pod')}")


def _parts(limits: InstanceLimits, settings: PoolSettings, pods: int, pool: Pool, assumed: str) -> tuple[Part, ...]:
    picture = f"{_picture(limits, pool)}\n\n{_chart(limits, settings, pods)}"
    small: tuple[Line, ...] = (
        (f"max-pods {_max_pods(limits, settings):,} · ", Mono(_acting(limits, settings)), assumed),
        ("Settled, pods came one by one · ", Mono(f"eksip {_again(limits, settings, pods)}")),
        (f"Limits: EC2 snapshot of {limits.source.removeprefix('snapshot ')} · ", _GUIDE),
    )
    notes = (Bullets(items=tuple((note,) for note in pool.notes)),) if pool.notes else ()
    return (
        Code(title=_held(pool), text=picture),
        *notes,
        Context(lines=small),
        Controls(items=_next(limits, settings, pods)),
    )


def _acting(limits: InstanceLimits, settings: PoolSettings) -> str:
    """The variables that shape this pool; targets that others beat are left out."""
    prefixes = effective_mode(limits, settings) is PoolMode.PREFIX
    silent = {WARM_ENI} if prefixes or settings.ip_targets else set()
    silent |= {WARM_PREFIX} if not prefixes or settings.ip_targets else set()
    shown = [(name, value) for name, value in environment_of(settings) if value != "false" and name not in silent]
    return " ".join(f"{name}={value}" for name, value in shown)


def _held(pool: Pool) -> str:
    what = f"{plural(pool.prefixes, 'prefix', 'prefixes')}, " if pool.prefixes is not None else ""
    where = (
        f"{pool.node_subnet_addresses:,} from the node subnet, {pool.pod_subnet_addresses:,} from the pod subnet"
        if pool.pod_subnet_addresses
        else f"{pool.node_subnet_addresses:,} from the subnet"
    )
    addresses = plural(pool.addresses, "address", "addresses")
    return f"{plural(pool.enis, 'ENI')}, {what}{addresses} for pods; {where}"


def _picture(limits: InstanceLimits, pool: Pool) -> str:
    """One bar an ENI: used, warm and empty slots, as if pods were packed; neighbours that look alike share a line."""
    slots = limits.ipv4_per_eni - 1
    slot_ips = 1 if pool.prefixes is None else 16
    bars: list[tuple[int, int, str, int]] = []
    left = pool.assigned
    for index, held in enumerate(pool.per_eni, start=1):
        used = min(left, held * slot_ips)
        left -= used
        bar = _bar(-(-used // slot_ips), held, slots)
        if bars and index > 2 and bars[-1][2] == bar and bars[-1][3] == held:
            bars[-1] = (bars[-1][0], index, bar, held)
        else:
            bars.append((index, index, bar, held))
    shown = bars if len(bars) <= MOST_ENI_LINES else bars[: MOST_ENI_LINES - 1]
    lines = [f"{_eni_name(first, last):<9} {bar} {held:>3} of {slots}" for first, last, bar, held in shown]
    if len(shown) < len(bars):
        lines.append(f"and {pool.enis - shown[-1][1]} more ENIs")
    return "\n".join(lines)


def _eni_name(first: int, last: int) -> str:
    if first == 1:
        return "primary"
    return f"ENI {first}" if first == last else f"ENI {first}-{last}"


def _bar(used: int, held: int, slots: int) -> str:
    width = min(slots, BAR)
    dark = -(-used * width // slots)
    filled = max(-(-held * width // slots), dark)
    return (USED * dark + WARM * (filled - dark) + EMPTY * (width - filled)).ljust(BAR)


def _chart(limits: InstanceLimits, settings: PoolSettings, pods: int) -> str:
    """What the node takes from its subnets (light) and what pods use of it (dark), over the pods on the node."""
    end = max(pods, _full(limits, settings), 1)
    at = [round(column * end / (CHART_COLUMNS - 1)) for column in range(CHART_COLUMNS)]
    pools = [steady_state(limits, settings, count) for count in at]
    top = max(max(pool.subnet_addresses for pool in pools), 1)
    label = len(f"{top:,}")
    lines = []
    for row in range(CHART_ROWS, 0, -1):
        # A cell is drawn when the value reaches its middle.
        level = (row - 0.5) * top / CHART_ROWS
        cells = "".join(
            USED if pool.assigned >= level else WARM if pool.subnet_addresses >= level else " " for pool in pools
        )
        scale = f"{top:,}" if row == CHART_ROWS else "0" if row == 1 else ""
        lines.append(f"{scale:>{label}} {cells}".rstrip())
    here = min(range(CHART_COLUMNS), key=lambda column: abs(at[column] - pods))
    mark = f"{' ' * here}^ {pods:,}" if here < CHART_COLUMNS // 2 else f"{f'{pods:,} ^':>{here + 1}}"
    lines.append(f"{'':>{label}} {mark}")
    lines.append(f"{'':>{label}} {'0':<{CHART_COLUMNS - len(f'{end:,}')}}{end:,} pods")
    lines.append(f"{'':>{label}} {USED} in use  {WARM} held")
    return "\n".join(lines)


def _again(limits: InstanceLimits, settings: PoolSettings, pods: int, mode: PoolMode | None = None) -> str:
    """The command that gives this answer, or the one for another mode."""
    # Without a target prefix mode would be refused, so the other mode's button takes the shipped one.
    options = [f"pods={pods}", f"mode={(mode or settings.mode).value}"]
    shipped = (("warm-eni", settings.warm_eni, 1), ("warm-ip", settings.warm_ip, 0), ("min-ip", settings.minimum_ip, 0))
    options += [f"{key}={value}" for key, value, usual in shipped if value != usual]
    if settings.warm_prefix != 1 and (mode is None or settings.warm_prefix):
        options.append(f"warm-prefix={settings.warm_prefix}")
    options += [f"max-eni={settings.max_eni}"] if settings.max_eni is not None else []
    options += [f"max-pods={settings.max_pods}"] if settings.max_pods is not None else []
    flags = (("custom-networking", settings.custom_networking), ("pod-eni", settings.pod_eni))
    return " ".join(["simulate", limits.instance_type, *options, *(flag for flag, on in flags if on)])


def _next(limits: InstanceLimits, settings: PoolSettings, pods: int) -> tuple[Button, ...]:
    running = effective_mode(limits, settings)
    other = PoolMode.SECONDARY if running is PoolMode.PREFIX else PoolMode.PREFIX
    full = _full(limits, settings)
    buttons = [Button(label=f"{other.value.capitalize()} mode", command=_again(limits, settings, pods, other))]
    if pods != full:
        buttons.append(Button(label="Full node", command=_again(limits, settings, full)))
    buttons.append(Button(label="Max-pods", command=f"maxpods {limits.instance_type}"))
    buttons.append(Button(label="Explain", command="explain warm ip"))
    return tuple(buttons)


COMMAND = Command(
    verb="simulate",
    aliases=("sim",),
    usage="simulate TYPE pods=P [mode=prefix] [warm-ip=N …] [custom-networking] [pod-eni]",
    summary="ENIs and addresses that one node holds with these warm-pool settings",
    example=_EXAMPLE,
    run=answer,
    options=("pods", *POOL_OPTIONS),
    flags=POOL_FLAGS,
)
