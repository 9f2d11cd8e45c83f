"""The table `make bench` prints: one row for each subject, ours against a named baseline of the same run."""

import statistics
import time
from collections.abc import Callable

RUNS = 5


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of `work` over `runs` runs."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def heading() -> None:
    print(f"{'subject':<58} {'ours':>13}   {'baseline':<46} {'baseline':>13}   {'ratio':>8}")


def row(subject: str, ours: float, baseline: str, theirs: float) -> None:
    print(
        f"{subject:<58} {ours * 1000:>10.2f} ms   {baseline:<46} {theirs * 1000:>10.2f} ms   {ours / theirs:>6.3f} x",
        flush=True,
    )
