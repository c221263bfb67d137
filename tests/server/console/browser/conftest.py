"""One browser, two daemons and one nginx for all tests of the console; each test has a page of its own."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from tests.running import RunningServer, start_server
from tests.server.console.browser.chromium import open_chromium
from tests.server.console.browser.places import Place, behind_nginx, with_keys
from tests.server.console.browser.watched import Watched, watching

# Playwright keeps a loop running in this thread while its browser is open: none of these may outlive the folder.


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def server(chromium: Browser) -> Iterator[RunningServer]:
    """The daemon with the exported model."""
    with start_server("--data", ":memory:") as server:
        yield server


@pytest.fixture(scope="package")
def direct_place(server: RunningServer) -> Place:
    return Place(server.url)


@pytest.fixture(scope="package")
def keyed_place(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with with_keys(tmp_path_factory.mktemp("console-keys")) as place:
        yield place


@pytest.fixture(scope="package")
def nginx_place(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with behind_nginx(server, tmp_path_factory.mktemp("console-nginx")) as place:
        yield place


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    """The daemon itself, or each of the places where a test is marked so; with nothing in."""
    found: Place = request.getfixturevalue(f"{getattr(request, 'param', 'direct')}_place")
    empty(found)
    return found


@pytest.fixture
def direct(direct_place: Place) -> Place:
    """The daemon itself, with nothing in."""
    empty(direct_place)
    return direct_place


@pytest.fixture
def watched(chromium: Browser, place: Place) -> Iterator[Watched]:
    """A wide and light page at each of the places."""
    with watching(chromium, place) as watched:
        yield watched


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    """Whoever looks at the same server by other means."""
    with place.client() as client:
        yield client


def empty(place: Place) -> None:
    """Delete every collection."""
    with place.client() as client:
        for one in client.get("/collections").raise_for_status().json()["collections"]:
            client.delete(f"/collections/{one['name']}").raise_for_status()
