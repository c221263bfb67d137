"""The map: points coloured by a field, a document under the pointer, a query and its hits."""

import re

import httpx
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import choose, enter
from tests.server.console.browser.watched import Watched
from tests.server.polling import until

STEP_PX = 12
# Runs in the page: how many of a canvas' pixels stand out from its corner; of a copy, as
# what is read from is drawn slowly.
DRAWN = """
canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if ([0, 1, 2].some(part => Math.abs(data[at + part] - data[part]) > 24)) count += 1;
  return count;
}
"""


def opened(watched: Watched) -> Page:
    page = enter(watched, "map", "notes")
    expect(page.get_by_role("main")).to_contain_text(f"{COUNT} documents of “notes”")
    return page


def drawn(canvas: Locator) -> int:
    found: int = canvas.evaluate(DRAWN)
    return found


def overlay(page: Page) -> Locator:
    return page.get_by_role("application", name="Map of documents")


def hover_a_point(page: Page) -> None:
    """Move the pointer over the map, line by line, until it is at a point."""
    area = overlay(page).bounding_box()
    assert area is not None
    for y in range(STEP_PX, int(area["height"]), STEP_PX):
        for x in range(STEP_PX, int(area["width"]), STEP_PX):
            page.mouse.move(area["x"] + x, area["y"] + y)
            if "is-over" in (overlay(page).get_attribute("class") or ""):
                return
    raise AssertionError("no point under any place of the pointer")


def test_documents_are_drawn_and_the_one_under_the_pointer_is_told(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = opened(watched)
    until(lambda: drawn(page.locator("canvas").first) > COUNT)
    here = page.get_by_role("region", name="This document")
    expect(here.get_by_role("definition")).to_have_count(0)
    hover_a_point(page)
    expect(here).to_contain_text("subject")


def test_colours_say_what_a_document_is_and_one_is_shown_alone(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = opened(watched)
    page.get_by_role("combobox", name="Colour by").select_option("subject")
    legend = page.get_by_role("region", name="Colours")
    entry = legend.get_by_role("button", name="garden 21")
    expect(legend.get_by_role("button")).to_have_count(8)
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "true")
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    page.get_by_role("combobox", name="Colour by").select_option("year")
    expect(legend).to_contain_text("2019")


@everywhere
def test_a_query_and_its_hits_are_drawn(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = opened(watched)
    page.get_by_role("combobox", name="Colour by").select_option("")
    over = overlay(page)
    before = drawn(over)
    page.get_by_role("searchbox", name="Find on the map").press_sequentially("bleed the bathroom radiator")
    hits = page.get_by_role("list", name="Documents on the map").get_by_role("button")
    expect(hits.first).to_contain_text("radiator")
    until(lambda: drawn(over) > before)
    hits.first.click()
    expect(page.get_by_role("region", name="This document")).to_contain_text("boiler-2")


def test_a_key_that_may_only_search_finds_on_the_map(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    watched.forgive("403")
    watched.page.route("**/embed", lambda route: route.fulfill(status=403, json={"detail": "no embed"}))
    page = opened(watched)
    page.get_by_role("searchbox", name="Find on the map").fill("bleed the bathroom radiator")
    hits = page.get_by_role("list", name="Documents on the map").get_by_role("button")
    expect(hits.first).to_contain_text("radiator")
    hits.first.click()
    expect(page.get_by_role("region", name="This document")).to_contain_text("boiler-2")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_nothing_is_coloured_before_there_is_a_map(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    held: list[Route] = []
    watched.page.route("**/index/projection", lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks it for an attribute
    page = enter(watched, "map")
    with page.expect_request("**/index/projection"):
        choose(page, "notes")
    colours = page.get_by_role("combobox", name="Colour by")
    expect(colours).to_be_disabled()
    held[-1].continue_()
    expect(colours).to_be_enabled()


def test_the_map_is_moved_by_the_keyboard(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = opened(watched)
    near = page.get_by_role("list", name="Documents on the map").get_by_role("button")
    expect(near.first).to_be_visible()
    # An id stands where the text will be, which comes by itself.
    expect(near.filter(has_text=re.compile(r"^\S+$"))).to_have_count(0)
    before = near.all_inner_texts()
    overlay(page).focus()
    for key in ("+", "+", "ArrowLeft", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(near).not_to_have_text(before)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="This document")).to_contain_text("subject")
    page.keyboard.press("0")


def test_the_server_projects_and_the_page_fetches_no_vectors(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    asked: list[Request] = []
    watched.page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright asks it for an attribute
    opened(watched)
    assert any(one.url.endswith("/collections/notes/index/projection") for one in asked)
    assert not [one.url for one in asked if "vector" in one.url or '"vector"' in (one.post_data or "")]


def test_a_collection_without_documents_says_what_to_do_first(watched: Watched) -> None:
    page = enter(watched, "map")
    expect(page.get_by_role("heading", name="Nothing to draw yet")).to_be_visible()
    page.get_by_role("link", name="Add documents").click()
    expect(page).to_have_title("Search · vecd")
