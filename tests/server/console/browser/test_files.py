"""Files that are dropped or chosen become documents, with a bar that tells how far it is and a button that ends it."""

import json
from pathlib import Path

import httpx
from playwright.sync_api import Route, expect

from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import documents, drop, enter, search
from tests.server.console.browser.watched import Watched
from tests.server.polling import until

FILES = {
    "harbour.txt": "The harbour master keeps the keys of the crane.",
    "bread.md": "# Rye bread\n\nThe sourdough rests for a night.",
    "birds.csv": "id,text,seen\n1,A wren in the hedge,2021\n2,A heron by the pond,2022\n",
    "songs.ndjson": json.dumps({"id": "s1", "text": "A song about rain", "metadata": {"key": "D"}})
    + "\n"
    + json.dumps({"id": "s2", "text": "A song about snow", "metadata": {"key": "G"}})
    + "\n",
    "stars.html": "<!doctype html><title>Stars</title><h1>Stars</h1><p>The Pleiades rise in the east.</p>"
    "<script>let hidden = 1</script>",
}
# The request that stores documents.
WRITES = "**/index/batch*"
# Whether the page keeps the browser from opening a file that is dragged over it.
IS_PREVENTED = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "x.txt"));
  return !window.dispatchEvent(new DragEvent("dragover", { dataTransfer, cancelable: true }));
}"""
# Of each file but the tables one, of those a row each.
COUNT = 7
QUESTIONS = {
    "who may use the crane": "harbour",
    "sourdough": "bread",
    "a small bird in the hedge": "wren",
    "music about rain": "rain",
    "constellations in the sky": "stars",
}


def written(folder: Path) -> list[Path]:
    """Return the files, written into a folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in FILES]


@everywhere
def test_files_that_are_dropped_are_found(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    drop(page, *written(tmp_path))
    until(lambda: documents(client) == COUNT)
    page.get_by_role("dialog", name="Add documents").get_by_role("button", name="Done").click()
    for question, answer in QUESTIONS.items():
        search(page, question)
        first = page.get_by_role("list", name="Results").get_by_role("listitem").first
        expect(first).to_contain_text(answer, ignore_case=True)
    texts = [one["text"] for one in client.get("/index?limit=100").json()["documents"]]
    assert not [text for text in texts if "hidden" in text]


def test_files_are_chosen_and_their_progress_is_shown(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    page.get_by_role("button", name="Add files").first.click()
    dialog = page.get_by_role("dialog", name="Add documents")
    held: list[Route] = []
    page.route(WRITES, lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks it for an attribute
    with page.expect_file_chooser() as chosen:
        dialog.get_by_role("button", name="Choose files").click()
    with page.expect_request(WRITES):
        chosen.value.set_files(written(tmp_path))
    expect(dialog.get_by_role("progressbar", name="Progress")).to_be_visible()
    for route in held:
        route.continue_()
    expect(dialog.get_by_role("progressbar", name="Progress")).to_be_hidden()
    expect(dialog.get_by_role("status")).to_contain_text(f"{COUNT} documents added")
    assert documents(client) == COUNT


@everywhere
def test_adding_is_cancelled(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    page.route(WRITES, lambda _: None)
    with page.expect_request(WRITES):
        drop(page, *written(tmp_path))
    dialog = page.get_by_role("dialog", name="Add documents")
    expect(dialog.get_by_role("progressbar", name="Progress")).to_be_visible()
    with page.expect_event("requestfailed"):
        dialog.get_by_role("button", name="Cancel").click()
    page.unroute(WRITES)
    expect(dialog.get_by_role("status")).to_contain_text("0 documents")
    expect(dialog.get_by_role("progressbar", name="Progress")).to_be_hidden()
    assert documents(client) == 0


def test_what_is_dropped_meanwhile_is_neither_opened_nor_taken(
    watched: Watched, client: httpx.Client, tmp_path: Path
) -> None:
    page = enter(watched)
    held: list[Route] = []
    page.route(WRITES, lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks it for an attribute
    bread, harbour = written(tmp_path)[1], tmp_path / "harbour.txt"
    with page.expect_request(WRITES):
        drop(page, bread)
    drop(page, harbour)
    assert page.evaluate(IS_PREVENTED)
    until(lambda: bool(held))
    held[0].continue_()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("1 document added")
    assert documents(client) == 1


def test_a_page_is_read_with_what_its_scripts_and_styles_would_hide(
    watched: Watched, client: httpx.Client, tmp_path: Path
) -> None:
    page = enter(watched)
    source = "<style>p > b {}</style><script>for (i = 0; i<n; i++) go()</script>"
    source += '<body style="overflow: hidden" onload="go()"><p class="hidden wide">It\'s seen</p><p hidden>not this</p>'
    (tmp_path / "page.html").write_text(source, "utf-8")
    drop(page, tmp_path / "page.html")
    until(lambda: documents(client) == 1)
    assert client.get("/index").json()["documents"][0]["text"] == "It's seen"


def test_a_line_that_is_no_document_is_told_by_its_file(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    bread, broken = tmp_path / "bread.md", tmp_path / "broken.ndjson"
    bread.write_text(FILES["bread.md"], "utf-8")
    broken.write_text('{"text": \n', "utf-8")
    drop(page, bread, broken)
    expect(page.get_by_role("dialog", name="Add documents").get_by_role("list", name="Refused")).to_contain_text(
        "broken.ndjson"
    )
    until(lambda: documents(client) == 1)


def test_a_folder_is_dropped_with_all_that_is_below_it(watched: Watched, client: httpx.Client, tmp_path: Path) -> None:
    page = enter(watched)
    (tmp_path / "notes" / "kitchen").mkdir(parents=True)
    written(tmp_path / "notes" / "kitchen")
    drop(page, tmp_path / "notes")
    until(lambda: documents(client) == COUNT)
