"""Feedback: whether an explanation or a diagnosis helped, as people press it."""

import logging

from slack_bolt import Ack, App

from bot import metrics
from bot.services import Services
from bot.slack.controls import FEEDBACK_ACTION, HELPED
from bot.slack.desk import Desk
from bot.slack.incoming import from_action
from bot.slack.shapes import Body, part, ts

log = logging.getLogger(__name__)

THANKS = "Thank you: noted."
THANKS_MISSED = "Thank you: noted. `help` lists what else can be asked; pasting the error often finds more."


def listen(bolt: App, desk: Desk, services: Services | None) -> None:
    """Register what a press of a feedback button does."""

    def on_feedback(ack: Ack, body: Body) -> None:
        ack()
        incoming = from_action(body, desk.identity)
        if incoming is None or services is None or desk.answering.is_repeated(incoming):
            return
        known = services

        def keep() -> None:
            request = desk.answering.known(incoming).request
            if desk.refused(request, "explain", known):
                return
            pressed, _, text = request.text.partition(" ")
            verb = text.partition(" ")[0] or "explain"
            helped = pressed == HELPED
            changed = known.store().add_feedback(
                user_id=request.user_id,
                channel=request.channel_id,
                message_ts=ts(part(body, "container"), "message_ts"),
                verb=verb,
                text=text,
                helped=helped,
                now=known.now(),
            )
            if changed:
                metrics.feedback_total.labels(verb=verb, helped="yes" if helped else "no").inc()
            desk.private(incoming).remark(THANKS if helped else THANKS_MISSED)

        if not desk.workers.take(keep):
            log.warning("feedback was dropped: too much to do")

    bolt.action(FEEDBACK_ACTION)(on_feedback)
