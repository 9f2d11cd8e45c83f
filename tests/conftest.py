"""Settings of all tests: generated cases repeat and leave no file; no test changes another one's logging."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("eksip", deadline=None, database=None, derandomize=True)
settings.load_profile("eksip")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of stories first: they wait more than they compute, and one that starts last keeps a single worker busy."""
    items.sort(key=lambda item: item.get_closest_marker("story") is None)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """The command line sets handlers and levels of the whole process; what a test sets ends with it."""
    loggers = [logging.getLogger(name) for name in (None, "bot", "knowledge")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
