"""Files in the local workspace: asked for, uploaded, shared, shown by an image block, and served without danger."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.fixture(scope="module")
def ws() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


@pytest.fixture
def channel(ws: Workspace, request: pytest.FixtureRequest) -> str:
    name = f"test-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    ws.add_channel(name)
    return name


def error_of(client: WebClient, method: str, **params: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    return str(caught.value.response["error"])


def uploaded(ws: Workspace, client: WebClient, name: str = "free.png", **more: Any) -> str:
    """A file whose bytes have arrived and that is not complete yet: its id."""
    asked = client.files_getUploadURLExternal(filename=name, length=len(PNG), **more)
    request = urllib.request.Request(asked["upload_url"], data=PNG, method="POST")
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.read() == f"OK - {len(PNG)}".encode()
    return str(asked["file_id"])


def test_a_picture_uploaded_by_the_sdk_is_a_message_with_its_comment_title_and_alt_text(
    ws: Workspace, client: WebClient, channel: str
) -> None:
    done = client.files_upload_v2(
        channel=ws.channel(channel),
        file=PNG,
        filename="free.png",
        title="Free, 24 h",
        alt_txt="a falling line",
        initial_comment="private-1a",
    )
    (message,) = ws.messages(channel)
    (file,) = message["files"]
    assert (message["text"], message["user"]) == ("private-1a", ws.bot_user_id)
    assert (file["title"], file["alt_txt"], file["mimetype"]) == ("Free, 24 h", "a falling line", "image/png")
    assert file["id"] == done["file"]["id"]
    assert ws.file(file["id"]) == PNG


def test_the_file_tells_where_it_was_shared(ws: Workspace, client: WebClient, channel: str) -> None:
    root = ws.say("root", channel=channel)
    place = ws.channel(channel)
    file_id = client.files_upload_v2(channel=place, thread_ts=root, content="a,b", filename="x.csv")["file"]["id"]
    shares = client.files_info(file=file_id)["file"]["shares"]["public"][place]
    reply = ws.messages(channel)[1]
    assert shares == [{"ts": reply["ts"]}]
    assert reply["thread_ts"] == root


def test_a_file_without_a_channel_posts_nothing(ws: Workspace, client: WebClient, channel: str) -> None:
    done = client.files_upload_v2(content="a,b", filename="x.csv")
    assert done["file"]["shares"] == {}
    assert ws.messages(channel) == []


def test_an_image_block_shows_an_uploaded_picture_by_its_id(ws: Workspace, client: WebClient, channel: str) -> None:
    file_id = client.files_upload_v2(file=PNG, filename="free.png")["file"]["id"]
    block = {"type": "image", "alt_text": "a line", "slack_file": {"id": file_id}}
    client.chat_postMessage(channel=channel, text="chart", blocks=[block])
    assert ws.messages(channel)[0]["blocks"][0]["slack_file"] == {"id": file_id}


@pytest.mark.parametrize("place", ["blocks", "attachments"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("table.csv", id="no image"),
        pytest.param(None, id="no such file"),
    ],
)
def test_an_image_block_of_anything_else_is_an_invalid_slack_file(
    client: WebClient, channel: str, name: str | None, place: str
) -> None:
    file_id = client.files_upload_v2(content="x", filename=name)["file"]["id"] if name else "F404"
    blocks = [{"type": "image", "alt_text": "a line", "slack_file": {"id": file_id}}]
    shown: dict[str, Any] = {"blocks": blocks} if place == "blocks" else {"attachments": [{"blocks": blocks}]}
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel, text="chart", **shown)
    assert caught.value.response["error"] == f"invalid_{place}"
    assert "invalid slack file" in caught.value.response["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        pytest.param("files.getUploadURLExternal", {"filename": "a.png", "length": 0}, "missing_argument", id="empty"),
        pytest.param("files.getUploadURLExternal", {"length": 9}, "missing_argument", id="no name"),
        pytest.param(
            "files.getUploadURLExternal",
            {"filename": "a.png", "length": 9, "alt_txt": "x" * 1001},
            "alt_txt_too_large",
            id="long alt text",
        ),
        pytest.param("files.completeUploadExternal", {}, "invalid_arguments", id="no files"),
        pytest.param("files.completeUploadExternal", {"files": [{"id": "F404"}]}, "file_not_found", id="no such file"),
        pytest.param("files.info", {"file": "F404"}, "file_not_found", id="info of none"),
    ],
)
def test_what_slack_refuses_of_files_is_refused_in_its_words(
    client: WebClient, method: str, params: dict[str, Any], error: str
) -> None:
    assert error_of(client, method, **params) == error


@pytest.mark.parametrize(
    ("target", "error"),
    [
        pytest.param("C404", "channel_not_found", id="unknown"),
        pytest.param("ops", "channel_not_found", id="a name"),
        pytest.param("secret", "channel_not_found", id="private, bot outside"),
        pytest.param("lobby", "not_in_channel", id="public, bot outside"),
        pytest.param("old", "is_archived", id="archived"),
    ],
)
def test_a_share_that_is_refused_leaves_the_file_to_be_shared_again(
    ws: Workspace, client: WebClient, target: str, error: str
) -> None:
    for name, more in (("lobby", {"bot_in": False}), ("old", {"archived": True})):
        if name == target:
            ws.add_channel(name, **more)
    place = target if target in ("C404", "ops") else ws.channel(target)
    file_id = uploaded(ws, client)
    files = [{"id": file_id}]
    assert error_of(client, "files.completeUploadExternal", files=files, channel_id=place) == error
    client.files_completeUploadExternal(files=[{"id": file_id, "title": "t"}], channel_id=ws.channel("ops"))


def test_bytes_of_another_length_or_a_second_upload_are_refused(ws: Workspace, client: WebClient) -> None:
    asked = client.files_getUploadURLExternal(filename="a.png", length=5)

    def post(data: bytes) -> int:
        request = urllib.request.Request(asked["upload_url"], data=data, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code

    assert (post(b"four"), post(b"fives"), post(b"fives")) == (400, 200, 404)


def test_a_failed_upload_reaches_the_caller(ws: Workspace, client: WebClient, channel: str) -> None:
    ws.faults.server_error("files.upload", status=503)
    # slack_sdk lets urllib's own error through here: the upload is no Web API call.
    with pytest.raises(urllib.error.HTTPError, match="503") as caught:
        client.files_upload_v2(channel=ws.channel(channel), content="x", filename="x.csv")
    caught.value.close()
    assert ws.messages(channel) == []


def test_a_file_is_served_so_that_no_script_in_it_runs_on_the_page(ws: Workspace, client: WebClient) -> None:
    done = client.files_upload_v2(content="<script>alert(1)</script>", filename='a"b.html')
    with urllib.request.urlopen(done["file"]["url_private"], timeout=5) as response:
        headers = response.headers
        assert response.read() == b"<script>alert(1)</script>"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == 'attachment; filename="a_b.html"'
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_told_of_the_files_of_a_message(ws: Workspace, client: WebClient, channel: str) -> None:
    place = ws.channel(channel)
    client.files_upload_v2(channel=place, file=PNG, filename="free.png")
    with urllib.request.urlopen(f"{ws.page_url}page/state?user={ws.user('ana')}", timeout=5) as response:
        state = json.load(response)
    assert [file["name"] for file in state["messages"][place][0]["files"]] == ["free.png"]
