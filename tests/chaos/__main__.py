"""`make chaos`: at least 500 episodes on several sites at once; prints the seed, what happened, and the verdict."""

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

# The tests' builders go by their bare names, as pytest has it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from .plan import Break, Database, Plan, plan
from .site import Report, site

SITES = 4
EPISODES_PER_SECOND = 0.6
"""At most this many on one site: Slack takes 45 edits a minute, and each episode ends with one."""


def plans(seed: int, episodes: int) -> tuple[Plan, ...]:
    """The plans of the four sites: SQLite, SQLite without leave to read history, PostgreSQL, and two replicas on it."""
    share = -(-episodes // SITES)
    seconds = max(share / EPISODES_PER_SECOND, 20.0)
    a_site = partial(
        plan, seed, episodes=share, kills=max(int(seconds / 20), 3), troubles=int(seconds / 3), seconds=seconds
    )
    return (
        a_site("sqlite"),
        a_site("sqlite-no-history", reads_history=False),
        a_site("postgresql", database=Database.POSTGRESQL),
        a_site("two-replicas", database=Database.POSTGRESQL, replicas=2),
    )


def main(words: Sequence[str] | None = None) -> int:
    """Run it; 0 when nothing was lost and no more was doubled than may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--episodes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None, help="the plan's seed; another one each time where left out")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which it is given up")
    parser.add_argument("--only", default="", help="the one site to run, by its name")
    given = parser.parse_args(words)
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    folder = Path(mkdtemp(prefix="eksip-chaos-"))
    print(f"seed {seed}; the logs are in {folder}", flush=True)
    began = time.monotonic()
    wanted = [one for one in plans(seed, given.episodes) if given.only in ("", one.name)]
    with ExitStack() as stack:
        # One after the other: Alembic's context is one for the whole process.
        sites = [stack.enter_context(site(one, folder)) for one in wanted]
        pool = stack.enter_context(ThreadPoolExecutor(len(sites)))
        reports = list(pool.map(lambda one: one.run(given.limit), sites))
    for report in reports:
        _print(report)
    _print_sum(reports, seed, time.monotonic() - began)
    return 0 if all(map(is_good, reports)) else 1


def is_good(report: Report) -> bool:
    """Whether the site lost nothing, ended everything, and doubled nothing that its history could have told it of."""
    allowed = 0 if report.plan.reads_history else report.doubtful_posts
    verdict = report.verdict
    return not (report.timed_out or verdict.lost or verdict.unresolved) and verdict.duplicates <= allowed


def _print(report: Report) -> None:
    verdict = report.verdict
    bound = "" if report.plan.reads_history else f" (at most {report.doubtful_posts} without history)"
    print(f"\n{report.plan.name}: {len(report.plan.episodes)} episodes in {report.seconds:.0f} s")
    print(f"  {report.kills} SIGKILLs, {report.other_ends} other ends, {sum(report.troubles.values())} faults")
    print(f"  {report.posts} posts ({report.doubtful_posts} doubtful), {report.edits} edits")
    print(f"  lost {len(verdict.lost)}, unresolved {len(verdict.unresolved)}, duplicates {verdict.duplicates}{bound}")
    for name, found in (
        ("lost", verdict.lost),
        ("unresolved", verdict.unresolved),
        ("doubled", verdict.doubled),
        ("split", verdict.split),
    ):
        if found:
            print(f"    {name}: {', '.join(found[:10])}")
    if report.timed_out:
        print(f"    given up while waiting for {report.timed_out}")


def _print_sum(reports: Sequence[Report], seed: int, seconds: float) -> None:
    troubles: Counter[Break] = sum((report.troubles for report in reports), Counter())
    verdicts = [report.verdict for report in reports]
    told = ", ".join(
        f"{what.value} {count}" for what, count in sorted(troubles.items(), key=lambda item: item[0].value)
    )
    print(f"\nfaults: {told}")
    print(
        f"seed {seed}: {sum(len(report.plan.episodes) for report in reports)} episodes, "
        f"{sum(report.kills for report in reports)} SIGKILLs, {sum(troubles.values())} faults, "
        f"lost {sum(len(verdict.lost) for verdict in verdicts)}, "
        f"unresolved {sum(len(verdict.unresolved) for verdict in verdicts)}, "
        f"duplicates {sum(verdict.duplicates for verdict in verdicts)}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
