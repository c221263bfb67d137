"""Live: what the server does and did, what serves, how it is, and the collections with their sizes."""

import re

import httpx
from playwright.sync_api import Route, expect

from tests.server.console.browser.notes import COUNT, fill
from tests.server.console.browser.places import everywhere
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import Watched

CHARTS = ("Requests", "Search latency", "Inference latency", "Batch size", "Queue", "Cache hits", "Cores", "Memory")
FACTS = ("model", "variant", "fidelity", "instructions", "fingerprint")


@everywhere
def test_what_the_server_does_is_drawn_and_told(watched: Watched, client: httpx.Client) -> None:
    page = enter(watched, "live")
    requests = page.get_by_role("region", name="Requests").get_by_role("img")
    expect(requests).to_have_attribute("aria-label", re.compile("search"))
    fill(client)
    for _ in range(20):
        client.post("/collections/notes/search", json={"query": "tomato plants"}).raise_for_status()
    expect(requests).to_have_attribute("aria-label", re.compile(r"search [^;]*, at most (0\.[1-9]|[1-9])"))
    for name in CHARTS:
        region = page.get_by_role("region", name=name, exact=True)
        expect(region.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"\d"))
        expect(region.locator("svg path").first).to_have_attribute("d", re.compile(r"\d"))


def test_what_serves_is_told(watched: Watched, client: httpx.Client) -> None:
    page = enter(watched, "live")
    stats = client.get("/stats").json()
    model = page.get_by_role("region", name="Model")
    for name in FACTS:
        expect(model.get_by_role("term").filter(has_text=re.compile(f"^{name}$"))).to_be_visible()
    for value in (stats["model"], stats["variant"], stats["fingerprint"]):
        expect(model).to_contain_text(value)
    expect(page.get_by_role("status").filter(has_text="Ready")).to_be_visible()


@everywhere
def test_collections_are_listed_with_their_sizes(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    page = enter(watched, "live")
    row = page.get_by_role("table", name="Collections").get_by_role("row").filter(has_text="notes")
    expect(row).to_contain_text(str(COUNT))
    expect(row).to_contain_text("ready")


def test_what_could_not_be_asked_is_told_while_the_figures_go_on(watched: Watched) -> None:
    watched.forgive("403")
    watched.page.route("**/collections", lambda route: route.fulfill(status=403, json={"detail": "no admin"}))
    page = enter(watched, "live")
    for _ in range(2):
        with page.expect_response(lambda response: response.url.endswith("/metrics")):
            pass
    memory = page.get_by_role("region", name="Memory", exact=True).get_by_role("img")
    expect(memory).to_have_attribute("aria-label", re.compile("process [1-9]"))
    expect(page.get_by_role("alert").filter(has_text="No admin")).to_be_visible()


def test_sizes_stand_there_with_the_first_figures(watched: Watched, client: httpx.Client) -> None:
    fill(client)
    held: list[Route] = []
    watched.page.route("**/metrics", lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks it for an attribute
    page = enter(watched, "live")
    row = page.get_by_role("table", name="Collections").get_by_role("row").filter(has_text="notes")
    expect(row).to_contain_text("ready")
    expect(row).not_to_contain_text("iB")
    watched.page.route("**/collections", lambda route: None)
    held[0].continue_()
    expect(row).to_contain_text("iB")


def test_arrow_keys_go_back_in_time(watched: Watched) -> None:
    page = enter(watched, "live")
    memory = page.get_by_role("region", name="Memory", exact=True)
    expect(memory.get_by_role("img")).to_have_attribute("aria-label", re.compile("process [1-9]"))
    memory.get_by_role("img").focus()
    page.keyboard.press("ArrowLeft")
    expect(memory).to_contain_text("s ago")
