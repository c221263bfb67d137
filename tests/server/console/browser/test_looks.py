"""All that the console shows, light and dark, wide and on a phone, with 200 documents in.

No text or control lies over another, nothing is cut, nothing scrolls sideways, and axe-core finds nothing grave.
"""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.console.browser.accessibility import hindrances
from tests.server.console.browser.boxes import misplaced
from tests.server.console.browser.conftest import empty
from tests.server.console.browser.notes import fill, fill_awkwardly
from tests.server.console.browser.places import Place
from tests.server.console.browser.states import STATES, opened, view
from tests.server.console.browser.visits import enter, results, search
from tests.server.console.browser.watched import SIZES, THEMES, Theme, Watched, Width, watching

# As many characters as a name may have.
LONG_NAME = "collection-" * 5 + "long-name"
EACH = list(product(THEMES, SIZES))
Found = dict[str, tuple[list[str], list[str]]]


def look(page: Page) -> tuple[list[str], list[str]]:
    """Return what is wrong with the boxes and, as width says nothing of that, for a wide page what hinders people."""
    return misplaced(page), hindrances(page) if page.viewport_size == SIZES["wide"] else []


def shown(watched: Watched) -> Found:
    """Return what is wrong with each state of the console, by its name."""
    page = enter(watched, collection="notes")
    return {name: look(page) for states in STATES for name in states(page)}


@pytest.fixture(scope="module", params=EACH, ids=["-".join(each) for each in EACH])
def looks(request: pytest.FixtureRequest, chromium: Browser, direct_place: Place) -> Iterator[Found]:
    """Everything that is there to be seen, in one theme and one width."""
    theme: Theme
    width: Width
    theme, width = request.param
    empty(direct_place)
    with watching(chromium, direct_place, theme=theme, width=width) as watched, direct_place.client() as client:
        bare = enter(watched)
        found: Found = {"an empty server": look(bare)}
        fill(client)
        bare.reload()
        yield found | shown(watched)


def test_nothing_lies_over_another_or_is_cut_or_scrolls_sideways(looks: Found) -> None:
    assert {name: misplaced for name, (misplaced, _) in looks.items() if misplaced} == {}


def test_nothing_hinders_people_gravely(looks: Found) -> None:
    assert {name: grave for name, (_, grave) in looks.items() if grave} == {}


@pytest.mark.parametrize("width", SIZES)
def test_what_hardly_fits_is_neither_cut_nor_over_another(chromium: Browser, direct: Place, width: Width) -> None:
    with watching(chromium, direct, width=width) as watched, direct.client() as client:
        fill_awkwardly(client, LONG_NAME)
        page = enter(watched, collection=LONG_NAME)
        expect(search(page, "line").first).to_be_visible()
        found = {"search": misplaced(page)}
        for number in range(results(page).count()):
            with opened(page, results(page).nth(number)) as dialog:
                expect(dialog.get_by_role("tabpanel")).to_be_visible()
                found[f"document {number}"] = misplaced(page)
        for name, there in (("Map", "4 documents"), ("Live", LONG_NAME)):
            with view(page, name):
                expect(page.get_by_role("main")).to_contain_text(there)
                found[name] = misplaced(page)
    assert {name: faults for name, faults in found.items() if faults} == {}
