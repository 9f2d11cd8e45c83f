"""Write the dated offline snapshot of EC2 instance type limits that `maxpods` uses without credentials.

Reads the EC2 API's own answer (DescribeInstanceTypes, every page) from an account, or from the copy of it
that moto ships (`--moto`), and writes one JSON document with one instance type a line, so that a new snapshot
reads as a diff:

    python deploy/scripts/instance_types_snapshot.py --moto --date 2026-11-23
    python deploy/scripts/instance_types_snapshot.py --region us-east-1 --date 2026-11-23

The document names its fields in "fields": ENIs of the default network card, IPv4 addresses per ENI (the
primary included), hypervisor (null where EC2 names none, as for bare metal), bare metal, network cards, vCPUs,
memory in MiB, IPv6 addresses per ENI.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import botocore.session

OUTPUT = Path(__file__).resolve().parents[2] / "bot" / "capacity" / "instance_types.json"

FIELDS = (
    "enis_default_card",
    "ipv4_per_eni",
    "hypervisor",
    "bare_metal",
    "network_cards",
    "vcpus",
    "memory_mib",
    "ipv6_per_eni",
)


def instance_types(region: str, endpoint_url: str | None) -> Iterator[Mapping[str, Any]]:
    """Every instance type EC2 describes in `region`, page by page.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html: at most 100
    types a page.
    """
    client: Any = botocore.session.get_session().create_client("ec2", region_name=region, endpoint_url=endpoint_url)
    token = ""
    while True:
        page: Mapping[str, Any] = client.describe_instance_types(
            MaxResults=100, **({"NextToken": token} if token else {})
        )
        yield from page["InstanceTypes"]
        token = page.get("NextToken", "")
        if not token:
            return


def limits(instance_type: Mapping[str, Any]) -> list[object]:
    """The limits of one instance type in the order of FIELDS.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInfo.html: MaximumNetworkInterfaces
    is the sum over all network cards, but the VPC CNI attaches ENIs to the default card only, so the card's own
    figure is taken.
    """
    network = instance_type["NetworkInfo"]
    default_card = network.get("DefaultNetworkCardIndex", 0)
    cards = {card["NetworkCardIndex"]: card for card in network["NetworkCards"]}
    return [
        cards[default_card]["MaximumNetworkInterfaces"],
        network["Ipv4AddressesPerInterface"],
        instance_type.get("Hypervisor") or None,
        instance_type["BareMetal"],
        network["MaximumNetworkCards"],
        instance_type["VCpuInfo"]["DefaultVCpus"],
        instance_type["MemoryInfo"]["SizeInMiB"],
        network.get("Ipv6AddressesPerInterface", 0),
    ]


def document(snapshot_date: date, source: str, types: Mapping[str, list[object]]) -> str:
    """The snapshot as JSON text: the head, then one instance type a line in alphabetical order."""
    head = [
        f'"date": {json.dumps(snapshot_date.isoformat())}',
        f'"source": {json.dumps(source)}',
        f'"fields": {json.dumps(FIELDS)}',
    ]
    lines = [f"{json.dumps(name)}: {json.dumps(types[name], separators=(',', ':'))}" for name in sorted(types)]
    return "{\n" + ",\n".join(head) + ',\n"types": {\n' + ",\n".join(lines) + "\n}}\n"


def main(argv: list[str]) -> int:
    """Write the snapshot and print how many types it holds; 1 when EC2 described none."""
    parser = argparse.ArgumentParser(description="Write bot/capacity/instance_types.json.")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="date of the answer, YYYY-MM-DD")
    parser.add_argument("--moto", action="store_true", help="read the copy of EC2's answer that moto ships")
    parser.add_argument("--region", default="us-east-1", help="region to ask (default us-east-1)")
    parser.add_argument("--endpoint-url", help="ask this EC2 endpoint instead of AWS's own")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file to write")
    options = parser.parse_args(argv)

    source = f"ec2:DescribeInstanceTypes {options.region}"
    world: AbstractContextManager[object] = nullcontext()
    if options.moto:
        import moto

        source = f"ec2:DescribeInstanceTypes as shipped in moto {moto.__version__}"
        world = moto.mock_aws()
    with world:
        types = {item["InstanceType"]: limits(item) for item in instance_types(options.region, options.endpoint_url)}
    if not types:
        print("EC2 described no instance type: nothing written.", file=sys.stderr)
        return 1
    options.output.write_text(document(options.date, source, types), encoding="utf-8")
    print(f"{len(types)} instance types")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
