"""Pool settings and instance types as people type them after a verb, checked and explained."""

import re
from dataclasses import dataclass

from bot.asking.command import POOL_FLAGS, Asked
from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import known_types, snapshot_date, snapshot_limits
from bot.capacity.warmpool import PoolMode, PoolSettings, refusal
from bot.errors import QueryError, UserError, nearest
from bot.inventory import InstanceLimits

LARGEST_NUMBER = 1_000_000
"""No setting or count beyond this is read: far above any node, and it keeps every figure printable."""

_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_WHOLE = re.compile(r"[+-]?[0-9]+(?:[,_][0-9]{3})*")
_LOOKS_LIKE_A_TYPE = re.compile(r"[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWords:
    """What was asked, read: the settings, and the words that are no setting."""

    settings: PoolSettings
    words: tuple[str, ...]


def pool_words(asked: Asked, example: str, *, linux: bool = True) -> PoolWords:
    """The pool settings among the words and options, over the shipped manifest's; `example` is shown in errors.

    The flags and `prefix` or `secondary` may stand bare among the words. What keeps a Linux node's CNI from starting
    is not looked at for others.
    Raises: UserError for a value that cannot be used, or settings with which the CNI would not start.
    """
    options, flags = asked.options, {flag: _flag(asked, flag, example) for flag in POOL_FLAGS}
    words = [word for word in asked.words if word.lower() not in POOL_FLAGS]
    modes = [word.lower() for word in words if word.lower() in _MODES]
    mode = _mode([*modes, *([options["mode"].lower()] if "mode" in options else [])], example)
    shipped = settings_as_shipped()
    settings = PoolSettings(
        mode=mode,
        warm_eni=whole(asked, "warm-eni", example, default=shipped.warm_eni),
        warm_ip=whole(asked, "warm-ip", example, default=shipped.warm_ip),
        minimum_ip=whole(asked, "min-ip", example, default=shipped.minimum_ip),
        warm_prefix=whole(asked, "warm-prefix", example, default=shipped.warm_prefix),
        max_eni=whole(asked, "max-eni", example, default=0) if "max-eni" in options else None,
        max_pods=whole(asked, "max-pods", example, default=1, least=1) if "max-pods" in options else None,
        custom_networking=flags["custom-networking"],
        pod_eni=flags["pod-eni"],
    )
    refused = refusal(settings) if linux else None
    if refused is not None:
        raise UserError(f"{refused} For example `{example}`.", [example])
    rest = tuple(word for word in words if word.lower() not in _MODES)
    return PoolWords(settings=settings, words=rest)


def whole(asked: Asked, key: str, example: str, *, default: int, least: int = 0, most: int = LARGEST_NUMBER) -> int:
    """The whole number of an option, the default where it was not given.

    Raises: UserError when it is no whole number from `least` to `most`.
    """
    return number(asked.options[key], key, example, least=least, most=most) if key in asked.options else default


def number(text: str, key: str, example: str, *, least: int = 0, most: int = LARGEST_NUMBER) -> int:
    """The whole number that a text means; `key` names it in the error.

    Raises: UserError when it is no whole number from `least` to `most`, which is at most a million.
    """
    shown = f"{key}={_cut(text)}"
    if not _WHOLE.fullmatch(text):
        raise UserError(f"`{shown}` is not a whole number. For example `{example}`.", [example])
    digits = text.replace(",", "").replace("_", "")
    value = int(digits) if len(digits) <= 12 else LARGEST_NUMBER + 1
    if value < least or (digits.startswith("-") and value > LARGEST_NUMBER):
        raise UserError(f"`{shown}` is below {least}. For example `{example}`.", [example])
    if value > most:
        raise UserError(f"`{shown}` is more than {most:,}. For example `{example}`.", [example])
    return value


def instance_limits(word: str, verb: str, example: str) -> InstanceLimits:
    """The limits of the type that a word names.

    Raises: UserError when the word is no instance type; QueryError when the snapshot does not have the type.
    """
    instance_type = word.lower()
    limits = snapshot_limits(instance_type)
    if limits is not None:
        return limits
    shown = _cut(instance_type)
    if not _LOOKS_LIKE_A_TYPE.fullmatch(instance_type):
        raise UserError(
            f"`{shown}` is not an instance type; one looks like `m5.large`. For example `{example}`.", [example]
        )
    close = nearest(shown, known_types())
    hint = f" Types with a similar name: {', '.join(close)}." if close else ""
    raise QueryError(
        f"`{shown}` is not in my offline table of EC2's limits ({snapshot_date()}), so I cannot {verb} it.{hint} "
        f"EC2 knows: aws ec2 describe-instance-types --instance-types {shown}",
        api="ec2:DescribeInstanceTypes",
    )


_MODES = {mode.value: mode for mode in PoolMode}


def _mode(named: list[str], example: str) -> PoolMode:
    for word in named:
        if word not in _MODES:
            raise UserError(
                f"`mode={_cut(word)}` is not a mode: it is `secondary` or `prefix`. For example `{example}`.", [example]
            )
    if len(set(named)) > 1:
        raise UserError(
            f"You named both modes; a node runs `secondary` or `prefix`. For example `{example}`.", [example]
        )
    return _MODES[named[0]] if named else PoolMode.SECONDARY


def _flag(asked: Asked, flag: str, example: str) -> bool:
    value = asked.options.get(flag)
    if value is None:
        return any(word.lower() == flag for word in asked.words)
    if value.lower() not in _YES | _NO:
        raise UserError(f"`{flag}={_cut(value)}` is neither true nor false. For example `{example}`.", [example])
    return value.lower() in _YES


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
