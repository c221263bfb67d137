"""What the console's page weighs and how soon something of it is to be seen."""

import gzip

from playwright.sync_api import BrowserContext, Page, Response

from tests.server.console.browser.states import view

VIEWS = ("Search", "Playground", "Map", "Live")
FILES = {"document", "font", "image", "script", "stylesheet"}
FIRST_PAINT = """
new Promise(resolve => new PerformanceObserver(list => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime);
}).observe({ type: "paint", buffered: true }))
"""


class Files:
    """The files that a context's pages load: not what they ask of the API."""

    def __init__(self, context: BrowserContext) -> None:
        self._responses: list[Response] = []
        context.on("response", self._note)

    def compressed_bytes(self) -> dict[str, int]:
        """Return the size of each file by its address, as gzip leaves it."""
        return {one.url: len(gzip.compress(one.body())) for one in self._responses}

    def _note(self, response: Response) -> None:
        if response.request.resource_type in FILES and response.ok:
            self._responses.append(response)


def first_paint_ms(page: Page) -> float:
    """Return when, after the page was asked for, its first text or picture was painted."""
    found: float = page.evaluate(FIRST_PAINT)
    return found


def visit_all(page: Page) -> None:
    """Show each view, so that all files of the console are loaded."""
    for name in VIEWS:
        with view(page, name):
            pass
