"""Commands that Slack can ask for in a form, and the form offered where too little was given."""

from bot.asking.command import Request, Surface

FORM_VERBS = frozenset({"plan", "silence", "watch"})
"""Verbs that have a form in Slack; alone they open it."""

_LOCAL = frozenset({Surface.ASK, Surface.CONSOLE})


def form_offer(verb: str, request: Request) -> list[str]:
    """The bare verb as a suggestion, which Slack shows as a button to its form; none in a terminal, which has none."""
    return [] if request.surface in _LOCAL else [verb]
