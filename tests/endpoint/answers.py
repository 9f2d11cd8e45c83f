"""Requests and answers of the endpoint, and AWS's errors in the form of each protocol.

Source: https://smithy.io/2.0/aws/protocols/ (EC2 query, query, REST-JSON, JSON 1.0 and 1.1).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eexample"
XML = "text/xml;charset=UTF-8"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a query-protocol body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls where, by the credential scope of the request's signature; `chained` for an assumed role."""

    account_id: str
    region: str
    service: str
    access_key: str
    arn: str
    chained: bool = False


class Ending(StrEnum):
    """How an answer ends on the wire."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    RESET = "reset"
    HANG = "hang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, given after `delay` seconds."""

    body: bytes
    status: int = 200
    content_type: str = XML
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    ending: Ending = Ending.WHOLE


class ApiError(Exception):
    """An error as AWS answers it: its code, its words and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return str(self.args[1])


class Kind(StrEnum):
    """The errors that can be switched on, whatever the service calls them; the last four end the answer badly."""

    DENIED = "denied"
    EXPIRED = "expired"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    OPT_IN = "opt-in"
    NOT_ACCEPTED = "not-accepted"
    SKEWED = "skewed"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    RESET = "reset"
    HANG = "hang"


_WORDS = {
    Kind.DENIED: "You are not authorized to perform this operation.",
    Kind.EXPIRED: "The security token included in the request is expired",
    Kind.THROTTLED: "Request limit exceeded.",
    Kind.UNAVAILABLE: "The service is unavailable. Please try again shortly.",
    Kind.INTERNAL: "An internal error has occurred",
    Kind.OPT_IN: "You are not subscribed to this service.",
    Kind.NOT_ACCEPTED: "AWS was not able to validate the provided access credentials",
    Kind.SKEWED: "Signature expired: the date of the request is too far from the time of the service.",
}
_CODES: Mapping[str, Mapping[Kind, tuple[str, int]]] = {
    "ec2": {
        Kind.DENIED: ("UnauthorizedOperation", 403),
        Kind.EXPIRED: ("RequestExpired", 400),
        Kind.THROTTLED: ("RequestLimitExceeded", 503),
        Kind.UNAVAILABLE: ("Unavailable", 503),
        Kind.INTERNAL: ("InternalError", 500),
        Kind.OPT_IN: ("OptInRequired", 403),
        Kind.NOT_ACCEPTED: ("AuthFailure", 401),
        Kind.SKEWED: ("RequestExpired", 400),
    },
    "sts": {
        Kind.DENIED: ("AccessDenied", 403),
        Kind.EXPIRED: ("ExpiredToken", 403),
        Kind.THROTTLED: ("Throttling", 400),
        Kind.UNAVAILABLE: ("ServiceUnavailable", 503),
        Kind.INTERNAL: ("InternalFailure", 500),
        Kind.OPT_IN: ("RegionDisabledException", 403),
        Kind.NOT_ACCEPTED: ("InvalidClientTokenId", 403),
        Kind.SKEWED: ("SignatureDoesNotMatch", 403),
    },
    "autoscaling": {
        Kind.DENIED: ("AccessDenied", 403),
        Kind.EXPIRED: ("ExpiredToken", 403),
        Kind.THROTTLED: ("Throttling", 400),
        Kind.UNAVAILABLE: ("ServiceUnavailable", 503),
        Kind.INTERNAL: ("InternalFailure", 500),
        Kind.OPT_IN: ("OptInRequired", 403),
        Kind.NOT_ACCEPTED: ("InvalidClientTokenId", 403),
        Kind.SKEWED: ("SignatureDoesNotMatch", 403),
    },
    "": {
        Kind.DENIED: ("AccessDeniedException", 403),
        Kind.EXPIRED: ("ExpiredTokenException", 403),
        Kind.THROTTLED: ("ThrottlingException", 429),
        Kind.UNAVAILABLE: ("ServiceUnavailableException", 503),
        Kind.INTERNAL: ("InternalFailure", 500),
        Kind.OPT_IN: ("OptInRequired", 403),
        Kind.NOT_ACCEPTED: ("UnrecognizedClientException", 403),
        Kind.SKEWED: ("InvalidSignatureException", 403),
    },
}
"""Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the CommonErrors page of each
other service's API reference."""


def api_error(kind: Kind, service: str) -> ApiError:
    """The error of that kind as the service puts it."""
    code, status = _CODES.get(service, _CODES[""])[kind]
    return ApiError(code, _WORDS[kind], status)


def error_answer(request: Request, service: str, error: ApiError) -> Answer:
    """The error in the protocol of the service and request."""
    if service in {"ec2", "sts", "autoscaling"}:
        entry = f"<Code>{escape(error.code)}</Code><Message>{escape(str(error))}</Message>"
        body = (
            f"<Response><Errors><Error>{entry}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
            if service == "ec2"
            else f"<ErrorResponse><Error><Type>Sender</Type>{entry}</Error>"
            f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        )
        return Answer(body=f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), status=error.status)
    fields = {"__type": error.code, "message": str(error)}
    return json_answer(fields, status=error.status, headers=(("x-amzn-errortype", error.code),))


def json_answer(
    fields: Mapping[str, object], *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """A JSON answer."""
    return Answer(body=json.dumps(fields).encode(), status=status, content_type="application/json", headers=headers)
