"""EC2's answers as the tests write them, and a client that is given them in place of the network's."""

from functools import cache
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders

from bot.aws import ec2_pages

EU = "eu-west-1"
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


def answer(operation: str, element: str, *items: str, token: str = "", namespace: str = NAMESPACE) -> bytes:
    found = f"<{element}>{''.join(f'<item>{item}</item>' for item in items)}</{element}>"
    following = f"<nextToken>{token}</nextToken>" if token else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation}Response xmlns="{namespace}">\n'
        f"    <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>\n    {found}{following}"
        f"</{operation}Response>"
    ).encode()


def interfaces(*items: str, token: str = "") -> bytes:
    return answer("DescribeNetworkInterfaces", "networkInterfaceSet", *items, token=token)


def subnets(*items: str) -> bytes:
    return answer("DescribeSubnets", "subnetSet", *items)


class Wire:
    """Answers every request of a client with one body after the other."""

    def __init__(self, *bodies: bytes, status: int = 200) -> None:
        self._bodies = list(bodies)
        self._status = status

    def client(self, *, fast: bool) -> Any:
        """A client whose requests are answered from here until another wire is asked for its client of this kind."""
        _NEWEST[fast] = self
        return _client(fast)

    def answer(self, request: Any) -> AWSResponse:
        """The next body."""
        return AWSResponse(request.url, self._status, HTTPHeaders(), _Body(self._bodies.pop(0)))


_NEWEST: dict[bool, Wire] = {}


@cache
def _client(fast: bool) -> BaseClient:
    """Made once of each kind: it takes longer than all that is done with it."""
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    if fast:
        ec2_pages.read_pages_fast(session)
    client: Any = session.create_client("ec2", region_name=EU)
    client.meta.events.register_first("before-send.ec2", lambda request, **_: _NEWEST[fast].answer(request))
    made: BaseClient = client
    return made


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object, **__: object) -> Any:
        yield self._body

    def read(self, *_: object) -> bytes:
        return self._body
