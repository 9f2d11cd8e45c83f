"""`make fuzz`: 10,000 deliveries by a seed; prints the seed, the figures, and faults with their deliveries' numbers."""

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

# The tests' builders go by their bare names, as pytest has it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from .fuzzing import fuzzer

SHOWN, SHOWN_CHARACTERS, KIN = 25, 800, 60
"""Faults that are printed, how much of what led to each, and the last characters by which two are the same fault.

Its number brings a delivery back: `--first N --count 1`; what earlier ones stored is missing then.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run it; 0 when there was no fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None, help="another one each time where left out")
    parser.add_argument("--first", type=int, default=0, help="the number of the first delivery, to repeat one")
    given = parser.parse_args(words)
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with fuzzer() as fuzz:
        began = time.monotonic()
        report = fuzz.run(seed, given.count, first=given.first)
        seconds = time.monotonic() - began
    different = {fault.what[-KIN:]: fault for fault in reversed(report.faults)}
    for fault in sorted(different.values(), key=lambda fault: fault.number)[:SHOWN]:
        print(f"\n{fault.number} ({fault.kind}): {fault.what}\n  given: {fault.given[:SHOWN_CHARACTERS]}")
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in report.kinds.most_common())
    print(f"\n{kinds}")
    if report.faults:
        print("faults:", dict(Counter(fault.what[:60] for fault in report.faults).most_common(SHOWN)))
    print(
        f"seed {seed}: {report.runs:,} deliveries, {report.calls:,} calls to Slack checked, {report.answers:,} "
        f"deliveries with an answer, {len(report.faults)} faults, {seconds:.0f} s"
    )
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
