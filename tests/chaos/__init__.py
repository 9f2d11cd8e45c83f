"""Chaos: alert episodes while everything around the bot breaks, and the bot itself is killed, by a seeded plan.

`python -m tests.chaos --episodes 500 --seed 7` runs it at full size; `tests/test_chaos.py` at a small one. Each site is
a bot of its own (one process, or two replicas) between an AWS, a Slack and a database that fail as its plan says.
"""
