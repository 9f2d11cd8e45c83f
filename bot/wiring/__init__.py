"""The composition root: settings -> running parts."""

from bot.wiring.parts import Parts, answering, asking

__all__ = ["Parts", "answering", "asking"]
