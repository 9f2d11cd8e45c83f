"""Every verb, in the order help shows them, and the one way to run them: dispatch."""

import logging
import math
import secrets
import time
from dataclasses import replace

from bot.asking.access import refusal
from bot.asking.command import Asked, Command, Request, Surface
from bot.asking.defaults import as_seen, channel_defaults, in_zone, with_target
from bot.asking.grammar import by_word, normalise, parse
from bot.asking.patience import Patience, patient
from bot.asking.seen import seen
from bot.commands.verbs import COMMANDS
from bot.errors import ConfigError, EksipError, QueryError, UserError
from bot.message import Context, Failure, Message, Tone, Visibility
from bot.services import Services
from bot.views import failed

__all__ = ["COMMANDS", "dispatch", "not_configured"]

log = logging.getLogger(__name__)

_BY_VERB = {command.verb: command for command in COMMANDS}


def dispatch(request: Request, services: Services) -> Message:
    """The answer to a request; never raises: what went wrong is in the message's failure.

    A defect is logged with its traceback under a short reference, and only the reference is shown.
    """
    started = time.monotonic()
    asked: Asked | None = None
    patience = Patience(services.patience)
    try:
        _check_allowance(request, services)
        here = patient(request, seen(request, services), patience)
        asked = parse(request.text, COMMANDS, lambda: here.facts().names())
        message = _run(asked, request, here)
    except UserError as exc:
        failure = Failure(kind="user", message=exc.message, suggestions=exc.suggestions)
        message = failed(_verb(request, asked), failure)
    except QueryError as exc:
        message = _query_failure(exc, request, asked)
    except ConfigError as exc:
        message = not_configured(request, exc)
    except Exception:
        reference = secrets.token_hex(2)
        log.exception("A command failed", extra={"reference": reference, "verb": asked.verb if asked else ""})
        text = f"Something is wrong in eksip itself (reference {reference}); its log has the details."
        failure = Failure(kind="defect", message=text, reference=reference)
        message = failed(_verb(request, asked), failure, tone=Tone.BAD)
    message = patience.told(message, request)
    _count(message, time.monotonic() - started)
    return message


def not_configured(request: Request, problem: ConfigError) -> Message:
    """The answer to any request while the configuration cannot be used."""
    return failed(_verb(request, None), Failure(kind="config", message=problem.message), tone=Tone.BAD)


def _run(asked: Asked, request: Request, services: Services) -> Message:
    command = _meant(asked, request)
    refused = refusal(request, command, services.settings.access)
    if refused is not None:
        _record_denial(request, services, command.verb, refused)
        raise UserError(refused)
    defaults = channel_defaults(request, services)
    asked, request = with_target(asked, command, defaults), in_zone(request, defaults)
    message = _done(command, asked, request, services) if command.writes else command.run(asked, request, services)
    message = replace(
        message,
        command=message.command or f"{asked.verb} {asked.target}".strip(),
        shareable=message.shareable and not command.writes,
    )
    if asked.read_as:
        message = replace(message, parts=(Context(lines=((asked.read_as,),)), *message.parts))
    message = as_seen(message, command, request, defaults)
    return replace(message, visibility=Visibility.IN_CHANNEL) if asked.share else message


def _meant(asked: Asked, request: Request) -> Command:
    """The command of the verb, as one that writes where what is asked changes something.

    Raises: UserError when the verb of such a command was not written out: what changes something is never guessed.
    """
    command = _BY_VERB[asked.verb]
    if command.changes is None or not command.changes(asked):
        return command
    if asked.read_as or not _is_written_out(command, request):
        pairs = (f"{key}={value}" for key, value in asked.options.items())
        meant = " ".join((asked.verb, *asked.words, *pairs))[:150]
        raise UserError(f"Did you mean `{meant}`? That changes something, so I do not guess.", [meant])
    return replace(command, writes=True)


def _is_written_out(command: Command, request: Request) -> bool:
    """Whether the first word is the verb itself or an alias, and not only how it begins."""
    first = normalise(request.text[:200]).split(maxsplit=1)
    return bool(first) and first[0].strip("\"'").lower() in (command.verb, *command.aliases)


def _done(command: Command, asked: Asked, request: Request, services: Services) -> Message:
    """The answer of a command that changes something, with its entry in the audit log, also when it failed."""
    try:
        message = command.run(asked, request, services)
    except EksipError as exc:
        if services.stored() is not None:
            _record(request, services, command.verb, f"failed: {exc}")
        raise
    _record(request, services, command.verb, "done")
    return message


def _record(request: Request, services: Services, verb: str, outcome: str) -> None:
    """Add to the audit log who asked for what, and what came of it."""
    services.store().record_audit(
        at=services.now(),
        who=request.user_id or request.who,
        channel=request.channel_id,
        verb=verb,
        text=request.text,
        outcome=outcome,
    )


def _record_denial(request: Request, services: Services, verb: str, reason: str) -> None:
    """The same of a refusal, which holds whether or not the database can be written to."""
    try:
        _record(request, services, verb, f"denied: {reason}")
    except Exception:  # whatever the store raises: the person is refused all the same
        log.warning("a refusal is missing in the audit log", extra={"verb": verb}, exc_info=True)


def _check_allowance(request: Request, services: Services) -> None:
    """Raises: UserError when the person has asked too much of late; a terminal may ask as it likes."""
    if services.allowance is None or request.surface in (Surface.ASK, Surface.CONSOLE):
        return
    wait = services.allowance.take(request.user_id)
    if wait is None:
        return
    if wait.is_first:
        _record_denial(request, services, _verb(request, None), "too many questions")
    seconds = max(math.ceil(wait.length.total_seconds()), 1)
    most = services.settings.access.per_minute
    raise UserError(f"You have asked {most} questions in a minute, which is the most I take. Ask again in {seconds} s.")


def _query_failure(exc: QueryError, request: Request, asked: Asked | None) -> Message:
    if asked is not None and asked.guessed:
        # The word was no verb and could have been a scope, which cannot be looked up now.
        text = (
            f"I know no command `{asked.target[:60]}`, and cannot look for a cluster or subnet of that name: "
            f"{exc.message} Try `help`."
        )
        return failed(asked.verb, Failure(kind="user", message=text, suggestions=("help",)))
    return failed(_verb(request, asked), Failure(kind="query", message=exc.message), tone=Tone.UNKNOWN)


def _verb(request: Request, asked: Asked | None) -> str:
    if asked is not None:
        return asked.verb
    first = normalise(request.text[:200]).split(maxsplit=1)
    known = by_word(COMMANDS)
    return known[first[0].lower()].verb if first and first[0].lower() in known else "help"


def _count(message: Message, seconds: float) -> None:
    from bot.metrics import command_seconds, commands_total

    verb = message.command.partition(" ")[0]
    outcome = "answered" if message.failure is None else message.failure.kind
    commands_total.labels(verb=verb, outcome=outcome).inc()
    command_seconds.labels(verb=verb).observe(seconds)
