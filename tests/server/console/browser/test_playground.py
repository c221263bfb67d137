"""The playground: tokens and where they are cut, time, the cache, the vector, and how alike texts are."""

import re
from itertools import pairwise

from playwright.sync_api import Locator, Page, Route, expect

from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import Watched

LONG = "word " * 400
MODEL_READS = 256


def write(page: Page, number: int, text: str) -> Locator:
    """Write a text, and return its region once its tokens are there."""
    region = page.get_by_role("region", name=f"Text {number}", exact=True)
    region.get_by_role("textbox", name=f"Text {number}").fill(text)
    expect(region.get_by_role("list", name=re.compile(rf"^Tokens of text {number}"))).to_be_visible()
    return region


@everywhere
def test_a_text_shows_its_tokens_and_what_it_took(watched: Watched) -> None:
    page = enter(watched, "playground")
    region = write(page, 1, f"The ship unloaded at {watched.place.url}")
    tokens = region.get_by_role("list", name=re.compile("^Tokens of text 1")).get_by_role("listitem")
    expect(tokens).to_contain_text(["the", "ship", "un"], ignore_case=True)
    expect(region).to_contain_text("computed")
    expect(region.get_by_role("definition").filter(has_text="ms").first).to_be_visible()
    region.get_by_role("button", name="Embed text 1 again").click()
    expect(region).to_contain_text("from the cache")
    page.get_by_role("checkbox", name="Use the cache").uncheck()
    expect(region).to_contain_text("computed")


def test_a_text_that_is_emptied_waits_for_nothing(watched: Watched) -> None:
    page = enter(watched, "playground")
    held: list[Route] = []
    page.route("**/embed", lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks it for an attribute
    region = page.get_by_role("region", name="Text 1", exact=True)
    region.get_by_role("textbox", name="Text 1").fill("a text")
    expect(region).to_have_attribute("aria-busy", "true")
    region.get_by_role("textbox", name="Text 1").fill("")
    expect(region).not_to_have_attribute("aria-busy", "true")


def test_where_a_text_is_cut_is_marked(watched: Watched) -> None:
    page = enter(watched, "playground")
    region = write(page, 1, LONG)
    expect(region.get_by_role("listitem").filter(has_text="cut here")).to_contain_text(str(MODEL_READS))


def test_the_values_of_a_vector_are_told(watched: Watched) -> None:
    page = enter(watched, "playground")
    strip = write(page, 1, "A wren in the hedge").get_by_role("slider", name=re.compile("^Vector of text 1"))
    expect(strip).to_have_attribute("aria-valuemax", "383")
    strip.focus()
    page.keyboard.press("Home")
    expect(strip).to_have_attribute("aria-valuenow", "0")
    first = strip.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    expect(strip).to_have_attribute("aria-valuenow", "1")
    assert strip.get_attribute("aria-valuetext") != first
    strip.hover()
    expect(strip).not_to_have_attribute("aria-valuenow", "1")


@everywhere
def test_texts_are_compared_with_each_other(watched: Watched) -> None:
    page = enter(watched, "playground")
    for number, text in enumerate(("A cat sleeps on the sofa", "A kitten naps on the couch"), start=1):
        write(page, number, text)
    page.get_by_role("button", name="Add a text").click()
    write(page, 3, "Interest rates were raised again")
    alike = page.get_by_role("region", name="How alike they are")
    cells = alike.get_by_role("cell").filter(has_text=re.compile(r"\d"))
    expect(cells).to_have_count(9)
    values = [float(one.replace("−", "-")) for one in cells.all_inner_texts()]
    same, near, far = values[0], values[1], values[2]
    assert all(one >= other for one, other in pairwise((same, near, far)))
    assert near > far + 0.3
    cells.nth(2).hover()
    expect(alike).to_contain_text("between 1 “A cat sleeps on the sofa” and 3")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    expect(alike).to_contain_text("and 2 “A kitten naps on the couch”")


def test_examples_fill_an_empty_playground(watched: Watched) -> None:
    page = enter(watched, "playground")
    page.get_by_role("button", name="Try four examples").click()
    expect(page.get_by_role("region", name="How alike they are").get_by_role("table")).to_be_visible()
    expect(page.get_by_role("button", name="Try four examples")).to_be_hidden()
