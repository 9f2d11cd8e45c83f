"""Settings of all tests: generated cases are the same everywhere and leave nothing on the disk."""

from hypothesis import settings

settings.register_profile("eksip", deadline=None, database=None, derandomize=True)
settings.load_profile("eksip")
