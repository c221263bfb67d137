"""What the console can look like: each view by itself, and with what a person opens in it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.server.console.browser.visits import results, search

TOKENS = re.compile("^Tokens of")
QUESTION = "what went wrong in the garden last year?"


def dialogs(page: Page) -> Locator:
    return page.locator("dialog[open]")


@contextmanager
def view(page: Page, name: str) -> Iterator[None]:
    """Show a view until the block ends."""
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()
    expect(page).to_have_title(f"{name} · vecd")
    yield


@contextmanager
def opened(page: Page, button: Locator) -> Iterator[Locator]:
    """Open a dialog by its button until the block ends."""
    before = dialogs(page).count()
    button.click()
    expect(dialogs(page)).to_have_count(before + 1)
    yield dialogs(page).last
    page.keyboard.press("Escape")
    expect(dialogs(page)).to_have_count(before)


def searches(page: Page) -> Iterator[str]:
    """Go through what the search looks like, and yield the name of each state while it is shown."""
    with view(page, "Search"):
        yield "search: nothing asked"
        search(page, "zzqx", "Text")
        expect(
            page.get_by_role("status").filter(has_text="0 results").or_(page.get_by_text("No results"))
        ).to_be_visible()
        yield "search: nothing found"
        for mode in ("Text", "Vector", "Hybrid"):
            expect(search(page, QUESTION, mode).first).to_be_visible()
            yield f"search: {mode}"
        show_filters(page)
        page.get_by_role("region", name="Filters").get_by_role("checkbox", name="garden 21").check()
        expect(page.get_by_role("list", name="Active filters")).to_be_visible()
        yield "search: filters"
        page.get_by_role("button", name="Clear filters").click()
        expect(page.get_by_role("list", name="Active filters")).to_be_hidden()


def show_filters(page: Page) -> None:
    """Have the filters shown, which are folded where there is little room."""
    fold = page.get_by_role("region", name="Filters").locator("details").first
    if fold.get_attribute("open") is None:
        fold.locator("summary").first.click()


def of_a_document(page: Page) -> Iterator[str]:
    with view(page, "Search"):
        expect(search(page, QUESTION).first).to_be_visible()
        with opened(page, results(page).first) as dialog:
            expect(dialog.get_by_role("list", name="More like this").get_by_role("button").first).to_be_visible()
            yield "a document"
            dialog.get_by_role("tab", name="Passages").click()
            yield "a document: passages"
            with opened(page, dialog.get_by_role("button", name="Delete")):
                yield "a document: delete it?"


def of_dialogs(page: Page) -> Iterator[str]:
    with view(page, "Search"):
        expect(search(page, QUESTION).first).to_be_visible()
        with opened(page, page.get_by_role("button", name="Copy as code")) as dialog:
            for language in ("curl", "Python", "JavaScript"):
                dialog.get_by_role("tab", name=language).click()
                yield f"code: {language}"
        for button in ("Add files", "New collection", "Give a key"):
            with opened(page, page.get_by_role("button", name=button).first):
                yield button


def of_the_playground(page: Page) -> Iterator[str]:
    with view(page, "Playground"):
        yield "playground: empty"
        page.get_by_role("button", name="Try four examples").click()
        expect(page.get_by_role("table").first).to_be_visible()
        expect(page.get_by_role("list", name=TOKENS)).to_have_count(4)
        yield "playground"
        page.get_by_role("group").filter(has_text="Ids and places").first.locator("summary").click()
        yield "playground: ids"


def of_the_map(page: Page) -> Iterator[str]:
    with view(page, "Map"):
        expect(page.get_by_role("region", name="Colours").get_by_role("button").first).to_be_visible()
        yield "map"
        page.get_by_role("searchbox", name="Find on the map").fill(QUESTION)
        near = page.get_by_role("list", name="Documents on the map").get_by_role("button")
        expect(near).to_have_count(20)
        near.first.click()
        expect(page.get_by_role("region", name="This document").get_by_role("definition").first).to_be_visible()
        yield "map: a query"


def of_live(page: Page) -> Iterator[str]:
    with view(page, "Live"):
        expect(page.get_by_role("status").filter(has_text="Ready")).to_be_visible()
        expect(page.get_by_role("table", name="Collections")).to_be_visible()
        expect(page.get_by_role("region", name="Model").get_by_role("definition").first).to_be_visible()
        yield "live"


STATES: tuple[Callable[[Page], Iterator[str]], ...] = (
    searches,
    of_a_document,
    of_dialogs,
    of_the_playground,
    of_the_map,
    of_live,
)
