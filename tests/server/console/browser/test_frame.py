"""The frame around the views: what it says of a view that cannot be shown, and how a person gets on."""

from playwright.sync_api import ConsoleMessage, Page, expect

from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import Watched

BROKEN = 'export const title = "Map"; export function mount() { throw new Error("no such thing"); }'


def to_the_map(page: Page) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Map").click()


def tells(message: ConsoleMessage) -> bool:
    return "no such thing" in message.text


def test_a_view_of_another_version_is_there_when_the_page_is_loaded_again(watched: Watched) -> None:
    watched.forgive("404")
    watched.forgive("Failed to fetch dynamically imported module")
    page = enter(watched)
    page.route("**/map/view.js", lambda route: route.fulfill(status=404))
    to_the_map(page)
    expect(page.get_by_role("alert")).to_contain_text("This view could not be shown")
    page.unroute_all()
    page.get_by_role("button", name="Reload the page").click()
    expect(page).to_have_title("Map · vecd")


def test_a_view_that_fails_is_told_and_others_are_shown(watched: Watched) -> None:
    watched.forgive("no such thing")
    page = enter(watched)
    page.route("**/map/view.js", lambda route: route.fulfill(body=BROKEN, content_type="text/javascript"))
    for _ in range(2):  # the second click tries again
        with page.expect_console_message(tells):
            to_the_map(page)
        expect(page.get_by_role("alert")).to_contain_text("This view could not be shown")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Live").click()
    expect(page).to_have_title("Live · vecd")
