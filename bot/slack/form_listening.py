"""The listeners of forms: opened at once, filled after, answered where they came from."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.asking.alert_words import is_alert_number
from bot.asking.command import Asked, Request
from bot.asking.defaults import channel_defaults, with_target
from bot.asking.grammar import by_word, normalise, parse
from bot.commands import COMMANDS
from bot.errors import UserError
from bot.services import Services
from bot.slack import scope_options
from bot.slack.controls import FORM_ACTION
from bot.slack.desk import Desk
from bot.slack.forms import FORMS, METADATA, SCOPE, TARGET, Form, InputError, filled, loading, refused, values
from bot.slack.incoming import PASTED, Incoming, from_action, from_person
from bot.slack.listening import FormOf, reply_to_press
from bot.slack.patience import patiently
from bot.slack.replies import Reply
from bot.slack.sending import SEND_ERRORS, failure_of
from bot.slack.shapes import Body, part, word

log = logging.getLogger(__name__)

TOO_LATE = "The form could not be opened in time (Slack allows 3 seconds). Try again."
"""Source: https://docs.slack.dev/surfaces/modals (a trigger_id expires in 3 seconds and works once)."""

_SUBMITTED = re.compile(r"^form\.")
_BY_WORD = by_word(COMMANDS)


def listen(bolt: App, desk: Desk, services: Services) -> FormOf:
    """Register what opens forms, fills their selects, and takes their answers; what shows the form of a bare verb."""

    def on_form(ack: Ack, body: Body) -> None:
        ack()
        incoming = from_action(body, desk.identity)
        if incoming is not None and not desk.answering.is_repeated(incoming):
            _open(desk, services, incoming, word(body, "trigger_id"))

    def on_options(ack: Ack, body: Body) -> None:
        ack(options=_options(desk, services, body))

    def on_submitted(ack: Ack, body: Body) -> None:
        view = part(body, "view")
        form = FORMS.get(word(view, "callback_id").removeprefix("form."))
        if form is None:
            # Left open from another version of the bot: it can only be closed, and asked for anew.
            ack(response_action="clear")
            log.warning("a form of another version was submitted", extra={"callback_id": view.get("callback_id")})
            return
        place = _place(view)
        given = values(part(view, "state"))
        try:
            text = form.command(given, word(place, "rest"))
        except InputError as exc:
            ack(response_action="errors", errors=exc.problems)
            return
        ack()
        chosen = given.get("channel") or word(place, "channel_id")
        if chosen != word(place, "channel_id"):
            place = {"channel_id": chosen}
        incoming = from_person(body, desk.identity, text, **_strings(place))
        desk.take(incoming, _reply(desk, incoming, opened_in_channel="response_url" in place))

    bolt.action(FORM_ACTION)(on_form)
    bolt.options(SCOPE)(on_options)
    bolt.options(TARGET)(on_options)
    bolt.view(_SUBMITTED)(on_submitted)

    def form_of(incoming: Incoming, trigger_id: str) -> Callable[[], None] | None:
        if not trigger_id or not is_bare(incoming.request.text):
            return None
        return lambda: _open(desk, services, incoming, trigger_id)

    return form_of


def is_bare(text: str) -> bool:
    """Whether the text is the verb of a form without what it needs: alone, or `silence` with nothing but alerts."""
    form, rest = _read(text)
    return form is not None and (not rest or (form.verb == "silence" and all(map(is_alert_number, rest))))


def _read(text: str) -> tuple[Form | None, list[str]]:
    """The form of the verb that a text begins with, None where it has none, and the words after it."""
    first, *rest = normalise(text[:PASTED]).rstrip("?.! ").split() or [""]
    command = _BY_WORD.get(first.lower())
    return (None if command is None else FORMS.get(command.verb)), rest


def _open(desk: Desk, services: Services, incoming: Incoming, trigger_id: str) -> None:
    """Open the loading view with the trigger, and let a worker fill it."""
    form, _ = _read(incoming.request.text)
    if form is None:
        desk.take(replace(incoming, key=""), reply_to_press(desk, incoming))
        return
    try:
        opened = desk.client.views_open(trigger_id=trigger_id, view=loading(form))
    except SEND_ERRORS as exc:
        reason = failure_of(exc).reason
        log.warning("a form was not opened", extra={"reason": reason, "verb": form.verb})
        words = TOO_LATE if "trigger" in reason else f"The form could not be opened: Slack says {reason}."
        desk.workers.take(lambda: reply_to_press(desk, incoming).remark(words))
        return
    view_id = str(opened["view"]["id"])
    if not desk.workers.take(lambda: _fill(desk, services, form, incoming, view_id)):
        _update(desk, view_id, refused(form, "I am busy with other questions just now. Try again in a minute."))


def _fill(desk: Desk, services: Services, form: Form, incoming: Incoming, view_id: str) -> None:
    request = desk.answering.known(incoming).request
    words = desk.refused(request, form.verb, services)
    if words:
        _update(desk, view_id, refused(form, words))
        return
    seen = desk.seen(request, services)
    try:
        asked = parse(request.text, COMMANDS, lambda: seen.facts().names())
    except UserError:
        asked = Asked(verb=form.verb)
    asked = with_target(asked, _BY_WORD[form.verb], channel_defaults(request, seen))
    kept = {"rest": form.rest(asked), "response_url": incoming.response_url}
    kept |= {"channel_id": request.channel_id, "channel_name": request.channel_name}
    kept |= {"thread_ts": request.thread_ts or ""}
    metadata = json.dumps({name: value for name, value in kept.items() if value})
    if len(metadata) > METADATA:
        metadata = json.dumps({"channel_id": request.channel_id})
    _update(desk, view_id, filled(form, asked, _group(request.channel_id), metadata))


def _group(channel_id: str) -> str:
    """The channel, where it is one that a watch can tell; direct messages are none."""
    return "" if channel_id.startswith("D") else channel_id


def _update(desk: Desk, view_id: str, view: dict[str, Any]) -> None:
    try:
        patiently(lambda: desk.client.views_update(view_id=view_id, view=view), repeatable=True)
    except SEND_ERRORS as exc:
        # not_found: the person has closed it meanwhile
        log.info("a form was not filled", extra={"reason": failure_of(exc).reason})


def _options(desk: Desk, services: Services, body: Body) -> list[dict[str, Any]]:
    """The choices that the person may see where the form was opened; none for whom the bot refuses."""
    place = _place(part(body, "view"))
    asker = from_person(body, desk.identity, "status", **_strings(place))
    request: Request = desk.answering.known(asker).request
    if desk.refused(request, "status", services):
        return []
    find = scope_options.alerts if body.get("action_id") == TARGET else scope_options.scopes
    return find(word(body, "value"), desk.seen(request, services))


def _reply(desk: Desk, incoming: Incoming, *, opened_in_channel: bool) -> Reply:
    """Back to where the form was opened; into the channel that was chosen, or to the person where that fails."""
    if opened_in_channel:
        return desk.private(incoming)
    directly = desk.in_thread(incoming, channel=incoming.request.user_id)
    if not incoming.request.channel_id:
        return directly
    return desk.in_thread(incoming, otherwise=directly)


def _place(view: Body) -> dict[str, Any]:
    try:
        found = json.loads(word(view, "private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _strings(place: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in place.items() if isinstance(value, str) and name != "rest"}
