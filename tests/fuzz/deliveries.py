"""What Slack delivers: commands, events, presses, forms and shortcuts; whole, and with fields missing or of no use."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.slack.forms import FORMS

from .words import HOSTILE, command

Json = dict[str, Any]

BOT, TEAM = "UBOT", "T0LOCAL0000"
OPEN, NARROW = "C0OPEN0000", "C0NARROW00"
ANA, BEN, EVE, XENA = "U0ANAANA0", "U0BENBEN0", "U0EVEEVE0", "U0XENAXE0"
"""Ana sees everything, Ben one cluster; Eve is a guest, Xena from another organisation."""

DIRECT = {ANA: "D0ANAANA00", BEN: "D0BENBEN00", EVE: "D0EVEEVE00", XENA: "D0XENAXE00"}

OPENED_IN = "channel_id"
"""The field of a form's metadata that names the channel it was opened in."""

ROUTING = frozenset({"type", "command", "callback_id", "action_id", "ssl_check", "token"})
"""Fields by which Bolt finds the listener: a delivery without them is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery: what kind, its payload, who asks where, and whether the person is owed a word."""

    kind: str
    payload: Json
    user: str
    channel: str
    text: str
    is_whole: bool
    is_owed: bool

    @property
    def typed(self) -> str:
        """Everything that came in, for telling an echo from a leak."""
        return json.dumps(self.payload, ensure_ascii=False).replace("\u2011", "-")


def delivery(rng: Random, number: int, names: Sequence[str], hook: str) -> Delivery:
    """The delivery of this number; `hook` is the address of its response URL."""
    user = rng.choice((ANA, ANA, BEN, BEN, BEN, EVE, XENA))
    place = rng.choice((OPEN, OPEN, NARROW, NARROW, DIRECT[user]))
    text = command(rng, names)
    (kind,) = rng.choices(
        ("slash", "mention", "direct", "press", "menu", "form", "submission", "closed", "options", "shortcut", "home",
         "messages_tab", "joined", "feedback", "graph", "assistant", "other"),
        (34, 14, 8, 10, 3, 6, 8, 1, 5, 5, 3, 1, 1, 2, 2, 1, 1),
    )  # fmt: skip
    makers = {"slash": _slash, "mention": _mention, "direct": _direct, "shortcut": _shortcut, "submission": _submission}
    if kind == "direct":
        place = DIRECT[user]
    if kind == "mention" and place.startswith("D"):
        place = OPEN
    if kind in makers:
        payload = makers[kind](rng, number, user, place, text)
    elif kind in ("press", "menu", "form", "feedback", "graph"):
        payload = _action(rng, number, user, place, text, kind)
    elif kind in ("closed", "options"):
        payload = _view_traffic(rng, number, user, place, kind, names)
    else:
        payload = _happening(rng, number, user, place, kind)
    if "response_url" in payload:
        payload["response_url"] = hook
    whole = rng.random() < 0.6
    if not whole:
        payload = spoilt(rng, payload)
    return Delivery(
        kind=kind,
        payload=payload,
        user=user,
        channel=place,
        text=text,
        is_whole=whole,
        is_owed=whole and kind in ("slash", "mention", "direct", "press", "menu", "form", "shortcut"),
    )


def spoilt(rng: Random, payload: Json) -> Json:
    """The payload with one to four fields gone, null, of another type, or huge; never those Bolt itself routes by."""
    changed = deepcopy(payload)
    for _ in range(rng.randint(1, 4)):
        places = [(owner, key) for owner, key in _fields(changed) if key not in ROUTING]
        if not places:
            break
        owner, key = rng.choice(places)
        if rng.random() < 0.25:
            del owner[key]
            continue
        owner[key] = rng.choice(
            (None, 0, -1, 2**70, 1.5, True, "", " ", "x", [], [None], [[]], {}, {"id": None}, {"x": {"y": []}},
             "y" * 100_000, rng.choice(HOSTILE), [{"type": 7}], {"value": {"value": 1}}, ["a"] * 2_000)
        )  # fmt: skip
    return changed


def _fields(value: Any) -> list[tuple[Any, Any]]:
    """Every field below, as its owner and its key or index."""
    if isinstance(value, dict):
        return [found for key in value for found in ((value, key), *_fields(value[key]))]
    if isinstance(value, list):
        return [found for at in range(len(value)) for found in ((value, at), *_fields(value[at]))]
    return []


def _ts(rng: Random) -> str:
    return f"{rng.randint(1_700_000_000, 1_800_000_000)}.{rng.randint(0, 999_999):06d}"


def _team_of(user: str) -> str:
    return "T0ELSEWHERE" if user == XENA else TEAM


def _slash(rng: Random, number: int, user: str, place: str, text: str) -> Json:
    return {
        "token": "x",
        "command": "/eksip",
        "text": text,
        "team_id": _team_of(user),
        "team_domain": "local",
        "channel_id": place,
        "channel_name": rng.choice(("ops", "inc-1", "directmessage", "")),
        "user_id": user,
        "user_name": "ana",
        "response_url": "",
        "trigger_id": f"{number}.1.slash",
        "api_app_id": "A1",
        "is_enterprise_install": "false",
    }


def _event(number: int, event: Json) -> Json:
    return {
        "type": "event_callback",
        "token": "x",
        "team_id": TEAM,
        "api_app_id": "A1",
        "event_id": f"Ev{number}",
        "event_time": 1_700_000_000,
        "is_ext_shared_channel": False,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}],
        "event": event,
    }


def _message(rng: Random, user: str, place: str, text: str) -> Json:
    found: Json = {"user": user, "text": text, "ts": _ts(rng), "event_ts": _ts(rng), "channel": place}
    found["team"] = _team_of(user)
    if rng.random() < 0.4:
        found["thread_ts"] = _ts(rng)
    if rng.random() < 0.1:
        found |= {"subtype": "file_share", "files": [{"id": "F1", "name": "a.png", "title": text[:40]}]}
    return found


def _mention(rng: Random, number: int, user: str, place: str, text: str) -> Json:
    return _event(number, {"type": "app_mention", **_message(rng, user, place, f"<@{BOT}> {text}")})


def _direct(rng: Random, number: int, user: str, place: str, text: str) -> Json:
    return _event(number, {"type": "message", "channel_type": "im", **_message(rng, user, place, text)})


def _interaction(number: int, user: str, kind: str) -> Json:
    return {
        "type": kind,
        "token": "x",
        "api_app_id": "A1",
        "trigger_id": f"{number}.1.press",
        "team": {"id": TEAM, "domain": "local"},
        "user": {"id": user, "name": "ana", "username": "ana", "team_id": _team_of(user)},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(rng: Random, number: int, user: str, place: str, text: str, kind: str) -> Json:
    actions: dict[str, Json] = {
        "press": {"type": "button", "action_id": "run.0", "value": text or "status"},
        "menu": {
            "type": "static_select",
            "action_id": "run.1",
            "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": text[:150] or "status"},
        },
        "form": {
            "type": "button",
            "action_id": "form.0",
            "value": rng.choice((f"{rng.choice((*FORMS, 'x'))} {text}", text or "plan", "plan +040 m5.large pods=x")),
        },
        "graph": {"type": "button", "action_id": "graph.0", "value": text or "trend all"},
        "feedback": {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "value": f"{rng.choice(('helped', 'missed', ''))} {text}"[:300],
        },
    }
    action = actions[kind] | {"block_id": "alert:1001:2:3", "action_ts": _ts(rng)}
    container: Json = {"type": "message", "message_ts": _ts(rng), "channel_id": place, "is_ephemeral": False}
    if rng.random() < 0.3:
        container["thread_ts"] = _ts(rng)
    found = _interaction(number, user, "block_actions") | {
        "container": container,
        "channel": {"id": place, "name": "ops"},
        "response_url": "",
        "message": {"ts": container["message_ts"], "text": "x", "blocks": []},
        "actions": [action],
    }
    if rng.random() < 0.15:  # a control on the Home tab
        found |= {"container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home"}}
        del found["channel"], found["response_url"], found["message"]
    return found


def _view(rng: Random, place: str, verb: str, values: Json) -> Json:
    metadata = {OPENED_IN: place, "channel_name": "ops", "rest": "warm-ip=2"}
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": f"form.{verb}",
        "private_metadata": rng.choice(
            (json.dumps(metadata), json.dumps(metadata), "", "[]", "{", "null", '{"rest": 3}')
        ),
        "title": {"type": "plain_text", "text": "x"},
        "blocks": [],
        "state": {"values": values},
    }


def _submission(rng: Random, number: int, user: str, place: str, text: str) -> Json:
    def typed(name: str, choices: Sequence[str]) -> Json:
        value = rng.choice((*choices, text[:200], None))
        return {name: {name: {"type": "plain_text_input", "value": value}}}

    def chosen(name: str, choices: Sequence[str]) -> Json:
        value = rng.choice((*choices, text[:150]))
        return {name: {name: {"type": "external_select", "selected_option": {"value": value}}}}

    verb = rng.choice((*FORMS, "older"))
    values: Json = {
        **typed("nodes", ("40", "0", "1e5", "-3", "٤٠")),
        **typed("type", ("m5.xlarge", "m5")),
        **typed("pods", ("20", "999999")),
        **typed("below", ("10%", "5", "x")),
        **typed("reason", ("deploying", "<!channel>")),
        **chosen("scope", ("all", "cluster:prod-us", "")),
        **chosen("target", ("1001", "all", "")),
        **chosen("for", ("2h", "until resolved", "7d")),
        "channel": {"channel": {"type": "conversations_select", "selected_conversation": rng.choice((place, OPEN))}},
    }
    return _interaction(number, user, "view_submission") | {
        "view": _view(rng, place, verb, values),
        "response_urls": [],
    }


def _view_traffic(rng: Random, number: int, user: str, place: str, kind: str, names: Sequence[str]) -> Json:
    view = _view(rng, place, rng.choice(tuple(FORMS)), {})
    if kind == "closed":
        return _interaction(number, user, "view_closed") | {"view": view, "is_cleared": False}
    typed = rng.choice(("", rng.choice(names), rng.choice(names)[:3], *HOSTILE[:4]))
    return _interaction(number, user, "block_suggestion") | {
        "action_id": rng.choice(("scope", "target")),
        "block_id": "scope",
        "value": typed,
        "container": {"type": "view", "view_id": "V1"},
        "view": view,
    }


def _shortcut(rng: Random, number: int, user: str, place: str, text: str) -> Json:
    message: Json = {"type": "message", "user": ANA, "ts": _ts(rng), "text": text}
    if rng.random() < 0.5:
        message["attachments"] = [{"fallback": text[:400], "title": "Alert", "fields": [{"value": "x"}]}]
        message["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3_000]}}]
    return _interaction(number, user, "message_action") | {
        "callback_id": "eksip_diagnose_message",
        "action_ts": _ts(rng),
        "message_ts": message["ts"],
        "response_url": "",
        "channel": {"id": place, "name": "ops"},
        "message": message,
    }


def _happening(rng: Random, number: int, user: str, place: str, kind: str) -> Json:
    events: dict[str, Json] = {
        "home": {"type": "app_home_opened", "user": user, "channel": DIRECT[user], "tab": "home", "event_ts": _ts(rng)},
        "messages_tab": {"type": "app_home_opened", "user": user, "channel": DIRECT[user], "tab": "messages"},
        "joined": {
            "type": "member_joined_channel",
            "user": rng.choice((BOT, user)),
            "channel": f"C0NEW{number:05d}",
            "channel_type": "C",
            "team": TEAM,
        },
        "assistant": {
            "type": "assistant_thread_started",
            "assistant_thread": {"user_id": user, "channel_id": DIRECT[user], "thread_ts": _ts(rng), "context": {}},
        },
        "other": rng.choice(
            (
                {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}},
                {
                    "type": "message",
                    "subtype": "message_deleted",
                    "hidden": True,
                    "channel": place,
                    "deleted_ts": "1.1",
                },
                {"type": "message", "subtype": "message_changed", "channel": place, "message": {"text": "x"}},
                {"type": "reaction_added", "user": user, "reaction": "eyes", "item": {}},
            )
        ),
    }
    return _event(number, events[kind])
