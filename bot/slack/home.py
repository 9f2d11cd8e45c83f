"""What people see before they ask: the Home tab, suggested prompts, and two lines of welcome in a new channel."""

import logging
from dataclasses import replace

from slack_bolt import App

from bot.asking.command import Request, Surface
from bot.message import Button, Controls, Message, Mono, Press, Strong, Text, Tone
from bot.services import Services
from bot.slack.agent import suggest
from bot.slack.blocks import section
from bot.slack.desk import Desk, unhurried
from bot.slack.incoming import Incoming, enterprise_of, from_person
from bot.slack.installation import Installation
from bot.slack.patience import patiently
from bot.slack.render import fallback, render
from bot.slack.sending import SEND_ERRORS, Outcome, failure_of
from bot.slack.shapes import Body, part, word, words

log = logging.getLogger(__name__)

VIEW_BLOCKS = 100
"""Source: https://docs.slack.dev/surfaces/app-home (100 blocks in a Home tab)."""


def listen(bolt: App, desk: Desk, services: Services | None, installation: Installation) -> None:
    """Register what happens when people open the app, invite it, or take it away."""

    def on_home(body: Body) -> None:
        event = part(body, "event")
        user_id, channel = word(event, "user"), word(event, "channel")
        incoming = _opened(body, desk, user_id)
        if desk.answering.is_repeated(incoming) or not user_id:
            return
        if event.get("tab") == "messages":
            desk.workers.take(lambda: suggest(desk.client, channel))
        elif services is not None and not desk.workers.take(lambda: _show(desk, services, incoming)):
            log.warning("a Home tab was not drawn: too much to do", extra={"user_id": user_id})

    def on_joined(body: Body) -> None:
        event = part(body, "event")
        channel = word(event, "channel")
        if event.get("user") == desk.identity.bot_user_id and channel and services is not None:
            desk.workers.take(lambda: _welcome(desk, services, channel))

    def on_revoked(body: Body) -> None:
        if desk.identity.bot_user_id in words(part(part(body, "event"), "tokens"), "bot"):
            installation.lose("its bot token was revoked in Slack")

    def on_uninstalled() -> None:
        installation.lose("the app was removed from the workspace")

    bolt.event("app_home_opened")(on_home)
    bolt.event("member_joined_channel")(on_joined)
    bolt.event("tokens_revoked")(on_revoked)
    bolt.event("app_uninstalled")(on_uninstalled)


def _opened(body: Body, desk: Desk, user_id: str) -> Incoming:
    """Who opened the app, as somebody who asks in direct messages."""
    person = {"id": user_id, "team_id": word(body, "team_id")}
    found = from_person({"user": person, "enterprise": {"id": enterprise_of(body)}}, desk.identity, "overview")
    event_id = word(body, "event_id")
    return replace(
        found, request=replace(found.request, surface=Surface.DM), key=f"event:{event_id}" if event_id else ""
    )


def _show(desk: Desk, services: Services, incoming: Incoming) -> None:
    """Publish what is known at once, and once more when newer figures are there."""
    request = desk.answering.known(incoming).request
    answer = unhurried(services)
    message = answer(request)
    if _published(desk, request, message) and desk.renewal is not None and desk.renewal.is_old(message):
        desk.renewal.once(message, lambda: _published(desk, request, answer(request)))


def _published(desk: Desk, request: Request, message: Message) -> bool:
    """Whether the tab was published, if need be as bare text."""
    whole = render(message)["blocks"][:VIEW_BLOCKS]
    for blocks in (whole, [section(fallback(message)[:2_900])]):
        view = {"type": "home", "callback_id": "home", "blocks": blocks}
        try:
            patiently(lambda: desk.client.views_publish(user_id=request.user_id, view=view), repeatable=True)  # noqa: B023
        except SEND_ERRORS as exc:
            failure = failure_of(exc)
            log.warning("a Home tab was not published", extra={"user_id": request.user_id, "reason": failure.reason})
            if failure.outcome in (Outcome.CONTENT, Outcome.PERMANENT):
                continue
            return False
        return True
    return False


def _welcome(desk: Desk, services: Services, channel: str) -> None:
    """Say once in a channel what the bot does there; nothing where it may not answer."""
    allowed = services.settings.access.channels
    if allowed and channel not in allowed:
        return
    if not services.store().welcome(channel, services.now()):
        return
    try:
        patiently(lambda: desk.client.chat_postMessage(channel=channel, **render(welcome())), repeatable=False)
    except SEND_ERRORS as exc:
        log.warning("a channel was not welcomed", extra={"channel": channel, "reason": failure_of(exc).reason})


def welcome() -> Message:
    """Two lines and two buttons for a channel that invited the bot."""
    return Message(
        text="I tell how many IP addresses are left in the subnets of your EKS clusters. I change nothing in AWS.",
        tone=Tone.NEUTRAL,
        verdict=("I tell how many ", Strong("IP addresses"), " are left in the subnets of your EKS clusters."),
        parts=(
            Text(
                lines=(("Ask with ", Mono("/eksip status"), ", or mention me in a thread. I change nothing in AWS."),)
            ),
            Controls(
                items=(
                    Button(label="Watch", command="watch", press=Press.FORM, primary=True),
                    Button(label="Help", command="help"),
                )
            ),
        ),
    )
