"""What a person does with the console, by the roles and names that its README tells, with a key where one is asked."""

import re
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, Request, expect

from tests.server.console.browser.chromium import PATIENCE_MS
from tests.server.console.browser.watched import Watched

expect.set_options(timeout=PATIENCE_MS)
# What a person does with files that are dragged over a window, and where they are let go.
DRAGGED, PLACE = ("dragEnter", "dragOver", "drop"), {"x": 300, "y": 300}


def enter(watched: Watched, view: str = "search", collection: str = "") -> Page:
    """Open a view, give the key where the server wants one, and choose a collection where one is named."""
    page = watched.go(view)
    expect(page).to_have_title(f"{view.capitalize()} · vecd")
    if watched.place.key:
        give_key(watched, watched.place.key)
    if collection:
        choose(page, collection)
    return page


def give_key(watched: Watched, key: str, *, remember: bool = False) -> None:
    watched.forgive("401")  # the browser tells of the answer that asks for the key
    dialog = watched.page.get_by_role("dialog", name="A key is needed")
    dialog.get_by_label("Key", exact=True).fill(key)
    if remember:
        dialog.get_by_role("checkbox", name="Remember it until this tab is closed").check()
    dialog.get_by_role("button", name="Use this key").click()
    expect(dialog).to_be_hidden()


def choose(page: Page, collection: str) -> None:
    page.get_by_role("combobox", name="Collection").select_option(collection)


def box(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search")


def results(page: Page) -> Locator:
    """Return the buttons of the hits, named by their documents' titles."""
    return page.get_by_role("list", name="Results").get_by_role("listitem").get_by_role("button")


def set_mode(page: Page, mode: str) -> None:
    """Choose a mode as by a click on its word: the radio button itself may be out of sight."""
    radio = page.get_by_role("group", name="Mode").get_by_role("radio", name=mode)
    radio.evaluate("radio => radio.click()")
    expect(radio).to_be_checked()


def search(page: Page, words: str, mode: str = "Hybrid") -> Locator:
    """Type words as they come, wait for what they find, and return the hits."""
    set_mode(page, mode)
    box(page).fill("")
    with page.expect_request_finished(lambda request: _asks(request, words, mode)) as answered:
        box(page).press_sequentially(words)
    response = answered.value.response()
    assert response is not None
    expect(status(page)).to_contain_text(_counted(len(response.json())))
    return results(page)


def status(page: Page) -> Locator:
    """Return the line above the results, which tells how many there are."""
    return (
        page.get_by_role("main").get_by_role("status").filter(has_text=re.compile(r"^[\d,]+ (result|document)")).first
    )


def _asks(request: Request, words: str, mode: str) -> bool:
    if not request.url.endswith("/search"):
        return False
    asked: dict[str, Any] = request.post_data_json or {}
    return asked.get("query") == words and asked.get("mode") == mode.lower()


def _counted(hits: int) -> str:
    return f"{hits} result{'' if hits == 1 else 's'}"


def drop(page: Page, *paths: Path) -> None:
    """Let go of files or folders over the page, as the browser itself hands them in."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in DRAGGED:
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **PLACE})
    session.detach()


def documents(client: httpx.Client, collection: str = "default") -> int:
    """Return how many documents a collection has, which may not be there yet."""
    answer = client.post(f"/collections/{collection}/index/count", json={})
    return 0 if answer.status_code == 404 else int(answer.raise_for_status().json()["count"])
