"""The browser page of the local workspace, driven in the system's headless Chromium against a real workspace."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.demo.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

pytestmark = pytest.mark.browser

Post = Callable[..., str]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# 2026-11-23 09:05:00 UTC, the moment of the cards below; the browser runs in New York, five hours behind.
FIRED_AT = 1795424700
BUTTON = {
    "type": "button",
    "action_id": "alert.ack",
    "value": "ack 4821",
    "text": {"type": "plain_text", "text": "Ack"},
}


def card(color: str, title: str, control: dict[str, Any] = BUTTON) -> dict[str, Any]:
    """One alert card as the bot sends it: an attachment with a colour, a line and a control."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": title}}
    actions = {"type": "actions", "block_id": "alert:4821", "elements": [control]}
    return {"color": color, "fallback": title, "blocks": [section, actions]}


def presses(workspace: Workspace, payloads: list[dict[str, Any]], channel: str) -> list[dict[str, Any]]:
    """The block_actions payloads the bot received from a channel, once there is one."""
    place = workspace.channel(channel)

    def received() -> list[dict[str, Any]]:
        return [one for one in payloads if "actions" in one and one["channel"]["id"] == place]

    return workspace.wait_for(received)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, or fail where a browser is required."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        reason = f"No Chromium on this machine (looked for {', '.join(CHROMIUM_NAMES)})."
        # The runner's own switch, not a setting of the program: `.ci/run` installs a browser and must not skip.
        if os.environ.get("REQUIRE_BROWSER") == "1":  # noqa: TID251 - a test's switch, no Settings here
            pytest.fail(f"{reason} REQUIRE_BROWSER=1 requires one.")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """One running workspace; every test has a channel of its own in it."""
    with Workspace() as running:
        yield running


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> WebClient:
    """The real Slack client, as the bot."""
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture(scope="module")
def payloads(workspace: Workspace, client: WebClient) -> Iterator[list[dict[str, Any]]]:
    """What a bot on a real Socket Mode client received; it acknowledges everything."""
    received: list[dict[str, Any]] = []

    def acknowledge(socket: BaseSocketModeClient, request: SocketModeRequest) -> None:
        received.append(dict(request.payload))
        socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    socket = SocketModeClient(app_token=workspace.app_token, web_client=client)
    socket.socket_mode_request_listeners.append(acknowledge)
    socket.connect()
    workspace.wait_for(lambda: workspace.socket_count > 0)
    yield received
    socket.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One browser window for all tests, in another time zone than UTC."""
    context = browser.new_context(timezone_id="America/New_York", locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(5000)
    yield context.new_page()
    context.close()


@pytest.fixture
def channel(workspace: Workspace, request: pytest.FixtureRequest) -> str:
    """The name of a new channel."""
    name = f"test-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    workspace.add_channel(name)
    return name


@pytest.fixture
def post(workspace: Workspace, client: WebClient, channel: str) -> Post:
    """Posts in the test's channel as the bot: the message's ts."""

    def send(text: str, **more: Any) -> str:
        answer = client.chat_postMessage(channel=workspace.channel(channel), text=text, **more)
        return str(answer["ts"])

    return send


@pytest.fixture
def page(window: Page, workspace: Workspace, channel: str) -> Iterator[Page]:
    """The page as ana sees the new channel; an error in its scripts fails the test."""
    errors: list[str] = []

    def note_error(error: Error) -> None:
        errors.append(str(error))

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    window.on("pageerror", note_error)
    window.on("console", note_message)
    # A new query loads the page anew; a new #name alone would not.
    window.goto(f"{workspace.page_url}?user={workspace.user('ana')}&test={channel}#{channel}")
    window.locator("body[data-link=open]").wait_for()
    yield window
    window.remove_listener("pageerror", note_error)
    window.remove_listener("console", note_message)
    assert errors == []


@pytest.mark.parametrize(
    ("text", "selector", "shown"),
    [
        pytest.param("*low* now", "strong", "low", id="bold"),
        pytest.param("_soon_", "em", "soon", id="italic"),
        pytest.param("~Firing~ Resolved", "s", "Firing", id="strike"),
        pytest.param("set `WARM_IP_TARGET=2 &amp;&amp; *x*`", "code", "WARM_IP_TARGET=2 && *x*", id="code"),
        pytest.param("```a  b\n&lt;c&gt;```", "pre", "a  b\n<c>", id="fence"),
        pytest.param("&gt; said\n&gt; twice\nafter", "blockquote", "said\ntwice", id="quote"),
        pytest.param(
            "<https://example.com/?a=1&amp;b=2|the page>",
            "a[href='https://example.com/?a=1&b=2']",
            "the page",
            id="link",
        ),
        pytest.param(f"<!date^{FIRED_AT}^{{time}}|09:05 UTC>", "time", "04:05", id="date in the viewer's zone"),
        pytest.param("<!date^soon^{time}|09:05 UTC>", ".text", "09:05 UTC", id="broken date falls back"),
        pytest.param(":red_circle: x", "[role=img][aria-label='red circle']", "", id="emoji"),
        pytest.param("<!here> look", ".mention", "@here", id="broadcast"),
        pytest.param(
            "snake_case_name 2*3*4 :nope: **b**", ".text", "snake_case_name 2*3*4 :nope: **b**", id="not marks"
        ),
        pytest.param("&amp;lt; &quot; &#60;", ".text", "&lt; &quot; &#60;", id="entities are decoded once"),
    ],
)
def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page, post: Post, text: str, selector: str, shown: str) -> None:
    node = page.locator(f"[data-testid=message][data-ts='{post(text)}'] .body").locator(selector)
    node.wait_for()
    assert node.inner_text() == shown


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("<script>window.hacked = 1</script>", id="script"),
        pytest.param("<img src=x onerror=window.hacked=1>", id="handler"),
        pytest.param("<javascript:window.hacked=1|press>", id="javascript link"),
    ],
)
def test_markup_in_a_message_is_shown_as_text(page: Page, post: Post, attack: str) -> None:
    escaped = attack.replace("<", "&lt;").replace(">", "&gt;")
    for text in (attack, escaped, f"```{escaped}```"):
        body = page.locator(f"[data-ts='{post(text)}'] .text")
        body.wait_for()
        assert body.inner_text() == attack
        assert body.locator("script, img, a").count() == 0
    assert page.evaluate("window.hacked") is None


def test_an_ephemeral_says_that_only_its_reader_sees_it(
    page: Page, workspace: Workspace, client: WebClient, channel: str
) -> None:
    for name in ("ben", "ana"):
        client.chat_postEphemeral(channel=workspace.channel(channel), user=workspace.user(name), text=f"for {name}")
    page.get_by_test_id("ephemeral").wait_for()
    assert "Only visible to you" in page.get_by_test_id("ephemeral").inner_text()
    assert page.get_by_text("for ana").is_visible()
    assert page.get_by_text("for ben").count() == 0


def test_an_edited_card_changes_in_its_place(
    page: Page, workspace: Workspace, client: WebClient, channel: str, post: Post
) -> None:
    ts = post("low", attachments=[card("#a30200", "*Low IPs*")])
    later = post("later words")
    page.get_by_text("later words").wait_for()
    assert page.locator(f"[data-ts='{ts}'] [data-color='#a30200']").is_visible()
    place = workspace.channel(channel)
    client.chat_update(channel=place, ts=ts, text="ok", attachments=[card("#2eb886", "~Firing~ *Resolved*")])
    page.locator(f"[data-ts='{ts}'].changed [data-color='#2eb886']").wait_for()
    assert page.locator("[data-color='#a30200']").count() == 0
    assert page.locator(".message").evaluate_all("all => all.map(one => one.dataset.ts)") == [ts, later]
    client.chat_delete(channel=place, ts=ts)
    page.locator(f"[data-ts='{ts}']").wait_for(state="detached")


def test_a_click_reaches_the_bot(
    page: Page, workspace: Workspace, payloads: list[dict[str, Any]], channel: str, post: Post
) -> None:
    ts = post("low", attachments=[card("#a30200", "low")])
    page.locator("[data-action-id='alert.ack']").click()
    payload = presses(workspace, payloads, channel)[0]
    assert (payload["user"]["id"], payload["message"]["ts"]) == (workspace.user("ana"), ts)
    assert payload["actions"][0]["value"] == "ack 4821"


def test_a_button_with_a_confirmation_is_posted_only_after_yes(
    page: Page, workspace: Workspace, payloads: list[dict[str, Any]], channel: str, post: Post
) -> None:
    words = {"title": "Stop alerts?", "text": "No more cards here.", "confirm": "Stop", "deny": "Keep"}
    asked = {name: {"type": "plain_text", "text": text} for name, text in words.items()}
    post("low", attachments=[card("#a30200", "low", {**BUTTON, "confirm": asked})])
    page.get_by_role("button", name="Ack").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("button", name="Ack").click()
    page.get_by_role("button", name="Stop").click()
    assert len(presses(workspace, payloads, channel)) == 1


def test_a_select_posts_the_chosen_option(
    page: Page, workspace: Workspace, payloads: list[dict[str, Any]], channel: str, post: Post
) -> None:
    option = {"text": {"type": "plain_text", "text": "2 hours"}, "value": "silence 4821 2h"}
    group = {"label": {"type": "plain_text", "text": "Silence for"}, "options": [option]}
    words = {"type": "plain_text", "text": "Silence…"}
    select = {"type": "static_select", "action_id": "silence", "placeholder": words, "option_groups": [group]}
    post("low", attachments=[card("#a30200", "low", select)])
    page.locator("[data-action-id=silence]").select_option("silence 4821 2h")
    chosen = presses(workspace, payloads, channel)[0]["actions"][0]["selected_option"]
    assert chosen["value"] == "silence 4821 2h"


def test_an_overflow_menu_works_with_the_keyboard(
    page: Page, workspace: Workspace, payloads: list[dict[str, Any]], channel: str, post: Post
) -> None:
    options = [{"text": {"type": "plain_text", "text": text}, "value": text} for text in ("graph", "timeline")]
    post("low", attachments=[card("#a30200", "low", {"type": "overflow", "action_id": "more", "options": options})])
    page.locator("[data-action-id=more]").press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = presses(workspace, payloads, channel)[0]["actions"][0]["selected_option"]
    assert chosen["value"] == "timeline"


def test_an_example_fills_the_box_and_enter_sends_it(
    page: Page, workspace: Workspace, payloads: list[dict[str, Any]], channel: str
) -> None:
    composer = page.get_by_test_id("composer")
    page.get_by_test_id("example").first.click()
    assert composer.input_value() == "/eksip status"
    composer.press("Enter")
    place = workspace.channel(channel)
    sent = workspace.wait_for(lambda: [one for one in payloads if "command" in one and one["channel_id"] == place])
    assert [(one["command"], one["text"], one["user_id"]) for one in sent] == [
        ("/eksip", "status", workspace.user("ana"))
    ]
    assert composer.input_value() == ""
    composer.press("ArrowUp")
    assert composer.input_value() == "/eksip status"


def test_an_unknown_command_is_answered_by_slackbot(page: Page) -> None:
    page.get_by_test_id("composer").fill("/nope")
    page.get_by_test_id("send").click()
    page.get_by_test_id("ephemeral").wait_for()
    assert re.search(r"Slackbot[\s\S]*/nope is not a valid command", page.get_by_test_id("ephemeral").inner_text())


def test_a_reply_is_counted_and_shown_in_the_thread(page: Page, workspace: Workspace, channel: str, post: Post) -> None:
    ts = post("parent")
    post("first reply", thread_ts=ts)
    page.get_by_role("button", name="1 reply").click()
    page.get_by_test_id("thread").get_by_text("first reply").wait_for()
    assert page.locator("#feed").get_by_text("first reply").count() == 0
    page.get_by_test_id("thread-composer").fill("second reply")
    page.get_by_test_id("thread-composer").press("Enter")
    page.get_by_role("button", name="2 replies").wait_for()
    assert workspace.messages(channel)[-1]["text"] == "second reply"


def test_another_person_sees_their_own_workspace(
    page: Page, workspace: Workspace, client: WebClient, channel: str
) -> None:
    ben = workspace.user("ben")
    client.chat_postEphemeral(channel=workspace.channel(channel), user=ben, text="for ben")
    page.get_by_test_id("user-ben").click()
    page.get_by_text("for ben").wait_for()
    assert f"user={ben}" in page.url


def test_the_address_alone_opens_the_page_and_tells_that_no_bot_is_connected(window: Page) -> None:
    with Workspace() as empty:
        window.goto(empty.page_url)
        window.locator("[data-testid=connection][data-state=disconnected]").wait_for()
        assert window.get_by_test_id("user-ana").get_attribute("aria-pressed") == "true"


def test_the_page_comes_back_when_the_workspace_does(window: Page) -> None:
    local = Workspace()
    local.start()
    try:
        window.goto(f"{local.page_url}?user={local.user('ana')}")
        window.locator("body[data-link=open]").wait_for()
        local.stop()
        window.get_by_text("Reconnecting to the workspace").wait_for()
        local.start()
        window.locator("body[data-link=open]").wait_for()
    finally:
        local.stop()


def test_every_file_the_page_names_is_there() -> None:
    folder = Path(__file__).parents[2] / "bot" / "demo" / "workspace" / "page"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir()]
    named = {name for text in texts for name in re.findall(r"(?:/page/|from \"\./)([\w-]+\.(?:css|js|svg))", text)}
    # app.js and index.html are where reading starts; every other file must be named by one that is read.
    assert {file.name for file in folder.iterdir()} == named | {"index.html"}
