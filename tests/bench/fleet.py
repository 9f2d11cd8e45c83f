"""Reading a fleet in `make bench`: a sweep of 80,000 subnets, 200,000 interfaces, and answers on the full inventory.

The fleet is the tests' load endpoint in a process of its own, with 20 ms before every answer; each way of reading it
runs in a process of its own too, so that its memory is its own. What would take minutes is measured on a part of the
fleet and scaled, and says so.
"""

import json
import math
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import botocore.session
from botocore.config import Config

from bot.asking.command import Request
from bot.aws.reader import Reader
from bot.aws.seen_subnets import SeenSubnets
from bot.aws.sessions import Sessions
from bot.commands import dispatch
from bot.config import aws_environment, load
from bot.inventory import Account, Cluster, CniSettings, Inventory, RegionFacts
from bot.metrics import counted
from bot.wiring.collecting import full_collections_apart
from bot.wiring.parts import Parts

from .table import row

WORKERS = 32
LATENCY_SECONDS = 0.02
PER_ACCOUNT = 25
"""Accounts that the sessions of their own are measured on: 100 account-regions."""
PER_CLIENT = 50
"""Accounts that the clients of their own are measured on: 200 account-regions."""
INTERFACE_PAGES = 20
ANSWERS = 20

Place = tuple[str, str]


def measure() -> None:
    """Print the rows."""
    from endpoint.plan import full_fleet
    from endpoint.process import running

    fleet = full_fleet()
    places = len(fleet.accounts) * len(fleet.offered)
    with running(fleet, prerender=("DescribeSubnets",)) as endpoint:
        endpoint.set_latency(LATENCY_SECONDS)
        # The floor asks one account for everything, which its own quota would not allow.
        endpoint.set_bucket(1e6, 1e6, account_id=fleet.management_id)
        # Twice, turn by turn, and the better of each: one busy moment of the machine would else decide the ratio.
        floors, own = zip(
            *((_apart(way, endpoint.environment, len(fleet.accounts)) for way in ("floor", "ours")) for _ in range(2)),
            strict=True,
        )
        floor, ours = (min(found, key=lambda one: one["seconds"]) for found in (floors, own))
        sessions = _apart("sessions", endpoint.environment, PER_ACCOUNT)
        clients = _apart("clients", endpoint.environment, PER_CLIENT)
        assert (ours["subnets"], ours["regions"]) == (fleet.subnet_count, places)
        subject = f"sweep of {ours['subnets']:,} subnets in {places:,} account-regions"
        row(subject, ours["seconds"], "same calls, body discarded (floor)", floor["seconds"])
        row("… CPU of the process", ours["cpu_seconds"], "floor", floor["cpu_seconds"])
        for words, name in (("every count has changed since the last", "changed"), ("nothing is known before", "new")):
            row(f"… when {words}", ours[f"{name}_seconds"], "floor", floor["seconds"])
            row("… CPU of the process then", ours[f"{name}_cpu_seconds"], "floor", floor["cpu_seconds"])
        scaled = places / (PER_ACCOUNT * len(fleet.offered))
        row(subject, ours["seconds"], f"Session per account, 1/{scaled:.0f} scaled", sessions["seconds"] * scaled)
        scaled = places / (PER_CLIENT * len(fleet.offered))
        row(subject, ours["seconds"], f"one Session, own clients, 1/{scaled:.0f} scaled", clients["seconds"] * scaled)
        figure("… memory at its peak", ours["mib"], "MiB", "aim", 400)
        figure("… calls", ours["calls"], "calls", "one a page of 1,000 and account-region", places)
        row("… the first sweep, roles and VPCs included", ours["first_seconds"], "the sweep after it", ours["seconds"])
        endpoint.set_latency(0)
        answered = _apart("answers", endpoint.environment, len(fleet.accounts))
        for name, words in (("all", "status all"), ("cluster", "status cluster")):
            row(f"{words} on {answered['subnets']:,} subnets, p95", answered[name], "aim", 0.150)
    _interfaces()


def figure(subject: str, ours: float, unit: str, baseline: str, theirs: float) -> None:
    """Print a row of the table whose figures are no times."""
    print(
        f"{subject:<58} {ours:>9,.0f} {unit:<5} {baseline:<46} {theirs:>9,.0f} {unit:<5} {ours / theirs:>6.3f} x",
        flush=True,
    )


def _apart(way: str, environ: dict[str, str], accounts: int) -> dict[str, Any]:
    """The figures of one way of reading, in a process of its own."""
    given = json.dumps({"way": way, "environ": environ, "accounts": accounts})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.fleet"], input=given, text=True, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    given = json.loads(sys.stdin.readline())
    ways: dict[str, Callable[[str, int], dict[str, Any]]] = {
        "ours": _ours,
        "floor": _floor,
        "sessions": _session_per_account,
        "clients": _client_per_place,
        "answers": _answers,
        "interfaces": _both_parsers,
    }
    with aws_environment(given["environ"]):
        print(json.dumps(ways[given["way"]](given["environ"]["AWS_ENDPOINT_URL"], given["accounts"])))


def _ours(_url: str, accounts: int) -> dict[str, Any]:
    """Our reader, collecting as `serve` does: a first sweep, then as every poll reads.

    Then the same with another count of addresses in every subnet, and as if each subnet had not been there before.
    """
    from endpoint.plan import REGIONS, account_id, role_arn

    known = tuple(
        Account(account_id=name, name=name, role_arns=(role_arn(name),), regions=REGIONS)
        for name in map(account_id, range(accounts))
    )
    sessions = Sessions(workers=WORKERS)
    reader = Reader(accounts=known, workers=WORKERS, now=_now, sessions=sessions)
    inventory: Inventory | None = None

    def swept(name: str) -> dict[str, Any]:
        nonlocal inventory
        calls, started, cpu = counted("eksip_aws_calls_total"), time.perf_counter(), time.process_time()
        inventory = reader.sweep(clusters=False, known=inventory)
        return {
            f"{name}seconds": time.perf_counter() - started,
            f"{name}cpu_seconds": time.process_time() - cpu,
            f"{name}calls": counted("eksip_aws_calls_total") - calls,
            f"{name}subnets": len(inventory.subnets),
            f"{name}regions": sum(facts.subnets_complete for facts in inventory.regions),
        }

    with full_collections_apart():
        found = {**swept("first_"), **swept("")}
        for region in REGIONS:
            events = sessions.ec2(known[0], region).meta.events
            events.register_first("before-parse.ec2.DescribeSubnets", cast("Any", _other_counts))
        found |= swept("changed_")
        sessions.seen_subnets = SeenSubnets()
        found |= swept("new_")
    return {**found, "mib": _peak_mib()}


def _floor(url: str, accounts: int) -> dict[str, Any]:
    """The same calls by plain botocore, a client a region, and nothing done with what comes back."""
    session = botocore.session.Session()
    discard: Any = _discard  # botocore's stubs want handlers that name none of their arguments
    session.register("before-parse.ec2.DescribeSubnets", discard)
    clients = {region: _client(session, url, _key(0), region) for _, region in _places(1)}
    return _timed(lambda place: clients[place[1]].describe_subnets(MaxResults=1000), _places(accounts))


def _session_per_account(url: str, accounts: int) -> dict[str, Any]:
    """A session for each account, with its clients, made and given up on the way: as most tools do it."""

    def account(number: int) -> None:
        session = botocore.session.Session()
        for key, region in _places(1, first=number):
            assert _listed(_client(session, url, key, region))

    return _timed(account, range(accounts))


def _client_per_place(url: str, accounts: int) -> dict[str, Any]:
    """One session whose loader all share, and a client for each account and region."""
    session = botocore.session.Session()
    # Making clients of one session is not safe from several threads, so it comes first.
    started = time.perf_counter()
    clients = [_client(session, url, name, region) for name, region in _places(accounts)]
    made = time.perf_counter() - started
    found = _timed(_listed, clients)
    return {**found, "seconds": found["seconds"] + made}


def _listed(client: Any) -> int:
    pages = client.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 1000})
    return sum(len(page["Subnets"]) for page in pages)


def _client(session: botocore.session.Session, url: str, access_key: str, region: str) -> Any:
    return session.create_client(
        "ec2",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key="s" * 40,
        config=Config(max_pool_connections=WORKERS, retries={"mode": "standard", "total_max_attempts": 6}),
    )


def _discard(response_dict: dict[str, Any], **_: object) -> None:
    response_dict["body"] = b"<DescribeSubnetsResponse/>"


def _other_counts(response_dict: dict[str, Any], **_: object) -> None:
    """The answer with one address more or less free in every subnet."""
    ending = b"</availableIpAddressCount>"
    *parts, rest = response_dict["body"].split(ending)
    response_dict["body"] = ending.join([*(part[:-1] + b"%d" % (int(part[-1:]) ^ 1) for part in parts), rest])


def _key(number: int) -> str:
    from endpoint.plan import account_id, base_access_key

    return base_access_key(account_id(number))


def _places(accounts: int, first: int = 0) -> list[Place]:
    """The access keys and regions of so many accounts."""
    from endpoint.plan import REGIONS

    return [(_key(number), region) for number in range(first, first + accounts) for region in REGIONS]


def _timed(work: Callable[[Any], object], over: Sequence[object]) -> dict[str, Any]:
    started, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        list(pool.map(work, over))
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "mib": _peak_mib(),
    }


def _peak_mib() -> float:
    """The most memory this process has had.

    Linux counts in ru_maxrss what the parent had when it forked, but starts VmHWM anew with the program.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE) if status.exists() else None
    if found:
        return int(found[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (real reads in real time)


def _interfaces() -> None:
    """Pages of 1,000 interfaces, by us and by botocore's parser, in one process of their own and without latency."""
    from endpoint.plan import RegionPlan, small_fleet
    from endpoint.process import running

    count = 1000 * INTERFACE_PAGES
    plan = RegionPlan(region="", subnets=40, interfaces=count, addresses=10)
    fleet = small_fleet(accounts=1, regions=("eu-west-1",), plan=plan)
    with running(fleet, prerender=("DescribeNetworkInterfaces",)) as endpoint:
        found = _apart("interfaces", endpoint.environment, len(fleet.accounts))
    assert found["ours"] == found["theirs"] == count
    scale = 200_000 / count
    ours, theirs = found["seconds"] * scale, found["theirs_seconds"] * scale
    row(f"200,000 interfaces, 1/{scale:.0f} scaled", ours, "botocore's parser, same pages", theirs)


def _both_parsers(url: str, _accounts: int) -> dict[str, Any]:
    """The interfaces of one account and region, by our reader and by a paginator of botocore's; both collect alike."""
    from endpoint.plan import account_id, role_arn

    name = account_id(0)
    account = Account(account_id=name, name=name, role_arns=(role_arn(name),), regions=("eu-west-1",))
    client = _client(botocore.session.Session(), url, _key(0), "eu-west-1")
    with full_collections_apart():
        started = time.perf_counter()
        enis = Reader(accounts=(account,), now=_now).read_interfaces(account, "eu-west-1").enis
        ours = time.perf_counter() - started
        started = time.perf_counter()
        pages = client.get_paginator("describe_network_interfaces").paginate(PaginationConfig={"PageSize": 1000})
        theirs = sum(len(page["NetworkInterfaces"]) for page in pages)
        taken = time.perf_counter() - started
    return {"ours": len(enis), "seconds": ours, "theirs": theirs, "theirs_seconds": taken}


def _answers(_url: str, accounts: int) -> dict[str, Any]:
    """`status` on the full inventory, in a process that collects as `serve` does; AWS is asked once, before."""
    from endpoint.plan import REGIONS, account_id, role_arn

    configured = [
        {"account_id": name, "name": name, "role_arn": role_arn(name)} for name in map(account_id, range(accounts))
    ]
    with TemporaryDirectory() as folder, full_collections_apart():
        aws = {"accounts": configured, "regions": list(REGIONS), "workers": WORKERS}
        parts = Parts(load({"DATABASE_URL": f"sqlite:///{folder}/bench.db"}, {"aws": aws}))
        swept = parts.reader.sweep(clusters=False)
        inventory = replace(
            swept, regions=tuple(replace(facts, clusters=(_cluster(facts),)) for facts in swept.regions)
        )
        parts.facts.feed()
        parts.facts.put(inventory)
        cluster = inventory.clusters[len(inventory.clusters) // 2]
        found: dict[str, Any] = {"subnets": len(inventory.subnets)}
        for name, text in (("all", "status all"), ("cluster", f"status cluster:{cluster.name}")):
            answer = partial(dispatch, Request(text=text), parts.services)
            assert answer().failure is None
            found[name] = _p95(answer)
        parts.close()
    return found


def _cluster(facts: RegionFacts) -> Cluster:
    """A cluster on the first subnets of a place: reading EKS for 2,000 of them is not what is measured."""
    return Cluster(
        name=f"{facts.account_id}-{facts.region}",
        account_id=facts.account_id,
        region=facts.region,
        version="1.33",
        status="ACTIVE",
        vpc_id=facts.subnets[0].vpc_id,
        subnet_ids=tuple(subnet.subnet_id for subnet in facts.subnets[:6]),
        ip_family="ipv4",
        cni=CniSettings(source="addon"),
    )


def _p95(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ANSWERS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return sorted(taken)[math.ceil(0.95 * len(taken)) - 1]


if __name__ == "__main__":
    _main()
