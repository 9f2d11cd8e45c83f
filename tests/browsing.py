"""The system's headless Chromium for tests that look at a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A headless Chromium; without one the test is skipped, or fails where a browser is required."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        reason = f"No Chromium on this machine (looked for {', '.join(CHROMIUM_NAMES)})."
        # The runner's own switch, not a setting of the program: `.ci/run` installs a browser and must not skip.
        if os.environ.get("REQUIRE_BROWSER") == "1":  # noqa: TID251 - a test's switch, no Settings here
            pytest.fail(f"{reason} REQUIRE_BROWSER=1 requires one.")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
