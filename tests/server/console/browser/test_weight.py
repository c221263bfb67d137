"""All that the four views load weighs less than 250 kB."""

from playwright.sync_api import Browser, expect

from tests.server.console.browser.places import Place
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import watching
from tests.server.console.browser.weight import Files

MOST_BYTES = 250_000


def test_the_whole_console_weighs_less_than_it_may(chromium: Browser, direct: Place) -> None:
    with watching(chromium, direct) as watched:
        files = Files(watched.page.context)
        page = enter(watched)
        for name in ("Search", "Playground", "Map", "Live"):
            page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()
            expect(page).to_have_title(f"{name} · vecd")
        sizes = files.compressed_bytes()
    assert any(address.endswith("/live/view.js") for address in sizes)
    assert sum(sizes.values()) < MOST_BYTES, sizes
