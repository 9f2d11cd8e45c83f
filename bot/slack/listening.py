"""The listeners of words and presses: each acknowledges first, and does nothing else that can wait."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from slack_bolt import Ack, App

from bot.asking.command import Request, Surface
from bot.message import Button, Controls, Message, Visibility
from bot.slack.agent import AgentReply
from bot.slack.answering import BUSY
from bot.slack.controls import GRAPH_ACTION, RUN_ACTION
from bot.slack.desk import Desk
from bot.slack.incoming import Incoming, from_action, from_command, from_edit, from_event, from_shortcut
from bot.slack.render import note
from bot.slack.replies import Reply, Shown
from bot.slack.sending import SEND_ERRORS, failure_of
from bot.slack.shapes import Body, word

SHORTCUT = "eksip_diagnose_message"
"""The callback id of the message shortcut in the manifests."""

DIAGNOSES = "why"
"""The verb that reads pasted lines."""

log = logging.getLogger(__name__)

_ANY_ACTION = re.compile(r"")

FormOf = Callable[[Incoming, str], Callable[[], None] | None]
"""What shows the form that a command asks for, by the trigger id of where it was given; None where it asks for none."""


def listen(bolt: App, slash_command: str, desk: Desk, form_of: FormOf = lambda _, __: None) -> None:
    """Register what answers commands, mentions, direct messages, presses and the message shortcut."""

    def on_command(ack: Ack, body: Body) -> None:
        incoming = from_command(body, desk.identity)
        if desk.answering.is_repeated(incoming):
            ack()
        elif (show_form := form_of(incoming, word(body, "trigger_id"))) is not None:
            ack()
            show_form()
        elif desk.answering.take(incoming, desk.private(incoming)):
            ack()
        else:
            ack({"response_type": "ephemeral", **note(BUSY)})

    def on_event(body: Body) -> None:
        incoming = from_event(body, desk.identity)  # Bolt has acknowledged events before it calls
        changed = from_edit(body, desk.identity)
        if incoming is not None and incoming.is_edited and desk.answering.was_taken(incoming):
            changed = replace(incoming, key=f"edit:{word(body, 'event_id')}")
        if changed is not None:
            _offer_again(desk, changed)
        elif incoming is not None:
            direct = incoming.request.surface is Surface.DM
            desk.take(incoming, AgentReply(desk.client, incoming) if direct else _in_thread_or_directly(desk, incoming))

    def on_action(ack: Ack, body: Body) -> None:
        ack()
        incoming = from_action(body, desk.identity)
        if incoming is None:
            return
        show_form = form_of(incoming, word(body, "trigger_id"))
        if show_form is None:
            desk.take(incoming, reply_to_press(desk, incoming))
        elif not desk.answering.is_repeated(incoming):
            show_form()

    def on_graph(ack: Ack, body: Body) -> None:
        ack()
        incoming = from_action(body, desk.identity)
        if incoming is not None and not desk.answering.is_repeated(incoming):
            reply = reply_to_press(desk, incoming)
            if not desk.workers.take(lambda: _send_graph(desk, incoming, reply)):
                desk.answering.refuse(reply)

    def on_shortcut(ack: Ack, body: Body) -> None:
        ack()
        incoming = from_shortcut(body, desk.identity, DIAGNOSES)
        desk.take(incoming, desk.in_thread(incoming, otherwise=desk.private(incoming)))

    def on_other_action(ack: Ack) -> None:
        ack()  # links, and controls of older cards: unacknowledged they would show a warning sign

    bolt.command(slash_command)(on_command)
    bolt.event("app_mention")(on_event)
    bolt.event("message")(on_event)
    bolt.action(RUN_ACTION)(on_action)
    bolt.action(GRAPH_ACTION)(on_graph)
    bolt.shortcut(SHORTCUT)(on_shortcut)
    bolt.action(_ANY_ACTION)(on_other_action)


CHANGED = "You changed your question. I answered what it said first."


def _offer_again(desk: Desk, changed: Incoming) -> None:
    """Offer to answer a question as it reads now, to its author alone: most edits mend a slip that did not matter."""
    text = changed.request.text
    if not text or desk.answering.is_repeated(changed):
        return
    offer = Message(
        text=CHANGED,
        verdict=(CHANGED,),
        parts=(Controls(items=(Button(label="Ask it again", command=text),)),),
        visibility=Visibility.EPHEMERAL,
    )
    direct = changed.request.surface is Surface.DM
    reply = desk.in_thread(changed) if direct else desk.private(changed)
    if not desk.workers.take(lambda: reply.answer(offer)):
        log.warning("an edited question was left alone: too much to do")


def _in_thread_or_directly(desk: Desk, incoming: Incoming) -> Reply:
    """In the thread of the mention; where Slack refuses the channel by then, to the person who asked."""
    alone = replace(incoming, request=replace(incoming.request, thread_ts=None))
    directly = desk.in_thread(alone, channel=incoming.request.user_id)
    return desk.in_thread(incoming, otherwise=directly)


def reply_to_press(desk: Desk, incoming: Incoming) -> Reply:
    """Where the answer to a press goes: by its response URL, or to the person where the press was in no channel."""
    if incoming.request.channel_id:
        return desk.private(incoming)
    return desk.in_thread(incoming, channel=incoming.request.user_id)


def _send_graph(desk: Desk, incoming: Incoming, reply: Reply) -> None:
    """Send the picture of a private answer to the person: what one person alone sees can hold no file.

    Source: https://docs.slack.dev/reference/methods/chat.postEphemeral (files are not among what it takes).
    """
    known = desk.answering.known(incoming)
    message = desk.answering.message(known)
    if not message.ok or not message.charts or desk.pictures.why_not:
        desk.answering.give(known.request, message, reply)
        return
    shown = direct(desk, known.request, f"The picture of `{message.command}`:")
    if isinstance(shown, str):
        reply.remark(f"No picture: I cannot write to you directly ({shown}).")
        return
    desk.pictures.follow(message, shown, _remark_to(desk, known.request))
    reply.remark("The picture comes to you as a direct message: only there it stays between us.")


def direct(desk: Desk, request: Request, text: str) -> Shown | str:
    """Write to the person directly: where that stands, or Slack's word why it could not be."""
    try:
        posted = desk.client.chat_postMessage(channel=request.user_id, **note(text))
    except SEND_ERRORS as exc:
        return failure_of(exc).reason
    return Shown(channel=str(posted["channel"]))


def _remark_to(desk: Desk, request: Request) -> Callable[[str], None]:
    return lambda text: (direct(desk, request, text), None)[1]
