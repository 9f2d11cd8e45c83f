"""Who may ask what, and where."""

import pytest

from bot.asking.access import refusal
from bot.asking.command import Asked, Command, Request, Surface
from bot.config import AccessSettings
from bot.message import Message
from bot.services import Services


def _answer(asked: Asked, request: Request, services: Services) -> Message:
    return Message(text="answered")


READ = Command(verb="status", summary="", usage="", example="", run=_answer)
WRITE = Command(verb="watch", summary="", usage="", example="", run=_answer, writes=True)
OPEN = AccessSettings()
LIMITED = AccessSettings(writers=["U0WRITER"], channels=["C0ALLOWED"])


def request(
    surface: Surface = Surface.SLASH,
    user_id: str = "U0READER",
    channel_id: str = "C0ALLOWED",
    *,
    is_guest: bool = False,
    is_external: bool = False,
) -> Request:
    return Request(
        text="",
        surface=surface,
        user_id=user_id,
        channel_id=channel_id,
        is_guest=is_guest,
        is_external=is_external,
    )


@pytest.mark.parametrize(
    ("asked", "command", "access", "said"),
    [
        pytest.param(request(), READ, OPEN, None, id="anybody may read"),
        pytest.param(request(), WRITE, OPEN, None, id="anybody may write while no writers are named"),
        pytest.param(request(), READ, LIMITED, None, id="reads need no writer"),
        pytest.param(request(), WRITE, LIMITED, "limited to some people", id="not a writer"),
        pytest.param(request(user_id="U0WRITER"), WRITE, LIMITED, None, id="a writer"),
        pytest.param(request(channel_id="C0OTHER"), READ, LIMITED, "in this channel", id="another channel"),
        pytest.param(
            request(user_id="U0WRITER", channel_id="C0OTHER"), WRITE, LIMITED, "in this channel", id="writer elsewhere"
        ),
        pytest.param(request(is_guest=True), READ, OPEN, "not guests", id="guest"),
        pytest.param(request(is_external=True), READ, OPEN, "other organisations", id="Slack Connect"),
        pytest.param(
            request(user_id="U0WRITER", is_external=True), WRITE, LIMITED, "other organisations", id="external writer"
        ),
        pytest.param(request(Surface.MENTION, is_guest=True), READ, OPEN, "not guests", id="guest by mention"),
        pytest.param(request(Surface.BUTTON), WRITE, LIMITED, "limited to some people", id="button is no way around"),
        pytest.param(request(Surface.CONSOLE, "", ""), WRITE, LIMITED, None, id="the terminal is trusted"),
        pytest.param(request(Surface.ASK, "", ""), WRITE, LIMITED, None, id="so is ask"),
    ],
)
def test_a_refusal_is_a_sentence_or_nothing(
    asked: Request, command: Command, access: AccessSettings, said: str | None
) -> None:
    found = refusal(asked, command, access)

    assert (found is None) if said is None else (found is not None and said in found)
