"""The search: as one types in three modes, in a collection of one's own, with filters and a threshold."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import box, documents, drop, enter, results, search, status
from tests.server.console.browser.watched import Watched
from tests.server.polling import until

QUESTIONS = {
    "Hybrid": ("bleed the bathroom radiator", "Boiler"),
    "Text": ("gauge should show bar", "Boiler"),
    "Vector": ("going to the dentist", "Crown, lower right"),
}


@everywhere
@pytest.mark.parametrize("mode", QUESTIONS)
def test_one_types_and_finds_in_each_mode(watched: Watched, client: httpx.Client, mode: str) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    words, title = QUESTIONS[mode]
    expect(search(page, words, mode).first).to_have_accessible_name(title)


def test_the_box_has_the_focus(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    expect(box(enter(watched))).to_be_focused()


@everywhere
def test_a_collection_is_made_and_chosen(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    page.get_by_role("button", name="New collection").click()
    dialog = page.get_by_role("dialog", name="New collection")
    dialog.get_by_label("Name").fill("recipes")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox", name="Collection")).to_have_value("recipes")
    assert "recipes" in {one["name"] for one in client.get("/collections").json()["collections"]}
    (tmp_path / "soup.md").write_text("# Lentil soup\n\nRed lentils, cumin and lemon.", "utf-8")
    drop(page, tmp_path / "soup.md")
    until(lambda: documents(client, "recipes") == 1)


def test_a_collection_that_is_there_is_not_made_again(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_role("button", name="New collection").click()
    dialog = page.get_by_role("dialog", name="New collection")
    dialog.get_by_label("Name").fill("notes")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a collection notes already")
    assert "PUT" not in sent


def test_collections_that_cannot_be_listed_are_not_said_to_be_empty(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    watched.forgive("500")
    watched.page.route("**/collections", lambda route: route.fulfill(status=500, json={"title": "broken"}))
    page = enter(watched)
    problem = page.get_by_role("main").get_by_role("alert")
    expect(problem).to_contain_text("The server made a mistake")
    box(page).press_sequentially("boiler")
    expect(problem).to_be_visible()
    expect(page.get_by_role("region", name="First steps")).to_be_hidden()
    page.unroute("**/collections")
    box(page).press("Enter")
    expect(problem).to_be_hidden()


@everywhere
def test_three_samples_come_with_one_click_on_an_empty_server(watched: Watched, client: httpx.Client) -> None:
    page = enter(watched)
    page.get_by_role("button", name="Add three samples").click()
    expect(results(page).first).to_be_visible()
    assert documents(client) == 3
    expect(page.get_by_role("button", name="Add three samples")).to_be_hidden()


@everywhere
def test_filters_are_built_by_clicking(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    found = search(page, "what went wrong last year")
    expect(found.first).to_be_visible()
    filters = page.get_by_role("region", name="Filters")
    with page.expect_response(lambda response: response.url.endswith("/search")) as answered:
        filters.get_by_role("checkbox", name="garden 21").check()
    hits = answered.value.json()
    assert {one["metadata"]["subject"] for one in hits} == {"garden"}
    expect(found).to_have_count(len(hits))
    active = page.get_by_role("list", name="Active filters")
    active.get_by_role("button", name="Remove subject: garden").click()
    expect(active).to_be_hidden()
    filters.get_by_role("checkbox", name="garden 21").check()
    filters.get_by_role("checkbox", name="2021 41").or_(filters.get_by_role("checkbox", name="2021")).first.check()
    page.get_by_role("button", name="Clear filters").click()
    expect(filters.get_by_role("checkbox", name="garden 21")).not_to_be_checked()


@everywhere
def test_the_threshold_is_dragged_and_says_what_it_hides(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    found = search(page, "trains and hotels", "Vector")
    expect(found.first).to_be_visible()
    slider = page.get_by_role("slider", name="Threshold")
    place = slider.bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] / 3, middle)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] - 1, middle, steps=5)
    page.mouse.up()
    expect(found).to_have_count(0)
    hidden = page.get_by_role("button", name=re.compile(r"^Show \d+ below the threshold"))
    hidden.click()
    expect(found.first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"^Hide \d+ below the threshold"))).to_be_visible()


def test_a_search_that_finds_nothing_says_why_and_what_would(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    search(page, "zzqx", "Text")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Search by Hybrid").click()
    expect(results(page).first).to_be_visible()


def test_before_anything_is_asked_the_documents_are_listed(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, collection="notes")
    expect(status(page)).to_contain_text(f"{COUNT} documents")
    shown = results(page).count()
    assert 0 < shown < COUNT
    page.get_by_role("button", name="Show more").click()
    expect(results(page).nth(shown)).to_be_visible()
