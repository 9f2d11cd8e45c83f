"""The chat.*Stream methods: a reply that is written while it is read.

Source for every argument and error: https://docs.slack.dev/reference/methods/chat.startStream, …/chat.appendStream and
…/chat.stopStream; the modes and the end after about five minutes are reported by many apps, e.g.
https://github.com/slackapi/python-slack-sdk/issues/1859 and https://github.com/vercel/chat/issues/637.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.demo.workspace.blockkit import refusal
from bot.demo.workspace.chat import Desk, Params, required, writable_channel
from bot.demo.workspace.content import MethodError, json_list, missing_files, read_content, settle_blocks
from bot.demo.workspace.records import ChannelKind, Json, Message
from bot.demo.workspace.surfaces import Stream, StreamMode

TEXT_HIGH = 12_000
TITLE_HIGH = 256
STREAM_LIFETIME = timedelta(seconds=306)
_STATUSES = frozenset({"pending", "in_progress", "complete", "error"})


def start(desk: Desk, params: Params) -> Json:
    """chat.startStream: the timestamp of the reply that is being written."""
    target, thread_ts = required(params, "channel"), required(params, "thread_ts")
    channel = writable_channel(desk, target, by_name=False)
    if channel.kind is not ChannelKind.DM:
        for name in ("recipient_user_id", "recipient_team_id"):
            if not params.get(name):
                raise MethodError(f"missing_{name}")
        if params["recipient_user_id"] not in desk.state.users:
            raise MethodError("user_not_found")
    if desk.state.find(channel.channel_id, thread_ts) is None:
        raise MethodError("invalid_thread_ts")
    stream = _grown(desk, Stream(started_at=desk.state.now()), params, may_be_empty=True)
    message = Message(
        ts=desk.state.next_ts(),
        channel_id=channel.channel_id,
        user_id=desk.bot.user_id,
        bot_id=desk.bot.bot_id,
        app_id=desk.bot.app_id,
        text="",
        thread_ts=thread_ts,
        streaming=True,
    )
    desk.state.streams[channel.channel_id, message.ts] = stream
    desk.state.post(_written(desk, message, stream))
    return {"channel": channel.channel_id, "ts": message.ts}


def append(desk: Desk, params: Params) -> Json:
    """chat.appendStream: adds to a reply that is being written."""
    message, stream = _open(desk, params)
    stream = _grown(desk, stream, params, may_be_empty=False)
    desk.state.streams[message.channel_id, message.ts] = stream
    desk.state.change(_written(desk, message, stream))
    return {"channel": message.channel_id, "ts": message.ts}


def stop(desk: Desk, params: Params) -> Json:
    """chat.stopStream: adds the rest, and blocks below it, and ends the stream."""
    message, stream = _open(desk, params)
    stream = _grown(desk, stream, params, may_be_empty=True)
    content = read_content({"blocks": params.get("blocks"), "metadata": params.get("metadata")})
    stream = replace(stream, blocks=stream.blocks + _accepted(desk, content.blocks or ()))
    done = replace(_written(desk, message, stream), streaming=False, metadata=content.metadata)
    del desk.state.streams[message.channel_id, message.ts]
    desk.state.change(done)
    return {"channel": done.channel_id, "ts": done.ts, "message": done.wire(desk.bot.team_id)}


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {"chat.appendStream": append, "chat.startStream": start, "chat.stopStream": stop}
)
"""The streaming methods of the Web API."""


def _open(desk: Desk, params: Params) -> tuple[Message, Stream]:
    target, ts = required(params, "channel"), required(params, "ts")
    channel = writable_channel(desk, target, by_name=False)
    message = desk.state.find(channel.channel_id, ts)
    if message is None:
        raise MethodError("message_not_found")
    if message.user_id != desk.bot.user_id:
        raise MethodError("message_not_owned_by_app")
    stream = desk.state.streams.get((channel.channel_id, ts))
    if stream is None or desk.state.now() - stream.started_at >= STREAM_LIFETIME:
        raise MethodError("message_not_in_streaming_state")
    return message, stream


def _grown(desk: Desk, stream: Stream, params: Params, *, may_be_empty: bool) -> Stream:
    """The stream with what the call brings. Raises: MethodError when it is of the other mode, too long, or nothing."""
    text, chunks = str(params.get("markdown_text") or ""), json_list(params.get("chunks"), "invalid_arguments") or ()
    if not text and not chunks:
        if may_be_empty:
            return stream
        raise MethodError("no_text")
    mode = StreamMode.CHUNKS if chunks else StreamMode.TEXT
    if (text and chunks) or stream.mode not in (None, mode):
        raise MethodError("streaming_mode_mismatch")
    stream = replace(stream, mode=mode)
    if text:
        return _with_text(stream, text)
    for number, chunk in enumerate(chunks):
        stream = _with_chunk(desk, stream, chunk, f"/chunks/{number}")
    return stream


def _with_text(stream: Stream, text: str) -> Stream:
    if len(text) > TEXT_HIGH:
        raise MethodError("msg_too_long")
    return replace(stream, text=stream.text + text)


def _with_chunk(desk: Desk, stream: Stream, chunk: Json, at: str) -> Stream:
    kind = chunk.get("type")
    if kind == "markdown_text":
        return _with_text(stream, str(chunk.get("text") or ""))
    if kind == "plan_update":
        return replace(stream, plan_title=_title(chunk, at))
    if kind == "blocks":
        blocks = json_list(chunk.get("blocks"), "invalid_blocks_format") or ()
        return replace(stream, blocks=stream.blocks + _accepted(desk, blocks))
    if kind != "task_update" or not chunk.get("id") or chunk.get("status", "pending") not in _STATUSES:
        raise MethodError("invalid_arguments", (f"[ERROR] invalid chunk [json-pointer:{at}]",))
    task: Json = {"type": "task_card", "task_id": str(chunk["id"]), "title": _title(chunk, at)}
    task |= {name: chunk[name] for name in ("status", "details", "output", "sources") if chunk.get(name)}
    tasks = {one["task_id"]: one for one in stream.tasks}
    tasks[task["task_id"]] = {**tasks.get(task["task_id"], {}), **task}
    return replace(stream, tasks=tuple(tasks.values()))


def _title(chunk: Json, at: str) -> str:
    title = str(chunk.get("title") or "")
    if not 1 <= len(title) <= TITLE_HIGH:
        raise MethodError("invalid_arguments", (f"[ERROR] title of 1 to {TITLE_HIGH} [json-pointer:{at}/title]",))
    return title


def _written(desk: Desk, message: Message, stream: Stream) -> Message:
    """The message as far as it is written: the plan or its tasks, the text, then blocks."""
    blocks: list[Json] = []
    if stream.plan_title is not None:
        blocks.append({"type": "plan", "title": stream.plan_title, "tasks": list(stream.tasks)})
    else:
        blocks += stream.tasks
    if stream.text:
        blocks.append({"type": "markdown", "text": stream.text})
    shown = settle_blocks((*blocks, *stream.blocks), desk.state)
    return replace(message, text=stream.text, blocks=shown)


def _accepted(desk: Desk, blocks: tuple[Json, ...]) -> tuple[Json, ...]:
    refused = refusal({"blocks": blocks})
    if refused is not None:
        raise MethodError(refused.error, refused.messages)
    if missing := missing_files(blocks, desk.state):
        raise MethodError("invalid_blocks", tuple(missing))
    return blocks
