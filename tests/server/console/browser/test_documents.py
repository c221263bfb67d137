"""A document that was found: the passage and its marked words, all of it, others like it, and its end."""

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.e2e.notes_data import notes, questions
from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import documents, enter, results, search
from tests.server.console.browser.watched import Watched
from tests.server.polling import until

LATE = questions().late_facts[0]
CHOOSE = "(select, name) => { select.value = name; select.dispatchEvent(new Event('change')); }"


def open_first(page: Page, words: str) -> Locator:
    """Search, open the best hit, and return its dialog."""
    first = search(page, words).first
    expect(first).to_be_visible()
    title = first.inner_text()
    first.click()
    dialog = page.get_by_role("dialog", name=title.splitlines()[0])
    expect(dialog).to_be_visible()
    return dialog


def index(client: httpx.Client) -> None:
    body = {"documents": [{"id": name, "text": text} for name, text in notes().items()]}
    client.post("/index/batch", json=body).raise_for_status()


@everywhere
def test_the_passage_and_the_words_that_were_found_are_marked(watched: Watched, client: httpx.Client) -> None:
    index(client)
    page = enter(watched)
    search(page, "bleed the radiator")
    first = page.get_by_role("list", name="Results").get_by_role("listitem").first
    expect(first.locator("mark").first).to_be_visible()
    assert {one.lower() for one in first.locator("mark").all_inner_texts()} <= {"bleed", "radiator", "radiators"}


def test_a_fact_far_behind_the_beginning_of_a_text_is_shown(watched: Watched, client: httpx.Client) -> None:
    index(client)
    page = enter(watched)
    search(page, LATE.question, "Vector")
    first = page.get_by_role("list", name="Results").get_by_role("listitem").first
    expect(first).to_contain_text(LATE.note)
    results(page).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("tab", name="Text").click()
    expect(dialog.get_by_role("tabpanel")).to_contain_text(LATE.fact)


@everywhere
def test_a_document_is_shown_with_its_passages_and_others_like_it(watched: Watched, client: httpx.Client) -> None:
    index(client)
    page = enter(watched)
    dialog = open_first(page, "tomato plants")
    dialog.get_by_role("tab", name="Passages").click()
    expect(dialog.get_by_role("tabpanel")).not_to_be_empty()
    alike = dialog.get_by_role("list", name="More like this").get_by_role("button")
    expect(alike.first).to_be_visible()
    title = alike.first.inner_text().splitlines()[0]
    alike.first.click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@everywhere
def test_a_document_is_deleted_after_a_question(watched: Watched, client: httpx.Client) -> None:
    index(client)
    page = enter(watched)
    dialog = open_first(page, "bleed the radiator")
    question = page.get_by_role("alertdialog", name="Delete this document?")
    dialog.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert documents(client) == len(notes())
    dialog.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    expect(dialog).to_be_hidden()
    assert client.get("/index", params={"id": "boiler.md"}).status_code == 404
    assert documents(client) == len(notes()) - 1
    expect(results(page).first).to_be_visible()
    assert "Boiler" not in results(page).first.inner_text()
    expect(results(page).first).to_be_focused()


def test_a_document_is_deleted_from_the_collection_in_which_it_was_opened(
    watched: Watched, client: httpx.Client
) -> None:
    fill(client, "notes")
    fill(client, "others")
    page = enter(watched, collection="notes")
    dialog = open_first(page, "bleed the radiator")
    # The document covers the list, which only the page itself can change now.
    page.locator("select[aria-label=Collection]").evaluate(CHOOSE, "others")
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    until(lambda: documents(client, "notes") == COUNT - 1)
    assert documents(client, "others") == COUNT
