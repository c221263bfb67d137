"""All that the four views load weighs less than 250 kB."""

from playwright.sync_api import Browser

from tests.server.console.browser.places import Place
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import watching
from tests.server.console.browser.weight import Files, visit_all

MOST_BYTES = 250_000


def test_the_whole_console_weighs_less_than_it_may(chromium: Browser, direct: Place) -> None:
    with watching(chromium, direct) as watched:
        files = Files(watched.page.context)
        visit_all(enter(watched))
        sizes = files.compressed_bytes()
    assert any(address.endswith("/live/view.js") for address in sizes)
    assert sum(sizes.values()) < MOST_BYTES, sizes
