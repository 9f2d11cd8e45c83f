"""The composition root: settings -> running parts."""

from bot.wiring.parts import Parts, asking

__all__ = ["Parts", "asking"]
