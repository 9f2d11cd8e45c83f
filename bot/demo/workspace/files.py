"""Files: asking for an upload URL, taking the bytes, sharing what came, and handing it to the page.

Source for every argument and error: https://docs.slack.dev/reference/methods/files.getUploadURLExternal,
…/files.completeUploadExternal and …/files.info.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from aiohttp import web

from bot.demo.workspace.chat import Desk, Params, direct_channel, required, writable_channel
from bot.demo.workspace.content import MethodError, accept_content, json_list, read_content
from bot.demo.workspace.faults import FaultKind, Faults
from bot.demo.workspace.records import Channel, ChannelKind, Json, Message
from bot.demo.workspace.state import State
from bot.demo.workspace.surfaces import StoredFile

ALT_TEXT_HIGH = 1_000
CHANNELS_HIGH = 100
UPLOAD = "files.upload"
"""The name under which faults reach the upload itself, which is no Web API method."""


def get_upload_url(desk: Desk, params: Params) -> Json:
    """files.getUploadURLExternal: where to post the bytes, and the id the file will have."""
    name, length = str(params.get("filename") or ""), int(params.get("length") or 0)
    if not name or length <= 0:
        raise MethodError("missing_argument")
    alt_text = str(params.get("alt_txt") or "")
    if len(alt_text) > ALT_TEXT_HIGH:
        raise MethodError("alt_txt_too_large")
    file = StoredFile(
        file_id=desk.state.next_id("F"),
        name=name,
        ticket=secrets.token_urlsafe(18),
        length_bytes=length,
        user_id=desk.bot.user_id,
        created=int(desk.state.now().timestamp()),
        alt_text=alt_text,
    )
    desk.state.files[file.file_id] = file
    return {"upload_url": f"{desk.state.base_url}upload/v1/{file.ticket}", "file_id": file.file_id}


def complete_upload(desk: Desk, params: Params) -> Json:
    """files.completeUploadExternal: the files, shared in one message to each channel named; in none, they are private.

    Raises: MethodError; nothing is shared then.
    """
    asked = json_list(required(params, "files") if isinstance(params.get("files"), str) else params.get("files"), "")
    if not asked:
        raise MethodError("invalid_arguments", ("[ERROR] missing required field: files",))
    files = [_uploaded(desk, item) for item in asked]
    targets = [name for name in str(params.get("channels") or "").split(",") if name]
    if params.get("channel_id"):
        targets.insert(0, str(params["channel_id"]))
    if len(targets) > CHANNELS_HIGH:
        raise MethodError("channels_limit_exceeded")
    channels = [_target(desk, name) for name in targets]
    thread_ts = str(params.get("thread_ts") or "") or None
    if thread_ts and len(channels) > 1:
        raise MethodError("invalid_arguments", ("[ERROR] thread_ts takes one channel",))
    comment = read_content({"text": params.get("initial_comment"), "blocks": params.get("blocks")})
    if comment.text:
        comment = replace(comment, blocks=None)
    if not comment.is_empty:
        comment = accept_content(comment, desk.state)
    for file in files:
        desk.state.files[file.file_id] = file
    for channel in channels:
        files = _share(desk, files, channel, comment.text or "", comment.blocks or (), thread_ts)
    return {"files": [_wire(desk.state, file) for file in files]}


def info(desk: Desk, params: Params) -> Json:
    """files.info: one file and where it was shared."""
    file = desk.state.files.get(required(params, "file"))
    if file is None or not file.is_complete:
        raise MethodError("file_not_found")
    return {"file": _wire(desk.state, file), "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {
        "files.completeUploadExternal": complete_upload,
        "files.getUploadURLExternal": get_upload_url,
        "files.info": info,
    }
)
"""The file methods of the Web API."""


class FileServer:
    """Takes uploads and serves files to the page; runs on the server's loop."""

    def __init__(self, *, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Where uploads are posted and files are read."""
        return [web.post("/upload/v1/{ticket}", self.take), web.get("/page/files/{file_id}", self.serve)]

    async def take(self, request: web.Request) -> web.Response:
        """Store the bytes of an upload; each URL takes one, of the length it was asked for."""
        fault = self._faults.take(UPLOAD, frozenset())
        if fault is not None and fault.kind is FaultKind.SERVER_ERROR:
            return web.Response(status=fault.status, text="upstream connect error")
        ticket = request.match_info["ticket"]
        file = next((one for one in self._state.files.values() if one.ticket == ticket), None)
        if file is None or file.content is not None:
            return web.Response(status=404, text="ticket_not_found")
        content = await _content(request)
        if len(content) != file.length_bytes:
            return web.Response(status=400, text="length_mismatch")
        self._state.files[file.file_id] = replace(file, content=content)
        return web.Response(text=f"OK - {len(content)}")

    async def serve(self, request: web.Request) -> web.Response:
        """The bytes of a file: an image to look at, anything else to save, never a page of this origin."""
        file = self._state.files.get(request.match_info["file_id"])
        if file is None or file.content is None or not file.is_complete:
            return web.Response(status=404, text="There is no such file.")
        shown = "inline" if file.is_image else "attachment"
        headers = {
            "Content-Disposition": f'{shown}; filename="{_plain(file.name)}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return web.Response(body=file.content, content_type=file.media_type, headers=headers)


def _uploaded(desk: Desk, item: Json) -> StoredFile:
    file = desk.state.files.get(str(item.get("id")))
    if file is None or file.content is None or file.is_complete:
        raise MethodError("file_not_found")
    return replace(file, title=str(item.get("title") or file.name), is_complete=True)


def _target(desk: Desk, name: str) -> Channel:
    if name in desk.state.users:
        return direct_channel(desk, name)
    return writable_channel(desk, name, by_name=False)


def _share(
    desk: Desk, files: list[StoredFile], channel: Channel, text: str, blocks: tuple[Json, ...], thread_ts: str | None
) -> list[StoredFile]:
    ts = desk.state.next_ts()
    shared = [replace(file, shares=(*file.shares, (channel.channel_id, ts))) for file in files]
    for file in shared:
        desk.state.files[file.file_id] = file
    desk.state.post(
        Message(
            ts=ts,
            channel_id=channel.channel_id,
            user_id=desk.bot.user_id,
            bot_id=desk.bot.bot_id,
            app_id=desk.bot.app_id,
            text=text,
            blocks=blocks,
            thread_ts=thread_ts,
            files=tuple(_wire(desk.state, file) for file in shared),
        )
    )
    return shared


def _wire(state: State, file: StoredFile) -> Json:
    private = frozenset(one.channel_id for one in state.channels.values() if one.kind is not ChannelKind.PUBLIC)
    return file.wire(state.base_url, private)


async def _content(request: web.Request) -> bytes:
    if request.content_type.startswith("multipart/"):
        for part in (await request.post()).values():
            if isinstance(part, web.FileField):
                return part.file.read()
        return b""
    return await request.read()


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._- " else "_" for letter in name)
