"""`make bench`: how fast, as ratios against a named baseline of the same run. Prints a table, asserts no time."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.blocks import block_map
from bot.inventory import Eni
from knowledge import load

RUNS = 5


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of `work` over `runs` runs."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def row(subject: str, ours: float, baseline: str, theirs: float) -> None:
    print(f"{subject:<46} {ours * 1000:>10.2f} ms   {baseline:<38} {theirs * 1000:>10.2f} ms   {ours / theirs:>6.2f} x")


def process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def interfaces(count: int, per_eni: int, subnet: IPv4Network, seed: int = 7) -> list[Eni]:
    """Interfaces with scattered addresses, as EC2 hands them out."""
    chosen = iter(random.Random(seed).sample(range(4, subnet.num_addresses - 1), count * per_eni))
    return [
        Eni(
            eni_id=f"eni-{number}",
            subnet_id="subnet-1",
            vpc_id="vpc-1",
            account_id="111122223333",
            owner_id="111122223333",
            region="eu-west-1",
            az="eu-west-1a",
            status="in-use",
            interface_type="interface",
            description="",
            addresses=tuple(subnet.network_address + next(chosen) for _ in range(per_eni)),
        )
        for number in range(count)
    ]


def free_blocks_by_sets(subnet: IPv4Network, enis: list[Eni]) -> int:
    """The baseline: a set of addresses and every /28 asked address by address."""
    used: set[IPv4Address] = {address for eni in enis for address in eni.addresses}
    blocks = list(subnet.subnets(new_prefix=28))[1:-1]
    return sum(all(address not in used for address in block) for block in blocks)


def main() -> None:
    print(f"{'subject':<46} {'ours':>13}   {'baseline':<38} {'baseline':>13}   {'ratio':>8}")
    interpreter = seconds(process("-c", "pass"))
    row(
        "ask maxpods m5.large, cold start",
        seconds(process("-m", "bot", "ask", "maxpods", "m5.large")),
        "python -c pass",
        interpreter,
    )
    row(
        "ask explain prefix delegation, cold start",
        seconds(process("-m", "bot", "ask", "explain", "prefix", "delegation")),
        "python -c pass",
        interpreter,
    )
    subnet = IPv4Network("10.0.0.0/20")
    enis = interfaces(200, 10, subnet)
    assert block_map(subnet, enis).free == free_blocks_by_sets(subnet, enis)
    ours, theirs = seconds(lambda: block_map(subnet, enis)), seconds(lambda: free_blocks_by_sets(subnet, enis))
    row("block map of a /20 with 200 interfaces", ours, "sets of ipaddress objects", theirs)
    base = load()
    base.answer("warm the index")
    questions = [
        "failed to assign an IP address to container",
        "how many pods on m5.large",
        "prefix vs custom networking",
    ]
    answering = seconds(lambda: [base.answer(question) for question in questions]) / len(questions)
    scanning = seconds(
        lambda: [
            question.lower() in section.text.lower()
            for question in questions
            for topic in base.topics
            for section in topic.sections
        ]
    ) / len(questions)
    row("one question to the knowledge base", answering, "substring scan of every section", scanning)


if __name__ == "__main__":
    main()
