"""Takes the pictures of Slack's surfaces in the documents, each docs/NAME.png, from the page of the local workspace.

`python docs/screenshots.py [NAME…]` plays the incident of docs/incident.py and a few questions on the demo estate, and
photographs them in a headless Chromium, light and dark. It needs the extra [dev] and a Chromium.
"""

import base64
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import alert_states
import incident
from incident_stage import ALERTS, SUBNET, Stage, stage
from incident_transcript import Transcript
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from bot import logs
from bot.demo.workspace import Workspace
from bot.slack.render import render
from bot.slack.sending import write_client

DOCS = Path(__file__).resolve().parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
COLOURS = 256
"""Colours of a picture: enough for text on plain grounds, and a third of the bytes."""
MOST_BYTES = 400_000

QUESTIONS = (
    ("An explanation, with this estate's figures", "explain warm ip target in prod-eu"),
    ("A comparison", "explain prefix delegation vs custom networking"),
    ("An error message, read", f"explain {incident.PASTED.splitlines()[1]}"),
    ("A question outside its field, declined", "explain how do I patch an RDS instance"),
)

_STYLE = """
body { margin: 0; padding: 20px; background: #e9edef; font: 600 15px/1.4 'Noto Sans', 'Liberation Sans', sans-serif;
       color: #26343a; display: inline-flex; gap: 20px; align-items: flex-start; }
.column { display: flex; flex-direction: column; gap: 18px; }
figure { margin: 0; } figcaption { margin: 0 2px 6px; }
img { display: block; border-radius: 8px; border: 1px solid #c3ccd1; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photograph: what it shows, in which column it stands, and the picture as PNG with its width in CSS pixels."""

    caption: str
    column: int
    png: bytes
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """A workspace and its clock, for pictures that need no bot."""

    slack: Workspace
    clock: Callable[[], datetime]


class Camera:
    """A person's browser window on the workspace; each picture is of one part of the page, whole."""

    def __init__(self, browser: Browser, on: Stage | Scenery, *, dark: bool = False) -> None:
        self._on = on
        context = browser.new_context(
            timezone_id="UTC",
            locale="en-GB",
            reduced_motion="reduce",
            color_scheme="dark" if dark else "light",
            device_scale_factor=1.5,
        )
        context.set_default_timeout(30_000)
        self.page: Page = context.new_page()

    def visit(self, channel: str, user: str = "ana", width: int = 900) -> None:
        """Open a channel as this person, in a window of this width."""
        self.page.clock.set_fixed_time(self._on.clock())
        self.page.set_viewport_size({"width": width, "height": 420})
        here = self._on.slack
        self.page.goto(f"{here.page_url}?user={here.user(user)}&at={self._on.clock():%H%M%S}{channel}#{channel}")
        self.page.locator("body[data-link=open]").wait_for()

    def shot(self, caption: str, column: int, part: str, scrolls: str) -> Shot:
        """A picture of the part (a CSS selector) in a window as tall as what scrolls in it needs."""
        return self._taken(caption, column, self.page.locator(part).first, scrolls)

    def message(self, caption: str, column: int, ts: str) -> Shot:
        """A picture of one message alone."""
        return self._taken(caption, column, self.page.locator(f"[data-ts='{ts}']").first, "#feed")

    def _taken(self, caption: str, column: int, part: Locator, scrolls: str) -> Shot:
        part.wait_for()
        hidden = self.page.locator(scrolls).evaluate("part => part.scrollHeight - part.clientHeight")
        size = self.page.viewport_size or {"width": 0, "height": 0}
        self.page.set_viewport_size({"width": size["width"], "height": size["height"] + max(int(hidden), 0)})
        box = part.bounding_box()
        if box is None:
            raise LookupError(f"{caption}: it is not on the page")
        return Shot(caption=caption, column=column, png=part.screenshot(), width=box["width"])


def incident_shots(browser: Browser) -> Iterator[Shot]:
    """The incident: the verdict in its thread, the board, and the card from firing to resolved."""
    found: list[Shot] = []
    with stage() as on:
        light, dark = Camera(browser, on), Camera(browser, on, dark=True)

        def verdict() -> None:
            light.visit(incident.CHANNEL, width=1100)
            light.page.get_by_role("button", name="1 reply").click()
            found.append(light.shot("A diagnosis in a thread", 0, "#thread", "#thread-feed"))

        def board() -> None:
            dark.visit(incident.CHANNEL, user="chris")
            ts = str(on.posted("Live board", incident.CHANNEL)["ts"])
            found.append(dark.message("A board that keeps itself up to date", 1, ts))
            light.visit(ALERTS)
            found.append(
                light.message("The alert's card, silenced …", 1, str(on.posted("Unacknowledge", ALERTS)["ts"]))
            )

        def afterwards() -> None:
            light.visit(ALERTS)
            found.append(light.message("… and the same card resolved", 1, str(on.posted("Resolved", ALERTS)["ts"])))

        at: dict[str, Callable[[], None]] = {"verdict": verdict, "board": board, "afterwards": afterwards}
        incident.play(on, Transcript(on), lambda moment: at.get(moment, lambda: None)())
    yield from found


def surface_shots(browser: Browser) -> Iterator[Shot]:
    """Home, the plan form, the agent view, and what somebody reads who may not see or change something."""
    with stage(read=lambda world: world.config(), more=_limited) as on:
        on.squeeze(SUBNET, 3.5)
        on.minutes(4)
        light, dark = Camera(browser, on), Camera(browser, on, dark=True)
        yield from _home_and_agent(on, light, dark)
        dark.visit(incident.CHANNEL)
        on.slack.slash("plan +4 m5.2xlarge prod-eu", user="ana", channel=incident.CHANNEL)
        plan = on.posted("Change numbers", incident.CHANNEL)
        on.press(plan, "Change numbers", channel=incident.CHANNEL, user="ana")
        on.slack.wait_for(lambda: (on.slack.modal("ana") or {}).get("submit"))
        dark.page.get_by_test_id("modal-submit").wait_for()
        dark.page.set_viewport_size({"width": 900, "height": 900})
        yield dark.shot("The form behind “Change numbers”", 0, "#modal", "#feed")
        on.slack.close_modal(user="ana")
        light.visit("ops", user="ben")
        on.slack.slash("status prod-eu", user="ben", channel="ops")
        on.whispered("prod-eu", "ops", "ben")
        on.slack.slash("silence all 2h", user="ben", channel="ops")
        on.whispered("writers", "ops", "ben")
        light.page.get_by_test_id("ephemeral").nth(1).wait_for()
        for number, caption in enumerate(
            ("A channel that may not see prod-eu", "A person who may not change anything")
        ):
            yield light.message(caption, 0, str(on.slack.ephemerals("ops", "ben")[number]["ts"]))


def _limited(slack: Workspace) -> dict[str, Any]:
    """#ops sees the account stage alone, and Ben may not change anything."""
    return {
        "access": {
            "writers": [slack.user("ana"), slack.user("chris")],
            "channels_may": [
                {"channel": slack.channel("ops"), "scopes": ["account:stage"]},
                {"channel": "*", "scopes": ["all"]},
            ],
            "people_may": [{"users": [slack.user("ana")], "scopes": ["all"]}],
        }
    }


def _home_and_agent(on: Stage, light: Camera, dark: Camera) -> Iterator[Shot]:
    light.visit("dm:ana", width=860)
    light.page.get_by_test_id("channel-eksip").click()
    light.page.get_by_role("tab", name="Home").click()
    light.page.get_by_test_id("home").get_by_text("Clusters, worst subnet").wait_for()
    yield light.shot("App Home", 0, "#channel", "#home")
    dark.visit("dm:ana", width=860)
    dark.page.get_by_test_id("channel-eksip").click()
    dark.page.get_by_test_id("prompt").first.wait_for()
    ts = on.slack.say("how many IPs are left in prod-eu?", user="ana", channel="dm:ana")
    on.slack.wait_for(lambda: [m for m in on.slack.messages("dm:ana") if "subnets low" in m["text"]], timeout=60)
    dark.page.locator(f"[data-ts='{ts}']").wait_for()
    dark.page.get_by_text("Read as").first.wait_for()
    yield dark.shot("The agent view: prompts, and a question in plain words", 1, "#channel", "#feed")


def explain_shots(browser: Browser) -> Iterator[Shot]:
    """Four answers of the knowledge base, each of its kind."""
    with stage() as on:
        on.squeeze(SUBNET, 3.5)
        on.minutes()
        light, dark = Camera(browser, on), Camera(browser, on, dark=True)
        for number, (caption, question) in enumerate(QUESTIONS):
            on.slack.slash(question, user="ana", channel="ops")
            shown = on.slack.wait_for(lambda wanted=number: on.slack.ephemerals("ops", "ana")[wanted])  # type: ignore[misc]
            camera = light if number % 3 == 0 else dark
            camera.visit("ops", width=980)
            yield camera.message(caption, number % 2, str(shown["ts"]))


def alert_state_shots(browser: Browser) -> Iterator[Shot]:
    """The card of an alert in each state, light on the left and dark on the right."""
    with Workspace(now=lambda: alert_states.NOW) as slack:
        client = write_client(slack.bot_token, slack.api_url)
        for column, dark in enumerate((False, True)):
            camera = Camera(browser, Scenery(slack=slack, clock=lambda: alert_states.NOW), dark=dark)
            for caption, message in alert_states.states():
                posted = client.chat_postMessage(channel=slack.channel(ALERTS), **render(message))
                camera.visit(ALERTS, width=960)
                yield camera.message(caption, column, str(posted["ts"]))


SCREENS = {
    "incident": incident_shots,
    "surfaces": surface_shots,
    "explain": explain_shots,
    "alert-states": alert_state_shots,
}


def composed(browser: Browser, shots: list[Shot]) -> bytes:
    """The photographs in columns, each with its caption, as one PNG."""
    columns = ["".join(_figure(shot) for shot in shots if shot.column == number) for number in (0, 1)]
    body = "".join(f"<div class=column>{column}</div>" for column in columns if column)
    page = browser.new_page(viewport={"width": 2400, "height": 400})
    try:
        page.set_content(f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><body>{body}")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        taken = page.locator("body").screenshot()
    finally:
        page.close()
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    # The small marks that carry a state must keep their colour, however few points they have.
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def _figure(shot: Shot) -> str:
    source = f"data:image/png;base64,{base64.b64encode(shot.png).decode()}"
    return (
        f"<figure><figcaption>{escape(shot.caption)}</figcaption><img src='{source}' width={shot.width:.0f}></figure>"
    )


@contextmanager
def _chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        raise SystemExit(f"No Chromium on this machine (looked for {', '.join(CHROMIUM_NAMES)}).")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        try:
            yield browser
        finally:
            browser.close()


def main(names: list[str]) -> int:
    """Take the named pictures, or all; 1 when one is too large to keep in the repository."""
    too_large = False
    with _chromium() as browser:
        for name in names or SCREENS:
            path = DOCS / f"{name}.png"
            path.write_bytes(composed(browser, list(SCREENS[name](browser))))
            size = path.stat().st_size
            too_large |= size > MOST_BYTES
            print(f"wrote docs/{path.name}, {size // 1000} kB")
    return int(too_large)


if __name__ == "__main__":
    logs.configure("ERROR")
    sys.exit(main(sys.argv[1:]))
