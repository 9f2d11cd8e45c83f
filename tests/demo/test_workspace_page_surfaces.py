"""Modals, Home, pictures, menus and the agent view on the browser page, with a real Bolt app behind them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from bolt_app import bolt_app, connected
from slack_sdk import WebClient

from bot.demo.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]

Json = dict[str, Any]
Ack = Callable[..., None]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
# A picture of one red point.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value), "value": value}


def field_of(block_id: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(block_id.capitalize()), "element": element, **more}


LOADING = {
    "type": "modal",
    "title": plain("Plan"),
    "blocks": [{"type": "section", "text": plain("Reading 6 subnets…")}],
}
FORM = {
    "type": "modal",
    "callback_id": "plan",
    "title": plain("Plan"),
    "submit": plain("Work it out"),
    "notify_on_close": True,
    "blocks": [
        field_of("scope", {"type": "external_select", "action_id": "scope", "min_query_length": 2}),
        field_of("nodes", {"type": "number_input", "action_id": "nodes", "is_decimal_allowed": False}),
        field_of(
            "type",
            {"type": "static_select", "action_id": "type", "options": [option("m5.large"), option("m5.xlarge")]},
            optional=True,
        ),
        field_of(
            "zones",
            {"type": "checkboxes", "action_id": "zones", "options": [option("1a"), option("1b")]},
            optional=True,
        ),
    ],
}
HOME = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Your clusters")},
        {
            "type": "actions",
            "block_id": "b",
            "elements": [{"type": "button", "action_id": "status", "text": plain("Status"), "value": "status"}],
        },
    ],
}
FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": plain("Good"), "value": "good"},
            "negative_button": {"text": plain("Bad"), "value": "bad"},
        }
    ],
}


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
def bodies() -> list[Json]:
    """What the app was given, in order."""
    return []


@pytest.fixture(scope="module")
def ws(bodies: list[Json]) -> Iterator[Workspace]:
    with Workspace() as workspace:
        app = bolt_app(workspace)

        def opened(ack: Ack, body: Json, client: WebClient) -> None:
            ack()
            bodies.append(body)
            view = client.views_open(trigger_id=body["trigger_id"], view=LOADING)["view"]
            client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)

        app.command("/eksip")(opened)
        app.shortcut("eksip_diagnose_message")(opened)

        @app.options("scope")
        def options(ack: Ack, payload: Json) -> None:
            ack(options=[option(name) for name in ("prod-eu", "prod-us", "stage") if payload["value"] in name])

        @app.view("plan")
        def submitted(ack: Ack, body: Json) -> None:
            bodies.append(body)
            if body["view"]["state"]["values"]["nodes"]["nodes"]["value"] == "400":
                ack(response_action="errors", errors={"nodes": "prod-us has room for 100 nodes."})
            else:
                ack()

        def noted(ack: Ack, body: Json) -> None:
            ack()
            bodies.append(body)

        app.view_closed("plan")(noted)
        app.action("status")(noted)
        app.action("feedback")(noted)

        @app.event("app_home_opened")
        def home(event: Json, client: WebClient) -> None:
            if event["tab"] == "home":
                client.views_publish(user_id=event["user"], view=HOME)
            else:
                prompts = [{"title": "Which subnets are low?", "message": "status"}]
                client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

        @app.event("message")
        def message(event: Json, client: WebClient, set_status: Any, say_stream: Any) -> None:
            set_status("is reading prod-eu…")
            stream = say_stream(buffer_size=1)
            stream.append(markdown_text="**prod-eu** ")
            stream.stop(markdown_text="is low.", blocks=[FEEDBACK])

        with connected(workspace, app):
            yield workspace


@pytest.fixture(scope="module")
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url)


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(window: Page, ws: Workspace, bodies: list[Json], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page as ana sees #ops; an error in its scripts fails the test."""
    bodies.clear()
    errors: list[str] = []

    def note_error(error: Error) -> None:
        errors.append(str(error))

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    window.on("pageerror", note_error)
    window.on("console", note_message)
    window.goto(f"{ws.page_url}?user={ws.user('ana')}&test={request.node.name}#ops")
    window.locator("body[data-link=open]").wait_for()
    yield window
    window.remove_listener("pageerror", note_error)
    window.remove_listener("console", note_message)
    if ws.modal():
        ws.close_modal(all_of_them=True)
    assert errors == []


def kinds(bodies: list[Json]) -> list[str]:
    return [str(body.get("type") or body.get("command")) for body in bodies]


def test_a_modal_opened_by_a_command_is_filled_in_with_the_keyboard_corrected_and_submitted(
    page: Page, ws: Workspace, bodies: list[Json]
) -> None:
    page.get_by_test_id("composer").fill("/eksip plan")
    page.get_by_test_id("composer").press("Enter")
    page.locator("#modal [data-action-id=scope]:focus").wait_for()
    page.keyboard.type("prod")
    page.get_by_role("option", name="prod-us").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    modal = page.get_by_test_id("modal")
    assert modal.get_by_label("Scope").input_value() == "prod-us"
    modal.get_by_label("Nodes").fill("400")
    modal.get_by_label("Type").select_option("m5.xlarge")
    modal.get_by_label("1b").check()
    modal.get_by_label("Nodes").press("Enter")
    page.get_by_text("prod-us has room for 100 nodes.").wait_for()
    nodes = page.locator("[data-action-id=nodes]:focus[aria-invalid=true]")
    nodes.fill("40")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_test_id("modal").wait_for(state="hidden")
    values = bodies[-1]["view"]["state"]["values"]
    assert values["scope"]["scope"]["selected_option"]["value"] == "prod-us"
    assert values["nodes"]["nodes"]["value"] == "40"
    assert values["type"]["type"]["selected_option"]["value"] == "m5.xlarge"
    assert [one["value"] for one in values["zones"]["zones"]["selected_options"]] == ["1b"]
    assert page.evaluate("document.activeElement.dataset.testid") == "composer"


def test_a_shortcut_of_a_message_opens_a_modal_that_escape_closes(
    page: Page, ws: Workspace, bodies: list[Json]
) -> None:
    ts = ws.say("pods hang", user="ben")
    row = page.locator(f"[data-ts='{ts}']")
    row.hover()
    row.get_by_test_id("message-menu").press("Enter")
    page.keyboard.press("Enter")
    page.locator("#modal [data-action-id=scope]").wait_for()
    page.get_by_test_id("modal-submit").click()
    # Said without asking the app: nothing was chosen or typed.
    assert page.get_by_text("Please complete this required field.").count() == 2
    page.keyboard.press("Escape")
    page.get_by_test_id("modal").wait_for(state="hidden")
    ws.wait_for(lambda: len(bodies) == 2)
    assert kinds(bodies) == ["message_action", "view_closed"]
    assert bodies[0]["message"]["text"] == "pods hang"


def test_the_home_tab_shows_what_the_app_published_and_its_buttons_work(
    page: Page, ws: Workspace, bodies: list[Json]
) -> None:
    page.get_by_test_id("channel-eksip").click()
    page.get_by_role("tab", name="Home").click()
    page.get_by_test_id("home").get_by_text("Your clusters").wait_for()
    assert not page.get_by_test_id("composer").is_visible()
    page.get_by_role("button", name="Status").click()
    ws.wait_for(lambda: bodies)
    assert bodies[0]["view"]["type"] == "home"
    page.get_by_role("tab", name="Home").press("ArrowRight")
    page.get_by_test_id("composer").wait_for()


def test_a_suggested_prompt_is_sent_its_streamed_answer_shown_and_rated(
    page: Page, ws: Workspace, bodies: list[Json]
) -> None:
    page.get_by_test_id("channel-eksip").click()
    page.get_by_test_id("prompt").click()
    page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_test_id("thread")
    thread.get_by_text("prod-eu is low.").wait_for()
    thread.get_by_test_id("agent-status").get_by_text("eksip is reading prod-eu…").wait_for()
    thread.get_by_role("button", name="Good").click()
    thread.locator("[aria-pressed=true]", has_text="Good").wait_for()
    assert bodies[0]["actions"][0]["value"] == "good"


def test_pictures_are_shown_with_their_words_other_files_are_saved_and_reactions_counted(
    page: Page, ws: Workspace, client: WebClient
) -> None:
    ops = ws.channel("ops")
    done = client.files_upload_v2(channel=ops, file=PNG, filename="free.png", title="Free", alt_txt="a falling line")
    client.files_upload_v2(channel=ops, content="a,b", filename="x.csv", title="Samples")
    block = {"type": "image", "alt_text": "the same again", "slack_file": {"id": done["file"]["id"]}}
    ts = client.chat_postMessage(channel=ops, text="chart", blocks=[block])["ts"]
    for words in ("a falling line", "the same again"):
        picture = page.get_by_alt_text(words)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth === 1", arg=picture.element_handle())
    assert page.get_by_role("link", name="Samples").get_attribute("download") == "x.csv"
    client.reactions_add(channel=ops, timestamp=ts, name="eyes")
    ws.react("eyes", channel="ops", ts=ts, user="ben")
    page.locator(f"[data-ts='{ts}'] [data-reaction=eyes]", has_text="2").wait_for()


def test_a_channel_one_is_taken_out_of_leaves_the_list(page: Page, ws: Workspace) -> None:
    ws.add_channel("soon-gone")
    ws.rename("soon-gone", "soon-left")
    page.get_by_test_id("channel-soon-left").wait_for()
    ws.remove("soon-left", user="ana")
    page.get_by_test_id("channel-soon-left").wait_for(state="detached")
