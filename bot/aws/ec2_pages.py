"""DescribeSubnets and DescribeNetworkInterfaces from EC2's XML straight to facts, past botocore's parser.

That parser builds a dict of every field of every interface, of which we keep a dozen: it takes most of a sweep's CPU.
botocore still signs, sends, retries, paginates and raises errors; only the body of a successful answer is read here.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise
from socket import AF_INET, inet_pton
from typing import Any
from xml.etree.ElementTree import XML, Element, ParseError
from xml.sax.saxutils import escape

from botocore.session import Session

from bot.aws.convert import available_ips, ipv6_cidrs
from bot.aws.limits import EC2_PAGE
from bot.inventory import Eni, Subnet

_SETS = {
    "DescribeSubnets": ("Subnets", "subnetSet", re.compile(rb"<item>\s*<subnetId>")),
    "DescribeNetworkInterfaces": (
        "NetworkInterfaces",
        "networkInterfaceSet",
        re.compile(rb"<item>\s*<networkInterfaceId>"),
    ),
}
"""The result's key, its XML element, and how each of its items begins, by operation: no inner item begins so."""

_NAMESPACE = re.compile(rb'\sxmlns="[^"]*"')
GROUP = 16
"""Items parsed together. A page parsed in one piece is a hundred thousand objects that live long enough for Python's
collector to look through the whole inventory again and again; these few are dropped before it looks at all."""
_EMPTY = Element("none")
_BLOCKS = 131_072
"""CIDR blocks kept by their text: every read of a subnet names the one it had before."""


class Items:
    """The items of one page of an operation, as XML that is parsed piece by piece.

    Raises: ValueError when a piece turns out to be malformed, once it is come to.
    """

    def __init__(self, operation: str, content: bytes, whole: list[Element]) -> None:
        self._operation = operation
        self.content = content
        """Everything inside the set of items, not parsed yet."""
        self.whole = whole
        """The items that were parsed with the page, its set not being told apart: then `content` is empty."""

    def __iter__(self) -> Iterator[Element]:
        yield from self.whole
        edges = self._edges()
        for one, next_one in pairwise([*edges[:-1:GROUP], *edges[-1:]]):
            yield from self.parsed(self.content[one:next_one])

    def pieces(self) -> Iterator[bytes]:
        """The XML of each item; one that begins otherwise than the others is in one piece with the item before it."""
        for one, next_one in pairwise(self._edges()):
            yield self.content[one:next_one]

    def parsed(self, piece: bytes) -> Element:
        """The items of a piece, or of several that follow each other."""
        return _parsed(self._operation, b"<set>" + piece + b"</set>")

    def _edges(self) -> list[int]:
        """Where the pieces begin, and where the last one ends."""
        if not self.content:
            return []
        _, _, begins = _SETS[self._operation]
        starts = [match.start() for match in begins.finditer(self.content)]
        return [0, *starts[1:], len(self.content)]


def read_pages_fast(session: Session) -> None:
    """Let every EC2 client that the session makes from now on leave the pages of these two operations to `items`."""
    for operation in _SETS:
        handler: Any = _take_body  # botocore's stubs want handlers that name none of their arguments
        session.register(f"before-parse.ec2.{operation}", handler)


def every_item(ask: Callable[..., Any], key: str, **request: Any) -> Iterator[Element]:
    """The items of all pages of an operation, page after page; `key` is "Subnets" or "NetworkInterfaces".

    Raises: ValueError when a page is malformed or names itself as the next one.
    """
    for page in every_page(ask, key, **request):
        yield from page


def every_page(ask: Callable[..., Any], key: str, **request: Any) -> Iterator[Items]:
    """The items of every page of an operation, page after page.

    botocore's paginator writes a class for each use, a tenth of what a page of subnets costs.
    Raises: ValueError when a page is malformed or names itself as the next one.
    """
    token = ""
    while True:
        page = ask(**request, MaxResults=EC2_PAGE, **({"NextToken": token} if token else {}))
        yield page[key]
        following = page["NextToken"]
        if not following:
            return
        if following == token:
            raise ValueError(f"the same page of {key} comes again")
        token = following


def _take_body(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Hand the items of a successful answer on as XML, and leave botocore's parser only the request id.

    Raises: ValueError when the body is not the whole answer it should be.
    """
    if response_dict["status_code"] >= 300:
        return
    key, element = _SETS[operation_model.name][:2]
    # Without the namespace the parser has nothing to prefix each of a hundred thousand names with.
    body = _NAMESPACE.sub(b"", response_dict["body"], count=1)
    opening = f"<{element}>".encode()
    start, end = body.find(opening) + len(opening), body.rfind(f"</{element}>".encode())
    cut = slice(start, end) if len(opening) <= start <= end else slice(0, 0)
    root = _parsed(operation_model.name, body[: cut.start] + body[cut.stop :])
    found = root.find(element)
    if found is None:
        raise ValueError(f"the answer to {operation_model.name} holds no {element}")
    customized_response_dict[key] = Items(operation_model.name, body[cut], list(found))
    customized_response_dict["NextToken"] = root.findtext("nextToken") or ""
    request_id = escape(root.findtext("requestId") or "")
    response_dict["body"] = f"<Page><requestId>{request_id}</requestId></Page>".encode()


def _parsed(operation: str, body: bytes) -> Element:
    try:
        return XML(body)
    except ParseError as exc:
        raise ValueError(f"the answer to {operation} is cut off or malformed") from exc


def subnet(item: Element, account_id: str, region: str, now: datetime) -> Subnet:
    """One subnet of DescribeSubnets.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html.
    """
    # Texts alone, and each nested set looked up once: half the time of a subnet that was not there before is this.
    texts = {child.tag: child.text or "" for child in item}
    names = (part.findtext("value") for part in _part(item, "tagSet") if part.findtext("key") == "Name")
    block = texts.get("cidrBlock")
    cidr = _network(block) if block and texts.get("ipv6Native") != "true" else None
    count = texts.get("availableIpAddressCount")
    return Subnet(
        subnet_id=texts["subnetId"],
        name=next(names, None) or "",
        account_id=sys.intern(texts.get("ownerId", "")) or account_id,
        region=region,
        az_id=sys.intern(texts.get("availabilityZoneId", "")),
        az=sys.intern(texts.get("availabilityZone", "")),
        vpc_id=sys.intern(texts.get("vpcId", "")),
        cidr=cidr,
        available_ips=available_ips(cidr, None if count is None else int(count)),
        ipv6_cidrs=ipv6_cidrs(map(_ipv6_association, _part(item, "ipv6CidrBlockAssociationSet"))),
        observed_at=now,
    )


def eni(item: Element, account_id: str, region: str) -> Eni:
    """One interface of DescribeNetworkInterfaces; its primary address first.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html. Responses spell the
    NAT gateway's type `nat_gateway`, the API's own list `natGateway`: both become `nat_gateway`.
    """
    fields = {child.tag: child for child in item}
    attachment = fields.get("attachment", _EMPTY)
    kind = _shared(fields, "interfaceType")
    return Eni(
        eni_id=_needed(fields, "networkInterfaceId"),
        subnet_id=_shared(fields, "subnetId"),
        vpc_id=_shared(fields, "vpcId"),
        account_id=account_id,
        owner_id=_shared(fields, "ownerId") or account_id,
        region=region,
        az=_shared(fields, "availabilityZone"),
        status=_shared(fields, "status"),
        interface_type="nat_gateway" if kind == "natGateway" else kind,
        description=_text(fields, "description"),
        addresses=_addresses(fields.get("privateIpAddressesSet", _EMPTY)),
        prefixes=tuple(
            _network(prefix) for part in fields.get("ipv4PrefixSet", _EMPTY) if (prefix := part.findtext("ipv4Prefix"))
        ),
        ipv6_prefixes=len(fields.get("ipv6PrefixSet", _EMPTY)),
        requester_id=_shared(fields, "requesterId"),
        requester_managed=_text(fields, "requesterManaged") == "true",
        instance_id=attachment.findtext("instanceId") or None,
        device_index=_number(attachment.findtext("deviceIndex")),
        network_card_index=_number(attachment.findtext("networkCardIndex")),
        tags=_tags(fields),
    )


def _addresses(found: Element) -> tuple[IPv4Address, ...]:
    primary: list[IPv4Address] = []
    others: list[IPv4Address] = []
    for part in found:
        if text := part.findtext("privateIpAddress"):
            (primary if part.findtext("primary") == "true" else others).append(_address(text))
    return (*primary, *others)


def _address(text: str) -> IPv4Address:
    """The address; made from its number, which is several times faster than from its text.

    Raises: ValueError for anything but four decimal numbers with dots.
    """
    try:
        return IPv4Address(int.from_bytes(inet_pton(AF_INET, text), "big"))
    except OSError as exc:
        raise ValueError(f"{text!r} is not an IPv4 address") from exc


@lru_cache(_BLOCKS)
def _network(text: str) -> IPv4Network:
    address, _, length = text.partition("/")
    return IPv4Network((int(_address(address)), int(length)))


def _ipv6_association(part: Element) -> dict[str, Any]:
    state = part.find("ipv6CidrBlockState")
    return {
        "Ipv6CidrBlock": part.findtext("ipv6CidrBlock"),
        "Ipv6CidrBlockState": None if state is None or not len(state) else {"State": state.findtext("state")},
    }


def _tags(fields: Mapping[str, Element]) -> tuple[tuple[str, str], ...]:
    """Key and value of every tag; the keys, which every interface repeats, are kept once."""
    return tuple(
        (sys.intern(key), part.findtext("value") or "")
        for part in fields.get("tagSet", _EMPTY)
        if (key := part.findtext("key"))
    )


def _text(fields: Mapping[str, Element], name: str) -> str:
    found = fields.get(name)
    return "" if found is None else found.text or ""


def _shared(fields: Mapping[str, Element], name: str) -> str:
    """A text that thousands of items have in common (a zone, a VPC, a status), kept once in memory."""
    return sys.intern(_text(fields, name))


def _part(item: Element, name: str) -> Element:
    found = item.find(name)
    return _EMPTY if found is None else found


def _needed(fields: Mapping[str, Element], name: str) -> str:
    """The text of a field without which the item says nothing.

    Raises: KeyError when it is missing.
    """
    return fields[name].text or ""


def _number(text: str | None) -> int | None:
    return int(text) if text else None
