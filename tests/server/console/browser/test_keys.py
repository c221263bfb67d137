"""A key is asked for where the server wants one, is not kept longer than a person wishes, and a wrong one is told."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.console.browser.conftest import empty
from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import Place
from tests.server.console.browser.visits import choose, enter, give_key, results, search
from tests.server.console.browser.watched import Watched, watching

KEPT = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, location.href])"


@pytest.fixture
def keyed(chromium: Browser, keyed_place: Place) -> Iterator[Watched]:
    empty(keyed_place)
    with keyed_place.client() as client:
        fill(client)
    with watching(chromium, keyed_place) as watched:
        yield watched


def test_a_key_that_is_given_is_kept_in_memory_alone(keyed: Watched) -> None:
    page = enter(keyed, collection="notes")
    expect(search(page, "tomato plants").first).to_be_visible()
    assert keyed.place.key not in page.evaluate(KEPT)
    page.reload()
    expect(page.get_by_role("dialog", name="A key is needed")).to_be_visible()


def test_a_key_outlives_a_reload_where_a_person_wishes_it_and_never_the_tab(keyed: Watched) -> None:
    page = keyed.go()
    give_key(keyed, keyed.place.key, remember=True)
    page.reload()
    choose(page, "notes")
    expect(search(page, "tomato plants").first).to_be_visible()
    assert keyed.place.key not in page.evaluate("JSON.stringify(Object.entries(localStorage)) + document.cookie")


def test_a_wrong_key_is_told_and_asked_for_again(keyed: Watched) -> None:
    page = keyed.go()
    dialog = page.get_by_role("dialog", name="A key is needed")
    keyed.forgive("401")
    dialog.get_by_label("Key", exact=True).fill("vecd_wrong")
    dialog.get_by_role("button", name="Use this key").click()
    expect(dialog).to_contain_text("does not take this key")
    give_key(keyed, keyed.place.key)
    choose(page, "notes")
    expect(search(page, "tomato plants").first).to_be_visible()


def test_whoever_gives_no_key_is_told_why_there_is_nothing_and_finds_it_with_one(keyed: Watched) -> None:
    page = decline(keyed, "search")
    expect(results(page)).to_have_count(0)
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_role("button", name="Give a key").click()
    give_key(keyed, keyed.place.key)
    choose(page, "notes")
    expect(results(page).first).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="key")).to_have_count(0)


def test_the_map_is_drawn_as_soon_as_there_is_a_key(keyed: Watched) -> None:
    page = decline(keyed, "map")
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("A key is needed")
    page.get_by_role("button", name="Give a key").click()
    give_key(keyed, keyed.place.key)
    choose(page, "notes")
    expect(page.get_by_role("main")).to_contain_text(f"{COUNT} documents of “notes”")


def test_the_playground_reads_what_was_written_as_soon_as_there_is_a_key(keyed: Watched) -> None:
    page = decline(keyed, "playground")
    page.get_by_role("textbox", name="Text 1").fill("a wren")
    expect(page.get_by_role("region", name="Text 1", exact=True).get_by_role("alert")).to_contain_text(
        "A key is needed"
    )
    page.get_by_role("button", name="Give a key").click()
    give_key(keyed, keyed.place.key)
    expect(page.get_by_role("list", name=re.compile("^Tokens of text 1"))).to_be_visible()


def test_live_asks_once_for_a_key_and_shows_its_figures_when_there_is_one(keyed: Watched) -> None:
    page = decline(keyed, "live")
    for _ in range(2):
        with page.expect_response(lambda response: response.url.endswith("/metrics")):
            pass
    expect(page.get_by_role("dialog", name="A key is needed")).to_be_hidden()
    problem = page.get_by_role("main").get_by_role("alert").filter(has_text="A key is needed")
    expect(problem.first).to_be_visible()
    page.get_by_role("button", name="Give a key").click()
    give_key(keyed, keyed.place.key)
    memory = page.get_by_role("region", name="Memory", exact=True).get_by_role("img")
    expect(memory).to_have_attribute("aria-label", re.compile("process [1-9]"))


def test_a_key_that_no_request_can_carry_is_not_taken(keyed: Watched) -> None:
    page = keyed.go()
    keyed.forgive("401")
    dialog = page.get_by_role("dialog", name="A key is needed")
    dialog.get_by_label("Key", exact=True).fill("vecd_ключ")
    dialog.get_by_role("button", name="Use this key").click()
    expect(dialog.locator("input:invalid")).to_have_count(1)
    give_key(keyed, f" {keyed.place.key} ")
    choose(page, "notes")
    expect(results(page).first).to_be_visible()


def decline(keyed: Watched, view: str) -> Page:
    """Open a view and close the dialog that asks for a key."""
    page = keyed.go(view)
    keyed.forgive("401")
    dialog = page.get_by_role("dialog", name="A key is needed")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    return page
