"""The two Slack manifests: within Slack's limits, and asking for exactly what the code uses."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk import WebClient

from bot.commands import COMMANDS
from bot.config import SlackSettings
from bot.slack import check
from bot.slack.http import SLACK_PATH
from bot.slack.listening import SHORTCUT

ROOT = Path(__file__).parent.parent.parent
MANIFESTS = {
    "socket": ROOT / "deploy" / "slack-manifest.yaml",
    "http": ROOT / "deploy" / "slack-manifest-http.yaml",
}

CORE_SCOPES = {
    "assistant_threads_setStatus": {"assistant:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "chat_stream": {"chat:write"},
    "auth_test": set[str](),
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "views_open": set[str](),
    "views_publish": set[str](),
    "views_update": set[str](),
}
OPTIONAL_SCOPES = {
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history"},
    "files_upload_v2": {"files:write"},
    "users_info": {"users:read"},
    "usergroups_users_list": {"usergroups:read"},
}
"""The scopes of each Web API method. Source: https://docs.slack.dev/reference/methods (one page for each)."""
EVENT_SCOPES = {
    "app_home_opened": set[str](),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set[str](),
    "message": {"im:history"},
    "tokens_revoked": set[str](),
}
OPTIONAL_EVENT_SCOPES = {"member_joined_channel": {"channels:read", "groups:read"}}
"""Source: https://docs.slack.dev/reference/events (one page for each). Without its scopes an event is not sent."""
EVENT_NAMES = {"message": "message.im"}
"""Events that a manifest calls otherwise than Bolt does."""

Manifest = dict[str, Any]


def _calls(receiver: str) -> list[ast.Call]:
    """Every call in the Slack surface of a method of something whose name ends so (`client`, `bolt`)."""
    found = []
    for path in sorted((ROOT / "bot" / "slack").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                value = node.func.value
                name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
                if name.endswith(receiver):
                    found.append(node)
    return found


def _methods() -> set[str]:
    """The Web API methods the Slack surface calls."""
    names = {call.func.attr for call in _calls("client") if isinstance(call.func, ast.Attribute)}
    return {name for name in names if "_" in name and hasattr(WebClient, name)}


def _events() -> set[str]:
    """The events the Slack surface listens to."""
    return {
        str(call.args[0].value)
        for call in _calls("bolt")
        if isinstance(call.func, ast.Attribute) and call.func.attr == "event" and isinstance(call.args[0], ast.Constant)
    }


@pytest.fixture(params=MANIFESTS)
def manifest(request: pytest.FixtureRequest) -> Manifest:
    """One manifest after the other."""
    found: Manifest = yaml.safe_load(MANIFESTS[request.param].read_text(encoding="utf-8"))
    return found


def test_the_scopes_are_those_of_the_methods_and_events_used(manifest: Manifest) -> None:
    """Nothing is asked for that no call needs, and nothing a call needs is missing."""
    assert _methods() == {*CORE_SCOPES, *OPTIONAL_SCOPES}
    scopes = manifest["oauth_config"]["scopes"]
    core = set[str]().union(*CORE_SCOPES.values(), *EVENT_SCOPES.values(), {"commands"})
    assert _events() == {*EVENT_SCOPES, *OPTIONAL_EVENT_SCOPES}
    assert set(scopes["bot"]) == core
    assert set(scopes["bot_optional"]) == set[str]().union(*OPTIONAL_SCOPES.values(), *OPTIONAL_EVENT_SCOPES.values())
    assert (set(scopes["bot"]), set(scopes["bot_optional"])) == (set(check.SCOPES), set(check.OPTIONAL_SCOPES))


def test_the_events_are_those_listened_to(manifest: Manifest) -> None:
    """Slack sends exactly the events that have a listener."""
    wanted = {EVENT_NAMES.get(event, event) for event in _events()}
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == wanted


def test_the_command_is_the_default_of_the_settings(manifest: Manifest) -> None:
    """The slash command of the manifest is the one the bot listens to, with entities for users and channels."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == SlackSettings().command
    assert command["should_escape"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True


def test_every_text_is_within_slacks_limits(manifest: Manifest) -> None:
    """Source: https://docs.slack.dev/reference/app-manifest (lengths of every field)."""
    display = manifest["display_information"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert 174 <= len(display["long_description"]) <= 4_000
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    for command in manifest["features"]["slash_commands"]:
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000
    agent = manifest["features"]["agent_view"]
    assert len(agent["agent_description"]) <= 300
    assert 1 <= len(agent["suggested_prompts"]) <= 4
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150


def test_the_shortcut_and_the_prompts_are_those_the_bot_knows(manifest: Manifest) -> None:
    """The message shortcut has a listener, and every suggested prompt begins with a verb."""
    (shortcut,) = manifest["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", SHORTCUT)
    verbs = {command.verb for command in COMMANDS}
    prompts = [prompt["message"] for prompt in manifest["features"]["agent_view"]["suggested_prompts"]]
    assert [prompt for prompt in prompts if prompt.split()[0] not in verbs] == []


def test_direct_messages_can_be_written(manifest: Manifest) -> None:
    """The messages tab takes text, or nobody could ask in private."""
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def test_each_mode_has_its_way_in() -> None:
    """Socket Mode names no address; HTTP names the bot's path three times."""
    socket, http = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in MANIFESTS.values())
    assert socket["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in str(socket)
    assert http["settings"]["socket_mode_enabled"] is False
    url = f"https://eksip.example.com{SLACK_PATH}"
    assert http["settings"]["event_subscriptions"]["request_url"] == url
    assert http["settings"]["interactivity"]["request_url"] == url
    assert [command["url"] for command in http["features"]["slash_commands"]] == [url]


def test_the_manifests_differ_only_in_the_way_in() -> None:
    """Everything else is the same app."""
    socket, http = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in MANIFESTS.values())
    for manifest in (socket, http):
        manifest["settings"]["socket_mode_enabled"] = None
        manifest["settings"]["event_subscriptions"].pop("request_url", None)
        manifest["settings"]["interactivity"].pop("request_url", None)
        for command in manifest["features"]["slash_commands"]:
            command.pop("url", None)
    assert socket == http
