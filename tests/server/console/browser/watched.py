"""A page of the console under watch: whatever the browser complains of, and whatever it asks of another place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, ViewportSize

from tests.server.console.browser.chromium import PATIENCE_MS
from tests.server.console.browser.places import Place

Theme = Literal["light", "dark"]
Width = Literal["wide", "phone"]
SIZES: dict[Width, ViewportSize] = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
THEMES: tuple[Theme, ...] = ("light", "dark")
# Addresses of the page's own making, which nobody is asked for.
INNER = ("data:", "blob:", "about:")
# Runs before the page's own scripts: what its policy stops becomes a line of the browser's console.
WATCH = """
document.addEventListener("securitypolicyviolation", event =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Complaints(msgspec.Struct):
    """What was noticed: lines of the console, addresses elsewhere, and the policies that pages came with."""

    lines: list[str] = []
    elsewhere: list[str] = []
    policies: list[str] = []


class Watched:
    """One page at one place."""

    def __init__(self, context: BrowserContext, place: Place) -> None:
        self.place = place
        self.found = Complaints()
        self.forgiven: list[str] = []
        self._context = context
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.found.lines.append(str(error.error)))
        context.on("request", self._see)
        context.on("response", self._read)
        self.page: Page = context.new_page()

    def go(self, view: str = "search") -> Page:
        """Open a view as a person does who has its address."""
        self.page.goto(f"{self.place.url}/#{view}")
        return self.page

    def forgive(self, words: str) -> None:
        """Take no offence at lines of the console that hold these words: the test means to have them there."""
        self.forgiven.append(words)

    def judge(self) -> None:
        """Fail if anything was noticed that must not be."""
        lines = [line for line in self.found.lines if not any(words in line for words in self.forgiven)]
        assert lines == [], f"the browser complains: {lines}"
        assert self.found.elsewhere == [], f"asked of another place: {self.found.elsewhere}"
        assert self.found.policies, "no page was opened"
        for policy in self.found.policies:
            assert "default-src 'none'" in policy, policy
            assert "unsafe" not in policy, policy

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.found.lines.append(f"{message.text} ({message.location['url']})")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((f"{self.place.url}/", *INNER)):
            self.found.elsewhere.append(request.url)

    def _read(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.found.policies.append(response.headers.get("content-security-policy", ""))


@contextmanager
def watching(
    browser: Browser, place: Place, *, theme: Theme = "light", width: Width = "wide", **options: Any
) -> Iterator[Watched]:
    """Give a fresh page, and judge what was noticed when the block ends well."""
    context = browser.new_context(
        viewport=SIZES[width], color_scheme=theme, reduced_motion="reduce", locale="en-GB", **options
    )
    try:
        watched = Watched(context, place)
        yield watched
        watched.judge()
    finally:
        context.close()
