"""The assistant.threads.* methods: the status while the app works, suggested prompts and titles of the agent view.

Source for every argument and error: https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
…/assistant.threads.setSuggestedPrompts and …/assistant.threads.setTitle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.demo.workspace.chat import Desk, Params, required, visible_channel
from bot.demo.workspace.content import MethodError, json_list
from bot.demo.workspace.records import Channel, ChannelKind, Json
from bot.demo.workspace.surfaces import Agent

PROMPTS_HIGH = 4
LOADING_MESSAGES_HIGH = 10


def _set_status(desk: Desk, params: Params) -> Json:
    channel, thread_ts = _thread(desk, params)
    status = str(params.get("status") or "")
    loading = params.get("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > LOADING_MESSAGES_HIGH:
        raise MethodError("invalid_arguments", (f"[ERROR] at most {LOADING_MESSAGES_HIGH} loading_messages",))
    agent = desk.state.agents.get(channel.channel_id, Agent())
    statuses = {ts: known for ts, known in agent.statuses.items() if ts != thread_ts}
    if status:
        statuses[thread_ts] = {"status": status, "loading_messages": [str(line) for line in loading]}
    desk.state.keep_agent(channel.channel_id, replace(agent, statuses=statuses))
    return {}


def _set_suggested_prompts(desk: Desk, params: Params) -> Json:
    """Up to four prompts; a call that names a thread is accepted and shows nothing, as for every agent app.

    Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts ("Including it in a call for
    an agent app will cause the call to silently fail").
    """
    channel = _direct(desk, params)
    prompts = json_list(params.get("prompts"), "invalid_arguments") or ()
    if not 1 <= len(prompts) <= PROMPTS_HIGH:
        raise MethodError("invalid_arguments", (f"[ERROR] from 1 to {PROMPTS_HIGH} prompts [json-pointer:/prompts]",))
    for number, prompt in enumerate(prompts):
        if not (prompt.get("title") and prompt.get("message")):
            raise MethodError(
                "invalid_arguments", (f"[ERROR] missing title or message [json-pointer:/prompts/{number}]",)
            )
    if params.get("thread_ts"):
        return {}
    agent = desk.state.agents.get(channel.channel_id, Agent())
    shown = tuple({"title": str(prompt["title"]), "message": str(prompt["message"])} for prompt in prompts)
    title = str(params.get("title") or "")
    desk.state.keep_agent(channel.channel_id, replace(agent, prompts=shown, prompts_title=title))
    return {}


def _set_title(desk: Desk, params: Params) -> Json:
    channel, thread_ts = _thread(desk, params)
    agent = desk.state.agents.get(channel.channel_id, Agent())
    titles = {**agent.titles, thread_ts: required(params, "title")}
    desk.state.keep_agent(channel.channel_id, replace(agent, titles=titles))
    return {}


def _direct(desk: Desk, params: Params) -> Channel:
    channel = visible_channel(desk, required(params, "channel_id"))
    if channel.kind is not ChannelKind.DM:
        raise MethodError("channel_not_found")
    return channel


def _thread(desk: Desk, params: Params) -> tuple[Channel, str]:
    channel = visible_channel(desk, required(params, "channel_id"))
    thread_ts = required(params, "thread_ts")
    if desk.state.find(channel.channel_id, thread_ts) is None:
        raise MethodError("invalid_thread_ts")
    return channel, thread_ts


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {
        "assistant.threads.setStatus": _set_status,
        "assistant.threads.setSuggestedPrompts": _set_suggested_prompts,
        "assistant.threads.setTitle": _set_title,
    }
)
"""The agent view's methods of the Web API."""
