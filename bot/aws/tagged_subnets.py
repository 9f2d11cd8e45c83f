"""The subnets of one VPC as they are now, with the tags by which the VPC CNI chooses where new interfaces go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from bot.aws import ec2_pages
from bot.aws.errors import translated
from bot.aws.queries import Place
from bot.inventory import Subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedSubnet:
    """A subnet and its tags; `tags` is None where another account owns it, since its tags are then not visible.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    """

    subnet: Subnet
    tags: Mapping[str, str] | None


def tagged_subnets(place: Place, vpc_id: str, now: datetime) -> tuple[TaggedSubnet, ...]:
    """Every subnet of the VPC that the account sees (DescribeSubnets).

    Raises: QueryError.
    """
    with translated(place.account, place.region, "DescribeSubnets"):
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
        found = []
        for item in ec2_pages.every_item(place.ec2.describe_subnets, "Subnets", Filters=filters):
            subnet = ec2_pages.subnet(item, place.account.account_id, place.region, now)
            own = subnet.account_id == place.account.account_id
            found.append(TaggedSubnet(subnet=subnet, tags=_tags(item) if own else None))
        return tuple(found)


def _tags(item: Element) -> dict[str, str]:
    parts = item.iterfind("tagSet/item")
    return {key: part.findtext("value") or "" for part in parts if (key := part.findtext("key"))}
