"""The offline checker knows every limit of a message and names the place of each fault."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo.workspace import problems
from bot.demo.workspace.blockkit import refusal

Json = dict[str, Any]


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "ok", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def option(value: str = "1", **more: Any) -> Json:
    return {"text": plain("One"), "value": value, **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": [option()], **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int = 1, columns: int = 1, text: str = "x") -> Json:
    cell = {"type": "raw_text", "text": text}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def run(text: str) -> Json:
    return {"type": "text", "text": text}


def message(*blocks: Json, **more: Any) -> Json:
    return {"text": "A sentence that stands alone.", "blocks": list(blocks), **more}


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really?"), "confirm": plain("Yes"), "deny": plain("No")}

FITS = [
    pytest.param({"text": "ok"}, id="text alone"),
    pytest.param(message(section("x" * 3000)), id="section of 3,000 characters"),
    pytest.param(message(*[section()] * 50), id="50 blocks"),
    pytest.param(message({"type": "section", "fields": [mrkdwn("x" * 1000)] * 10}), id="10 fields"),
    pytest.param(message({"type": "header", "text": plain("x" * 150), "level": 4}), id="header of 150"),
    pytest.param(message({"type": "context", "elements": [mrkdwn("a")] * 10}), id="10 context elements"),
    pytest.param(message(actions(*[button(action_id=f"a{n}") for n in range(25)])), id="25 controls in one block"),
    pytest.param(message(actions(button(value="x" * 2000, style="danger", confirm=CONFIRM))), id="full button"),
    pytest.param(message(actions(select(options=[option(str(n)) for n in range(100)]))), id="100 options"),
    pytest.param(message(actions(select(options=[option("x" * 150)]))), id="option value of 150"),
    pytest.param(message(table(100, 20)), id="table of 100 rows and 20 columns"),
    pytest.param(message({"type": "divider"}), id="divider"),
    pytest.param(message({"type": "markdown", "text": "**bold** [a](https://a.io) & <b"}), id="markdown block"),
    pytest.param(message({"type": "image", "image_url": "https://a.io/x.png", "alt_text": "free IPs"}), id="image"),
    pytest.param(
        message(rich({"type": "rich_text_section", "elements": [run("a < b & c")]})), id="rich text unescaped"
    ),
    pytest.param(
        message(section("&lt;a&gt; &amp; <https://a.io|x> <@U0LOCAL0001> <#C0LOCAL0001|ops> <!here>")),
        id="escapes and entities",
    ),
    pytest.param(message(section("<!date^1795426200^{date_short} {time}|09:30 UTC>")), id="date"),
    pytest.param(message(section("> quoted\n>>> rest")), id="quotes at line starts"),
    pytest.param({"text": "ok", "attachments": [{"color": "#a30200", "blocks": [section()]}]}, id="attachment"),
    pytest.param(message(thread_ts="1795426200.000100"), id="a timestamp as Slack writes it"),
]

REFUSED = [
    pytest.param(message(*[section()] * 51), "/blocks: no more than 50 items", id="51 blocks"),
    pytest.param(message(section("x" * 3001)), "/blocks/0/text/text: must be less than 3001", id="long section"),
    pytest.param(message(section("")), "/blocks/0/text/text: must be more than 0", id="empty section"),
    pytest.param(message({"type": "section"}), "missing required field: text or fields", id="bare section"),
    pytest.param(
        message({"type": "section", "fields": [mrkdwn("x")] * 11}), "/fields: no more than 10", id="11 fields"
    ),
    pytest.param(message({"type": "section", "fields": []}), "/fields: no fewer than 1", id="no fields"),
    pytest.param(message({"type": "section", "fields": [mrkdwn("x" * 2001)]}), "less than 2001", id="long field"),
    pytest.param(message({"type": "header", "text": plain("x" * 151)}), "less than 151", id="long header"),
    pytest.param(message({"type": "header", "text": mrkdwn("x")}), "/text/type: must be", id="mrkdwn header"),
    pytest.param(
        message({"type": "context", "elements": [mrkdwn("x")] * 11}), "no more than 10", id="11 context parts"
    ),
    pytest.param(message({"type": "context", "elements": []}), "no fewer than 1", id="empty context"),
    pytest.param(
        message(actions(*[button(action_id=f"a{n}") for n in range(26)])), "no more than 25", id="26 controls"
    ),
    pytest.param(message(actions()), "/elements: no fewer than 1", id="no controls"),
    pytest.param(message(actions(button(), button())), "`action_id` go already exists", id="action_id twice"),
    pytest.param(message(section(block_id="b"), section(block_id="b")), "`block_id` b already", id="block_id twice"),
    pytest.param(message(section(block_id="x" * 256)), "less than 256", id="long block_id"),
    pytest.param(message(actions(button(action_id="x" * 256))), "less than 256", id="long action_id"),
    pytest.param(message(actions(button(text=plain("x" * 76)))), "less than 76", id="long button text"),
    pytest.param(message(actions(button(text=mrkdwn("x")))), "/text/type: must be", id="mrkdwn button"),
    pytest.param(message(actions(button(value="x" * 2001))), "less than 2001", id="long button value"),
    pytest.param(message(actions(button(url="x" * 3001))), "less than 3001", id="long button url"),
    pytest.param(message(actions(button(style="warning"))), "/style: must be a valid", id="button style"),
    pytest.param(
        message(actions(button(confirm={**CONFIRM, "text": mrkdwn("x" * 301)}))), "less than 301", id="confirm"
    ),
    pytest.param(message(actions(button(confirm={}))), "missing required field: title", id="empty confirm"),
    pytest.param(message(actions(select(options=[option("x" * 151)]))), "less than 151", id="option value"),
    pytest.param(
        message(actions(select(options=[option(description=plain("x" * 76))]))), "less than 76", id="description"
    ),
    pytest.param(message(actions(select(options=[option()] * 101))), "no more than 100", id="101 options"),
    pytest.param(message(actions(select(option_groups=[]))), "exactly one of options", id="options and groups"),
    pytest.param(
        message(actions(select(initial_option=option("2")))), "must be one of the options", id="initial option"
    ),
    pytest.param(message(actions(select(placeholder=plain("x" * 151)))), "less than 151", id="placeholder"),
    pytest.param(
        message(actions(select(options=[option(url="https://a.io")]))), "only allowed in overflow", id="option url"
    ),
    pytest.param(
        message(actions({"type": "overflow", "action_id": "o", "options": [option(str(n)) for n in range(6)]})),
        "no more than 5",
        id="6 overflow options",
    ),
    pytest.param(
        message(actions({"type": "checkboxes", "action_id": "c", "options": [option(str(n)) for n in range(11)]})),
        "no more than 10",
        id="11 checkboxes",
    ),
    pytest.param(message(actions({"type": "plain_text_input"})), "unsupported type", id="input in actions"),
    pytest.param(message(section(accessory={"type": "video"})), "unsupported type", id="odd accessory"),
    pytest.param(message({"type": "image", "image_url": "https://a"}), "alt_text", id="image without words"),
    pytest.param(message({"type": "image", "alt_text": "a"}), "exactly one of image_url", id="image without source"),
    pytest.param(message({"type": "alert", "text": plain("x")}), "alert in a message", id="alert block"),
    pytest.param(message({"type": "file"}), "unsupported type: file", id="file block"),
    pytest.param(message({"type": "sektion"}), "unsupported type: sektion", id="unknown block"),
    pytest.param(message(table(101)), "no more than 100", id="101 rows"),
    pytest.param(message(table(1, 21)), "no more than 20", id="21 columns"),
    pytest.param(message(table(1, 1, "")), "more than 0 characters", id="empty cell"),
    pytest.param(message(table(20, 1, "x" * 501)), "less than 10001 characters in all", id="wide table"),
    pytest.param(message(table(), table()), "only_one_table_allowed", id="two tables"),
    pytest.param(message({"type": "markdown", "text": "x" * 12_001}), "less than 12001", id="long markdown"),
    pytest.param(
        message(rich({"type": "rich_text_list", "style": "bullet", "indent": 9, "elements": []})),
        "/indent: must be",
        id="deep list",
    ),
    pytest.param(message(rich({"type": "rich_text_section", "elements": [run("")]})), "more than 0", id="empty run"),
    pytest.param(
        message(rich({"type": "rich_text_preformatted", "elements": [{"type": "emoji", "name": "x"}]})),
        "/type: must be",
        id="emoji in code",
    ),
    pytest.param(message(*[section("x" * 2700)] * 5), "no more than 13200", id="13,500 characters in all"),
    pytest.param({"text": "ok", "attachments": [{}] * 101}, "no more than 100", id="101 attachments"),
    pytest.param({"text": "ok", "attachments": [{"footer": "x" * 301}]}, "less than 301", id="long attachment footer"),
    pytest.param(
        {"text": "ok", "attachments": [{"blocks": [section("")]}]},
        "/attachments/0/blocks/0/text/text",
        id="bad block in an attachment",
    ),
]

OURS = [
    pytest.param({"blocks": [section()]}, "/text: missing", id="no fallback"),
    pytest.param({"text": "  "}, "/text: missing", id="blank fallback"),
    pytest.param({"text": "x" * 4001}, "cannot be updated", id="text too long to update"),
    pytest.param(message(*[section("x" * 2900)] * 4 + [section("x" * 400)]), "keep under 12000", id="12,000"),
    pytest.param(message(section("a < b")), "unescaped <", id="bare less-than"),
    pytest.param(message(section("a > b")), "unescaped >", id="bare greater-than"),
    pytest.param(message(section("R&D")), "unescaped &", id="bare ampersand"),
    pytest.param(message(section("<prod|x>")), "unescaped <", id="no entity"),
    pytest.param(message(section("<!channels>")), "unescaped <", id="no such broadcast"),
    pytest.param({"text": "R&D is low"}, "/text: unescaped &", id="bare ampersand in the fallback"),
    pytest.param(message(section("<!date^1^{minute}|x>")), "unknown date token", id="date token"),
    pytest.param(message(section("`<!date^1^{time}|x>`")), "inside backticks", id="date in code"),
    pytest.param(message(section("**bold**")), "one star", id="markdown bold"),
    pytest.param(message(section("[a](https://a.io)")), "write <url|text>", id="markdown link"),
    pytest.param(message({"type": "markdown", "text": "<https://a.io|a>"}), "shows literally", id="entity in markdown"),
    pytest.param(message(actions({"type": "button", "text": plain("Go")})), "no action_id", id="no action_id"),
    pytest.param(
        message({"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}),
        "ask in a modal",
        id="input in a message",
    ),
    pytest.param(message(ts=1795426200.0001), "/ts: must be the string", id="timestamp as a float"),
    pytest.param({"text": "ok", "attachments": [{"color": "red"}]}, "is no colour", id="colour name"),
]


@pytest.mark.parametrize("payload", FITS)
def test_a_payload_within_the_limits_has_no_problems(payload: Json) -> None:
    assert problems(payload) == []


@pytest.mark.parametrize(("payload", "words"), REFUSED)
def test_what_slack_refuses_is_a_problem_and_a_refusal(payload: Json, words: str) -> None:
    assert words in "\n".join(problems(payload))
    refused = refusal(payload)
    assert refused is not None
    assert all(line.startswith("[ERROR] ") for line in refused.messages)


@pytest.mark.parametrize(("payload", "words"), OURS)
def test_what_only_our_rules_forbid_is_a_problem_that_slack_accepts(payload: Json, words: str) -> None:
    assert words in "\n".join(problems(payload))
    assert refusal(payload) is None


def test_blocks_of_an_attachment_are_refused_under_their_own_code() -> None:
    refused = refusal({"text": "ok", "attachments": [{"blocks": [section("")]}]})
    assert refused is not None
    assert refused.error == "invalid_attachments"


def test_an_alert_block_is_fine_in_a_modal() -> None:
    assert problems({"blocks": [{"type": "alert", "text": plain("x"), "level": "error"}]}, "modal") == []


def test_a_table_does_not_show_on_a_home_tab() -> None:
    assert "table in a home" in problems({"blocks": [table()]}, "home")[0]
