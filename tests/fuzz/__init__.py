"""Fuzz: commands and Slack payloads nobody would think of, against the real app, by a seed.

`python -m tests.fuzz --count 10000 --seed 7` runs it at full size; `tests/test_fuzz.py` at a small one. Each run is one
delivery of Slack's to the app's own handlers, which answer over the real dispatcher and the demo's AWS; Slack's side is
an endpoint on the loopback interface that checks all it is sent.
"""
