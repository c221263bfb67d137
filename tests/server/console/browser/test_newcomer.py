"""Somebody who has thirty notes and has read nothing: the steps from a started server to the right note on the screen.

1. Open the address that the server prints.
2. Let go of the folder over the page, which says that it takes it.
3. Type a question in one's own words.
4. The note that answers it is the first on the screen, within the window.
"""

import shutil
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.e2e.notes_data import FOLDER, notes
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import documents, drop, enter
from tests.server.console.browser.watched import SIZES, Watched

QUESTION = "how do I get air out of the radiators?"
ANSWER = "Boiler"


@everywhere
def test_a_newcomer_finds_a_note_without_reading_a_line_of_documentation(
    watched: Watched, client: httpx.Client, tmp_path: Path
) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "notes", ignore=shutil.ignore_patterns("*.json"))
    page = enter(watched)  # 1
    expect(page.get_by_text("Drop files or a folder here")).to_be_visible()
    drop(page, folder)  # 2
    page.get_by_role("button", name="Done").click()
    assert documents(client) == len(notes()) == 30
    page.get_by_role("searchbox").press_sequentially(QUESTION)  # 3
    first = page.get_by_role("list", name="Results").get_by_role("listitem").first
    expect(first.get_by_role("button").first).to_have_accessible_name(ANSWER)  # 4
    place = first.bounding_box()
    assert place is not None
    assert place["y"] + place["height"] <= SIZES["wide"]["height"]
