"""The renderer stays within every limit of Slack for any message, and escapes whatever it is given."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.demo.workspace.blockkit import problems
from bot.message import (
    BlindSpotNote,
    Bullets,
    Button,
    Channel,
    Code,
    Context,
    Controls,
    Coverage,
    Failure,
    Fields,
    Line,
    Link,
    Menu,
    Message,
    Mono,
    Part,
    Sources,
    Strong,
    Struck,
    Table,
    Text,
    Tone,
    Visibility,
    When,
)
from bot.slack.render import TEXT, render, text_only

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

# what trips a renderer: escapes, Slack's own signs, controls, bidirectional marks, blanks, astral characters
_ODD = st.text(
    st.one_of(st.sampled_from("&<>|`*_~^!@#\n\t\r\x00\x07\u202e\u2028 \u00a0\U0001f600\u0301ab1{}\\"), st.characters()),
    max_size=60,
)
_LONG = st.builds(lambda piece, times: piece * times, _ODD, st.sampled_from([1, 1, 1, 40, 400]))
_MOMENTS = st.datetimes(timezones=st.just(UTC))
_INLINE = st.one_of(
    _LONG,
    st.builds(Strong, _LONG),
    st.builds(Mono, _LONG),
    st.builds(Struck, _LONG),
    st.builds(Channel, _LONG),
    st.builds(Link, _LONG, st.one_of(_LONG, st.builds("https://example.com/{}".format, _LONG))),
    st.builds(When, _MOMENTS, st.sampled_from(["time", "date_time", "unknown"])),
)
_LINES: st.SearchStrategy[Line] = st.lists(_INLINE, max_size=5).map(tuple)


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(0, 6))
    cells = st.lists(_ODD, min_size=width, max_size=width).map(tuple)
    rows = draw(st.lists(cells, max_size=60))
    return Table(
        columns=draw(cells), rows=tuple(rows), right=frozenset(draw(st.sets(st.integers(0, 6)))), more=draw(_LONG)
    )


_CONTROLS = st.builds(
    Controls,
    items=st.lists(
        st.one_of(
            st.builds(
                Button,
                label=_LONG,
                command=_LONG,
                url=st.one_of(st.none(), _LONG, st.just("https://a.example")),
                primary=st.booleans(),
            ),
            st.builds(Menu, label=_LONG, options=st.lists(st.tuples(_LONG, _LONG), max_size=130).map(tuple)),
        ),
        max_size=30,
    ).map(tuple),
)
_PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, lines=st.lists(_LINES, max_size=6).map(tuple)),
    st.builds(Bullets, items=st.lists(_LINES, max_size=30).map(tuple), title=_LONG, numbered=st.booleans(), more=_LONG),
    st.builds(Fields, pairs=st.lists(st.tuples(_LONG, _LINES), max_size=25).map(tuple)),
    _tables(),
    st.builds(Code, text=_LONG, title=_LONG),
    st.builds(Context, lines=st.lists(_LINES, max_size=15).map(tuple)),
    st.builds(Sources, links=st.lists(st.builds(Link, _LONG, st.just("https://a.example/x")), max_size=40).map(tuple)),
    _CONTROLS,
)
_NOTES = st.builds(BlindSpotNote, account_id=_ODD, region=_ODD, api=_ODD, reason=_ODD)
_MESSAGES = st.builds(
    Message,
    text=_LONG,
    tone=st.sampled_from(Tone),
    verdict=_LINES,
    parts=st.lists(_PARTS, max_size=60).map(tuple),
    command=_LONG,
    as_of=st.one_of(st.none(), _MOMENTS),
    coverage=st.one_of(
        st.none(),
        st.builds(
            Coverage,
            read=st.integers(0, 9),
            expected=st.integers(0, 9),
            blind_spots=st.lists(_NOTES, max_size=9).map(tuple),
        ),
    ),
    failure=st.one_of(
        st.none(),
        st.builds(
            Failure,
            kind=st.sampled_from(["user", "query", "config", "defect"]),
            message=_LONG,
            suggestions=st.lists(_LONG, max_size=9).map(tuple),
            reference=st.one_of(st.none(), _ODD),
        ),
    ),
    visibility=st.sampled_from(Visibility),
    card=st.booleans(),
    revision=st.one_of(st.just(""), _LONG),
)


def _faults(payload: dict[str, object]) -> list[str]:
    # stars and brackets of Markdown typed by a person are to show as they were typed, which the checker only advises on
    return [fault for fault in problems(payload) if "of Markdown shows" not in fault]


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(message=_MESSAGES, share=st.booleans())
def test_any_message_becomes_a_payload_slack_takes(message: Message, share: bool) -> None:
    """No message, however long or odd, breaks a limit of Slack, with or without its blocks."""
    payload = render(message, share=share)
    assert _faults(payload) == []
    assert _faults(text_only(payload)) == []
    assert len(payload["text"]) <= TEXT
    json.dumps(payload).encode()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(line=st.lists(_INLINE, min_size=1, max_size=6).map(tuple))
def test_no_string_becomes_a_mention(line: Line) -> None:
    """No text whatever turns into an entity that notifies people."""
    shown = json.dumps(render(Message(text="Answer.", verdict=line)), ensure_ascii=False)
    assert not any(entity in shown for entity in ("<!channel", "<!here", "<!everyone", "<@", "<#", "<!subteam"))


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        pytest.param("<!channel>", "&lt;!channel&gt;", id="a broadcast is only words"),
        pytest.param("a & b < c > d", "a &amp; b &lt; c &gt; d", id="the three escapes"),
        pytest.param("&amp;", "&amp;amp;", id="an entity is shown as it was typed"),
        pytest.param("run `status` now", "run `status` now", id="a closed code span stays"),
        pytest.param("it`s", "it's", id="a lone backtick becomes an apostrophe"),
        pytest.param("a\x00b\x07c\x1b[31m", "abc[31m", id="control characters go"),
        pytest.param("admin\u202etxt.exe", "admintxt.exe", id="direction overrides go"),
        pytest.param("a\tb\r\nc", "a b c", id="tabs and newlines become blanks in the sentence"),
        pytest.param("10.0.0.0/16", "10.0.0.0/16", id="a CIDR is left alone"),
    ],
)
def test_strings_are_escaped_once(given_text: str, shown: str) -> None:
    """What a person or AWS wrote is shown, never obeyed."""
    payload = render(Message(text=given_text, verdict=(given_text,)))
    assert payload["text"] == shown
    assert payload["blocks"][0]["text"]["text"].replace("\n", " ") == shown


def test_ten_thousand_characters_are_cut_and_say_so() -> None:
    """A text of 10,000 characters ends in an ellipsis within the limits, and never inside an entity."""
    payload = render(Message(text="&" * 10_000, verdict=("<" * 10_000,), parts=(Text(lines=((">" * 10_000,),) * 3),)))
    assert _faults(payload) == []
    assert payload["text"].endswith("&amp;…")
    assert "lines" in payload["blocks"][0]["text"]["text"]
