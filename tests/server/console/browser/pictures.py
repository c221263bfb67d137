"""Pictures of the views, light and dark, wide and on a phone, of a server with a believable set of documents."""

import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import product
from pathlib import Path
from threading import Event, Thread

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import Place
from tests.server.console.browser.states import view
from tests.server.console.browser.visits import enter, search
from tests.server.console.browser.watched import SIZES, THEMES, watching

PICTURES = Path(__file__).resolve().parents[4] / "docs" / "pictures"
QUESTION = "which plants need water in summer?"
# As sharp as the screens of today, in as many colours as a picture of at most 200 kB may have.
SCALE, COLOURS = 2, 256
# How long the live view is watched while requests come as from a few people at work.
WATCHED_MS, PAUSE_S = 75_000, 0.12
ASKED = ("tomato plants", "bread that is dense", "what the doctor said", "train tickets", "who pays the rent?")


def take(browser: Browser, place: Place, folder: Path = PICTURES) -> list[Path]:
    """Write every picture into the folder."""
    with place.client() as client, ExitStack() as pages:
        fill(client)
        client.delete("/collections/default").raise_for_status()
        opened: dict[str, Page] = {}
        for theme, width in product(THEMES, SIZES):
            watched = watching(browser, place, theme=theme, width=width, device_scale_factor=SCALE)
            opened[f"{theme}-{width}"] = enter(pages.enter_context(watched), collection="notes")
        return [path for name in VIEWS for path in _of(name, opened, client, folder)]


def _of(name: str, opened: dict[str, Page], client: httpx.Client, folder: Path) -> list[Path]:
    """Write the pictures of one view."""
    found = []
    for page in opened.values():
        with view(page, name.capitalize()):
            VIEWS[name](page)
    with _working(client) if name == "live" else nullcontext():
        if name == "live":
            page.wait_for_timeout(WATCHED_MS)
        for look, page in opened.items():
            path = folder / f"console-{name}-{look}.png"
            path.write_bytes(small(page.screenshot()))
            found.append(path)
    return found


def _search(page: Page) -> None:
    expect(search(page, QUESTION).first).to_be_visible()


def _playground(page: Page) -> None:
    page.get_by_role("button", name="Try four examples").click()
    expect(page.get_by_role("region", name="How alike they are").get_by_role("table")).to_be_visible()
    page.evaluate("document.activeElement.blur()")


def _map(page: Page) -> None:
    expect(page.get_by_role("main")).to_contain_text(f"{COUNT} documents of “notes”")
    page.get_by_role("combobox", name="Colour by").select_option("subject")
    page.get_by_role("searchbox", name="Find on the map").fill(QUESTION)
    expect(page.get_by_role("list", name="Documents on the map").get_by_role("button")).to_have_count(20)
    page.evaluate("document.activeElement.blur()")


def _live(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="Ready")).to_be_visible()


@contextmanager
def _working(client: httpx.Client) -> Iterator[None]:
    """Search and embed all the while, so that there is something to be seen."""
    stopped = Event()

    def work() -> None:
        for number in itertools.count():
            text = ASKED[number % len(ASKED)]
            for _ in range(1 + number % 7):
                client.post("/collections/notes/search", json={"query": f"{text} {number % 11}"}).raise_for_status()
            texts = [f"{text}, {number} of {one}" for one in range(1 + 3 * (number % 5))]
            client.post("/embed/batch", json={"texts": texts}).raise_for_status()
            if stopped.wait(PAUSE_S):
                return

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def small(picture: bytes) -> bytes:
    """Return the picture in few colours, each near to those that it stands for: legends and scales keep theirs."""
    found = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        few.save(found, "PNG", optimize=True)
    return found.getvalue()


VIEWS: dict[str, Callable[[Page], None]] = {
    "search": _search,
    "playground": _playground,
    "map": _map,
    "live": _live,
}
