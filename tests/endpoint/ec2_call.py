"""One EC2 request: its ids, its filters, and its page within EC2's limits.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (the page of each operation).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TypeVar

from .answers import ApiError, Caller, Request
from .content import SubnetState
from .estate import Estate
from .pages import Pages

T = TypeVar("T")
Values = Callable[[T, str], Iterable[object] | None]

FILTER_VALUES = 200
"""Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html (values of one request)."""
LARGEST = {"DescribeInstanceTypes": 100, "DescribeRouteTables": 100}
"""MaxResults goes from 5 to 1000 unless it is here. Source: the page of each operation."""
_EXCLUDE_PAGES = {
    "DescribeNetworkInterfaces": "NetworkInterfaceId",
    "DescribeInstances": "InstanceId",
    "DescribeInstanceTypes": "InstanceType",
}
"""The ids that MaxResults may not come with, by operation."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One EC2 request and the account it is made for."""

    estate: Estate
    pages: Pages
    caller: Caller
    request: Request

    @property
    def action(self) -> str:
        """The operation."""
        return self.request.form["Action"]

    def ids(self, name: str) -> list[str]:
        """The values of a list of the request, such as SubnetId.1, SubnetId.2."""
        form, found = self.request.form, list[str]()
        while (value := form.get(f"{name}.{len(found) + 1}")) is not None:
            found.append(value)
        return found

    @cached_property
    def filters(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The filters of the request with their values.

        Raises: ApiError FilterLimitExceeded.
        """
        form, found = self.request.form, list[tuple[str, tuple[str, ...]]]()
        while name := form.get(f"Filter.{len(found) + 1}.Name"):
            found.append((name, tuple(self.ids(f"Filter.{len(found) + 1}.Value"))))
        if sum(len(values) for _, values in found) > FILTER_VALUES:
            raise ApiError("FilterLimitExceeded", f"The maximum number of filter values is {FILTER_VALUES}.")
        return tuple(found)

    @cached_property
    def size(self) -> int | None:
        """MaxResults.

        Raises: ApiError InvalidParameterValue out of range, InvalidParameterCombination with ids.
        """
        text = self.request.form.get("MaxResults")
        if text is None:
            return None
        largest = LARGEST.get(self.action, 1000)
        if not text.isdecimal() or not 5 <= int(text) <= largest:
            raise ApiError(
                "InvalidParameterValue",
                f"Value ( {text} ) for parameter maxResults is invalid. Expecting a value between 5 and {largest}.",
            )
        ids = _EXCLUDE_PAGES.get(self.action)
        if ids and self.ids(ids):
            raise ApiError("InvalidParameterCombination", f"The parameter {ids} cannot be used with maxResults")
        return int(text)

    @cached_property
    def position(self) -> tuple[int, int]:
        """Where the page starts and which listing it belongs to, as NextToken says; -1 for a new listing.

        Raises: ApiError InvalidNextToken.
        """
        token = self.request.form.get("NextToken")
        if not token:
            return 0, -1
        try:
            start, _, listing = base64.b64decode(token, validate=True).decode().partition(":")
            return int(start), int(listing)
        except (binascii.Error, ValueError) as exc:
            raise ApiError("InvalidNextToken", "The specified nextToken is not valid.") from exc

    def page(self, items: Sequence[T], listing: int = 0) -> tuple[Sequence[T], str]:
        """One page of the items and the token of the next, "" after the last."""
        start, size = self.position[0], self.size or LARGEST.get(self.action, 1000)
        more = start + size < len(items)
        token = base64.b64encode(f"{start + size}:{listing}".encode()).decode() if more else ""
        return items[start : start + size], token

    def filtered(self, items: Sequence[T], values: Values[T]) -> Sequence[T]:
        """The items that match every filter; the values of one are alternatives, with * and ? as wildcards.

        Raises: ApiError InvalidParameterValue for a filter that the operation does not have.
        """
        for name, wanted in self.filters:
            plain = {value for value in wanted if "*" not in value and "?" not in value}
            patterns = [value for value in wanted if value not in plain]
            kept = []
            for item in items:
                got = values(item, name)
                if got is None:
                    raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
                texts = [str(value) for value in got]
                if not plain.isdisjoint(texts) or any(fnmatchcase(text, part) for text in texts for part in patterns):
                    kept.append(item)
            items = kept
        return items

    def zone(self, subnet: SubnetState) -> tuple[str, str]:
        """Name and id of the subnet's zone, as the caller names it."""
        return self.estate.zone(self.caller.account_id, self.caller.region, subnet.zone)


def is_unpaginated_listing(request: Request) -> bool:
    """Whether the request is one of those that EC2 gives the smaller bucket: neither filter, nor page, nor ids."""
    names = {"MaxResults", "Filter", *_EXCLUDE_PAGES.values()}
    return not any(key.partition(".")[0] in names for key in request.form)
