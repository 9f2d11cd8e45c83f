"""`simulate TYPE pods=P …`: the ENIs and addresses one node holds under these settings. Needs no AWS."""

from dataclasses import dataclass, replace

from bot.answers.capacity import SimulateAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.pool_words import instance_limits, number, pool_words
from bot.capacity.cni_env import acting_environment
from bot.capacity.ipv6_pool import ipv6_pool
from bot.capacity.nodes import HOST_NETWORK_PODS, max_pods
from bot.capacity.warmpool import (
    CniRefusesToStart,
    Pool,
    PoolMode,
    PoolSettings,
    default_max_pods,
    effective_mode,
    steady_state,
)
from bot.capacity.windows_pool import WindowsSettings, windows_pool
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

KUBELET_MAX_PODS = 110
"""kubelet's own max-pods. Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (maxPods)"""

MOST_ENI_LINES = 8
"""ENIs shown one by one; runs of equal ones are one line anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What was asked: a Linux node with IPv4, or as `windows` or `ipv6` says; `given` are the pods, if any."""

    limits: InstanceLimits
    settings: PoolSettings
    given: int | None = None
    windows: WindowsSettings | None = None
    ipv6: bool = False

    @property
    def max_pods(self) -> int:
        """The node's max-pods: as given, or the figure of the mode for the type."""
        if self.settings.max_pods is not None:
            return self.settings.max_pods
        if self.windows is not None:
            return KUBELET_MAX_PODS
        return default_max_pods(self.limits, self.settings)

    @property
    def full(self) -> int:
        """Pods that need an address on a full node; on Windows the scheduler counts addresses."""
        if self.windows is not None:
            figures = max_pods(self.limits)
            prefixes = figures.windows_prefix if self.windows.mode is PoolMode.PREFIX else None
            return min(self.max_pods, prefixes or figures.windows_secondary)
        return max(self.max_pods - HOST_NETWORK_PODS, 0)

    @property
    def pods(self) -> int:
        """The pods to show: those given, or a full node's."""
        return self.full if self.given is None else self.given

    def pool(self, pods: int) -> Pool:
        """The pool with that many pods."""
        if self.windows is not None:
            return windows_pool(self.limits, self.windows, pods)
        return (ipv6_pool if self.ipv6 else steady_state)(self.limits, self.settings, pods)


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The pool of one node with so many pods; without `pods=` that of a full node."""
    question = _question(asked)
    try:
        pool = question.pool(question.pods)
    except CniRefusesToStart as exc:
        raise UserError(f"{exc} For example `{_EXAMPLE}`.", [_EXAMPLE]) from exc
    return Message(
        text=_sentence(question, pool),
        tone=_tone(pool),
        verdict=_verdict(question.limits, pool),
        parts=_parts(question, pool),
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
        command=_again(question, question.pods),
    )


def _question(asked: Asked) -> _Question:
    """What was asked. Raises: UserError, QueryError."""
    flags = {word.lower() for word in asked.words} & {"windows", "ipv6"}
    read = pool_words(asked, _EXAMPLE, linux=not flags)
    words = [word for word in read.words if word.lower() not in flags]
    counts = [word for word in words if word.isdecimal()]
    types = [word for word in words if word not in counts]
    given = [*counts, *([asked.options["pods"]] if "pods" in asked.options else [])]
    if len(types) != 1 or len(given) > 1:
        shown = ", ".join(f"`{word[:30]}`" for word in types[:3])
        named = "the pods are there twice" if len(types) == 1 else f"I read {shown or 'no word'} as the type"
        raise UserError(
            f"`simulate` takes one instance type and one number of pods; {named}. For example `{_EXAMPLE}`.",
            [_EXAMPLE],
        )
    ipv6 = "ipv6" in flags
    return _Question(
        limits=instance_limits(types[0], "simulate", _EXAMPLE),
        # IPv6 runs in prefix mode only.
        settings=replace(read.settings, mode=PoolMode.PREFIX) if ipv6 else read.settings,
        given=number(given[0], "pods", _EXAMPLE) if given else None,
        windows=_windows(asked, read.settings, flags) if "windows" in flags else None,
        ipv6=ipv6,
    )


def _windows(asked: Asked, settings: PoolSettings, flags: set[str]) -> WindowsSettings:
    """The Windows targets among the options; what no Windows node has is refused."""
    linux = [key for key in ("warm-eni", "max-eni") if key in asked.options]
    linux += ["custom-networking"] if settings.custom_networking else []
    linux += ["pod-eni"] if settings.pod_eni else []
    linux += sorted(flags - {"windows"})
    if linux:
        example = "simulate m5.large pods=5 windows warm-ip=3"
        raise UserError(f"A Windows node knows no `{linux[0]}`. For example `{example}`.", [example])
    return WindowsSettings(
        mode=settings.mode,
        warm_ip=settings.warm_ip if "warm-ip" in asked.options else None,
        minimum_ip=settings.minimum_ip if "min-ip" in asked.options else None,
        warm_prefix=settings.warm_prefix if "warm-prefix" in asked.options else None,
    )


def _tone(pool: Pool) -> Tone:
    if pool.pods_without_address:
        return Tone.BAD
    return Tone.WARNING if pool.frozen else Tone.NEUTRAL


def _pods(pool: Pool) -> int:
    return pool.assigned + pool.pods_without_address


def _sentence(question: _Question, pool: Pool) -> str:
    head = f"{question.limits.instance_type} with {plural(_pods(pool), 'pod')}: {plural(pool.enis, 'ENI')}"
    held = plural(pool.subnet_addresses, "subnet address", "subnet addresses")
    held += " (IPv4) and a /80 prefix" if question.ipv6 else f", {pool.unused:,} unused"
    if pool.pods_without_address:
        held += f", {plural(pool.pods_without_address, 'pod')} without an address"
    return f"{head}, {held}{' (frozen pool)' if pool.frozen else ''}."


def _verdict(limits: InstanceLimits, pool: Pool) -> Line:
    if pool.pods_without_address:
        lacking = f"{pool.pods_without_address:,} of {plural(_pods(pool), 'pod')}"
        return (Strong(limits.instance_type), ": ", Strong(lacking), " get no address")
    taken = plural(pool.subnet_addresses, "subnet address", "subnet addresses")
    return (Strong(limits.instance_type), ": ", Strong(taken), f" for {plural(_pods(pool), 'pod')}")


def _parts(question: _Question, pool: Pool) -> tuple[Part, ...]:
    picture = f"{_picture(question.limits, pool)}\n\n{_chart(question)}"
    if question.ipv6:
        picture = "one /80 prefix on the primary ENI"
    assumed = " · pods= not given: a full node" if question.given is None else ""
    small: tuple[Line, ...] = (
        (f"max-pods {question.max_pods:,} · ", Mono(_acting(question)), assumed),
        ("Settled, pods came one by one · ", Mono(f"eksip {_again(question, question.pods)}")),
        (f"Limits: EC2 snapshot of {question.limits.source.removeprefix('snapshot ')} · ", _GUIDE),
    )
    notes = (Bullets(items=tuple((note,) for note in pool.notes)),) if pool.notes else ()
    return (Code(title=_held(pool), text=picture), *notes, Context(lines=small), Controls(items=_next(question)))


def _acting(question: _Question) -> str:
    """The variables that shape this pool; targets that others beat are left out."""
    if question.windows is not None:
        return "ConfigMap kube-system/amazon-vpc-cni"
    if question.ipv6:
        return "ENABLE_IPv6=true"
    settings = question.settings
    prefixes = effective_mode(question.limits, settings) is PoolMode.PREFIX
    return " ".join(f"{name}={value}" for name, value in acting_environment(settings, prefixes=prefixes))


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


def _chart(question: _Question) -> str:
    """What the node takes from its subnets (light) and what pods use of it (dark), over the pods on the node."""
    pods, end = question.pods, max(question.pods, question.full, 1)
    at = [round(column * end / (CHART_COLUMNS - 1)) for column in range(CHART_COLUMNS)]
    pools = [question.pool(count) for count in at]
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


def _again(question: _Question, pods: int, mode: PoolMode | None = None) -> str:
    """The command that gives this answer, or the one for another mode."""
    settings, windows = question.settings, question.windows
    options = [f"pods={pods}", f"mode={(mode or settings.mode).value}"]
    if windows is not None:
        targets = (("warm-ip", windows.warm_ip), ("min-ip", windows.minimum_ip), ("warm-prefix", windows.warm_prefix))
        options += [f"{key}={value}" for key, value in targets if value is not None]
    else:
        usual = (
            ("warm-eni", settings.warm_eni, 1),
            ("warm-ip", settings.warm_ip, 0),
            ("min-ip", settings.minimum_ip, 0),
        )
        options += [f"{key}={value}" for key, value, shipped in usual if value != shipped]
        # Without a target prefix mode would be refused, so the other mode's button takes the shipped one.
        if settings.warm_prefix != 1 and (mode is None or settings.warm_prefix):
            options.append(f"warm-prefix={settings.warm_prefix}")
    options += [f"max-eni={settings.max_eni}"] if settings.max_eni is not None else []
    options += [f"max-pods={settings.max_pods}"] if settings.max_pods is not None else []
    flags = (
        ("custom-networking", settings.custom_networking),
        ("pod-eni", settings.pod_eni),
        ("windows", windows is not None),
        ("ipv6", question.ipv6),
    )
    return " ".join(["simulate", question.limits.instance_type, *options, *(flag for flag, on in flags if on)])


def _next(question: _Question) -> tuple[Button, ...]:
    running = effective_mode(question.limits, question.settings)
    other = PoolMode.SECONDARY if running is PoolMode.PREFIX else PoolMode.PREFIX
    buttons = []
    if not question.ipv6:
        buttons.append(Button(label=f"{other.value.capitalize()} mode", command=_again(question, question.pods, other)))
    if question.pods != question.full:
        buttons.append(Button(label="Full node", command=_again(question, question.full)))
    buttons.append(Button(label="Max-pods", command=f"maxpods {question.limits.instance_type}"))
    buttons.append(Button(label="Explain", command="explain warm ip"))
    return tuple(buttons)
