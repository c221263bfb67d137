"""The main things are done without a pointer: each test has a keyboard alone."""

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.server.console.browser.notes import fill
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import box, documents, enter, results
from tests.server.console.browser.watched import Watched
from tests.server.polling import until

MOST_STEPS = 60
FOCUSED = "element => element === document.activeElement"


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate(FOCUSED):
            return
    message = f"Tab never came to {wanted}"
    raise AssertionError(message)


@everywhere
def test_one_searches_opens_and_closes(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("bleed the bathroom radiator")
    expect(results(page).first).to_have_accessible_name("Boiler")
    page.keyboard.press("ArrowDown")
    expect(results(page).first).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Boiler")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(results(page).first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")


def test_a_mode_a_filter_and_the_threshold_are_chosen(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    page.keyboard.press("/")
    page.keyboard.type("what is growing")
    expect(results(page).first).to_be_visible()
    radios = page.get_by_role("group", name="Mode").get_by_role("radio")
    radios.and_(page.locator(":checked")).focus()
    for _ in range(radios.count()):
        page.keyboard.press("ArrowRight")
        if page.get_by_role("radio", name="Vector").is_checked():
            break
    expect(page.get_by_role("radio", name="Vector")).to_be_checked()
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    page.keyboard.press("End")
    expect(results(page)).to_have_count(0)
    page.keyboard.press("Home")
    expect(results(page).first).to_be_visible()
    tab_to(page, page.get_by_role("checkbox", name="garden 21"))
    page.keyboard.press("Space")
    expect(page.get_by_role("list", name="Active filters")).to_contain_text("garden")


def test_three_samples_are_added_and_one_is_deleted(watched: Watched, client: httpx.Client) -> None:
    page = enter(watched)
    samples = page.get_by_role("button", name="Add three samples")
    expect(samples).to_be_visible()
    tab_to(page, samples)
    page.keyboard.press("Enter")
    expect(results(page).first).to_be_visible()
    tab_to(page, results(page).first)
    page.keyboard.press("Enter")
    question = page.get_by_role("alertdialog", name="Delete this document?")
    for asking in (page.get_by_role("dialog"), question):
        expect(asking).to_be_visible()
        tab_to(page, asking.get_by_role("button", name="Delete"))
        page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    until(lambda: documents(client) == 2)


def test_views_are_reached_by_their_digits(watched: Watched) -> None:
    page = enter(watched)
    page.locator("body").press("Escape")
    page.evaluate("document.activeElement.blur()")
    for digit, name in enumerate(("Search", "Playground", "Map", "Live"), start=1):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(str(digit))
        current = page.get_by_role("navigation", name="Views").get_by_role("link", name=name)
        expect(current).to_have_attribute("aria-current", "page")
        expect(page).to_have_title(f"{name} · vecd")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_the_first_tab_offers_to_pass_over_the_menu(watched: Watched) -> None:
    page = enter(watched, "live")
    expect(page).to_have_title("Live · vecd")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
