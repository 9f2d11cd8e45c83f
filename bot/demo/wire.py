"""AWS's wire formats, from the service's side: read a prepared request, write an answer or an error.

Only what the demo estate needs: the EC2 query protocol in both directions (driven by botocore's own service model)
and the error bodies of the other protocols, so that botocore raises the same ClientError as against AWS.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import ListShape, OperationModel, Shape, StructureShape

_EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eexample"


class AwsError(Exception):
    """An error as AWS answers it: its code, its words and the HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class _Body(BytesIO):
    """A response body as botocore's HTTP layer expects it."""

    def stream(self) -> Any:
        """The whole body in one chunk."""
        yield self.read()


def answer(url: str, status: int, content_type: str, body: bytes) -> AWSResponse:
    """A complete HTTP response for botocore."""
    headers = HTTPHeaders()
    headers["Content-Type"] = content_type
    headers["Content-Length"] = str(len(body))
    headers["x-amzn-RequestId"] = _REQUEST_ID
    return AWSResponse(url, status, headers, _Body(body))


def body_text(request: AWSPreparedRequest) -> str:
    """The request's body as text."""
    body = request.body
    return body.decode() if isinstance(body, bytes | bytearray) else str(body or "")


def ec2_parameters(request: AWSPreparedRequest, operation: OperationModel) -> dict[str, Any]:
    """The parameters of an EC2 request as a boto3 caller wrote them.

    Source: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html (names and list numbering).
    """
    flat = dict(parse_qsl(body_text(request), keep_blank_values=True))
    shape = operation.input_shape
    return _read_structure(flat, shape, "") if isinstance(shape, StructureShape) else {}


def _read_structure(flat: Mapping[str, str], shape: StructureShape, prefix: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for member, member_shape in shape.members.items():
        serialization = member_shape.serialization
        name = serialization.get("queryName")
        if name is None:
            name = serialization.get("name", member)
            name = name[0].upper() + name[1:]
        value = _read(flat, member_shape, f"{prefix}{name}")
        if value is not None:
            read[member] = value
    return read


def _read(flat: Mapping[str, str], shape: Shape, key: str) -> Any:
    if isinstance(shape, StructureShape):
        if not any(given.startswith(f"{key}.") for given in flat):
            return None
        return _read_structure(flat, shape, f"{key}.")
    if isinstance(shape, ListShape):
        items: list[Any] = []
        while (item := _read(flat, shape.member, f"{key}.{len(items) + 1}")) is not None:
            items.append(item)
        return items or None
    text = flat.get(key)
    if text is None:
        return None
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name == "boolean":
        return text == "true"
    return text


def ec2_answer(url: str, operation: OperationModel, result: Mapping[str, Any]) -> AWSResponse:
    """An EC2 XML response for `result`, which is shaped as boto3 would return it."""
    parts = [f'<?xml version="1.0" encoding="UTF-8"?><{operation.name}Response xmlns="{_EC2_NAMESPACE}">']
    parts.append(f"<requestId>{_REQUEST_ID}</requestId>")
    if isinstance(operation.output_shape, StructureShape):
        _write_members(parts, operation.output_shape, result)
    parts.append(f"</{operation.name}Response>")
    return answer(url, 200, "text/xml;charset=UTF-8", "".join(parts).encode())


def _write_members(parts: list[str], shape: StructureShape, value: Mapping[str, Any]) -> None:
    members = shape.members
    for member, member_value in value.items():
        member_shape = members.get(member)
        if member_value is not None and member_shape is not None:
            _write(parts, member_shape.serialization.get("name", member), member_shape, member_value)


def _write(parts: list[str], name: str, shape: Shape, value: Any) -> None:
    if isinstance(shape, StructureShape):
        parts.append(f"<{name}>")
        _write_members(parts, shape, value)
        parts.append(f"</{name}>")
    elif isinstance(shape, ListShape):
        items: Sequence[Any] = value
        item_name = shape.member.serialization.get("name", "item")
        parts.append(f"<{name}>")
        for item in items:
            _write(parts, item_name, shape.member, item)
        parts.append(f"</{name}>")
    elif isinstance(value, bool):
        parts.append(f"<{name}>{'true' if value else 'false'}</{name}>")
    elif isinstance(value, datetime):
        parts.append(f"<{name}>{value:%Y-%m-%dT%H:%M:%S}.000Z</{name}>")
    else:
        parts.append(f"<{name}>{escape(str(value))}</{name}>")


def error_answer(request: AWSPreparedRequest, service: str, error: AwsError) -> AWSResponse:
    """The error in the protocol of the service and of this request.

    Source: the protocol pages under https://smithy.io/2.0/aws/protocols/ (EC2 query, query, REST-JSON, JSON 1.0,
    RPC v2 CBOR).
    """
    url, content_type = request.url, str(request.headers.get("Content-Type", ""))
    code, message = escape(error.code), escape(str(error))
    if service == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{_REQUEST_ID}</RequestID></Response>"
        )
        return answer(url, error.status, "text/xml;charset=UTF-8", body.encode())
    if str(request.headers.get("smithy-protocol", "")).startswith("rpc-v2-cbor"):
        return _cbor_error(url, error)
    if "x-www-form-urlencoded" in content_type:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>"
        )
        return answer(url, error.status, "text/xml", body.encode())
    response = answer(
        url,
        error.status,
        "application/json",
        json.dumps({"__type": error.code, "message": str(error)}).encode(),
    )
    response.headers["x-amzn-errortype"] = error.code
    return response


def _cbor_error(url: str, error: AwsError) -> AWSResponse:
    def text(value: str) -> bytes:
        raw = value.encode()
        return b"\x79" + len(raw).to_bytes(2, "big") + raw  # 0x79: a text string with a two-byte length.

    body = b"\xa2" + text("__type") + text(error.code) + text("message") + text(str(error))
    response = answer(url, error.status, "application/cbor", body)
    response.headers["smithy-protocol"] = "rpc-v2-cbor"
    return response
