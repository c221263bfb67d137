"""Debian's Chromium without a window, driven by Playwright, which fetches no browser; it reaches this machine alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.server.openapi.daemons.browser import CHROMIUM, COMMON

PATIENCE_MS = 15_000


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Run the browser until the block ends.

    Raises:
        pytest.skip.Exception: there is none on this machine.
    """
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(COMMON), timeout=PATIENCE_MS
        )
        yield browser
        browser.close()
