"""What the other tests rest on sees what it must: complaints, other places, and layouts that are wrong."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.server.console.browser.accessibility import hindrances
from tests.server.console.browser.boxes import misplaced
from tests.server.console.browser.places import Place
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import watching

ELSEWHERE = "http://127.0.0.1:9/"
STOPPED = f"document.body.append(Object.assign(document.createElement('img'), {{src: '{ELSEWHERE}'}}))"
LAYOUTS = {
    "": "<p>A text</p><button>A button</button><p><b>Bold</b> and <i>slanted</i></p>",
    "text over text": "<p>One text</p><p style='margin-top: -2.5em'>Another text</p>",
    "text over a control": "<button style='height: 3em'>A button</button><p style='margin-top: -2em'>A text</p>",
    "control over control": "<button>A button</button><a href='/' style='margin-left: -3em'>A link</a>",
    "cut by p": "<p style='width: 3em; overflow: hidden; white-space: nowrap'>A text of many words</p>",
    "beyond the side": "<p style='position: absolute; left: 95vw; white-space: nowrap'>A text of many words</p>",
    "scrolls sideways": "<div style='overflow: auto'><div style='width: 200vw'>A text</div></div>",
    "the page scrolls sideways": "<div style='width: 200vw'>A text</div>",
    "shortened without": "<h2 style='width: 3em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap'>"
    "A heading of many words</h2>",
    "cut: ": "<input placeholder='Far more than there is room for' style='width: 5em' aria-label='Words'>",
}


def visit(browser: Browser, place: Place, act: Callable[[Page], None]) -> None:
    """Open the console, do something there, and judge."""
    with watching(browser, place) as watched:
        act(enter(watched))


def load_a_picture(page: Page) -> None:
    with page.expect_console_message(lambda message: message.text.startswith("policy: ")):
        page.evaluate(STOPPED)


def test_a_page_without_faults_is_judged_well(chromium: Browser, direct: Place) -> None:
    visit(chromium, direct, lambda page: None)


def test_the_page_of_the_documentation_stays_beside_it(chromium: Browser, direct: Place) -> None:
    with watching(chromium, direct) as watched:
        enter(watched).get_by_role("link", name="API").click()
        watched.page.locator(".opblock").first.wait_for()


def test_what_the_policy_stops_is_noticed(chromium: Browser, direct: Place) -> None:
    with pytest.raises(AssertionError, match="policy: img-src"):
        visit(chromium, direct, load_a_picture)


def test_an_error_of_a_script_is_noticed(chromium: Browser, direct: Place) -> None:
    with pytest.raises(AssertionError, match="no such thing"):
        visit(chromium, direct, lambda page: page.evaluate("console.error('no such thing')"))


@pytest.mark.parametrize("fault", LAYOUTS)
def test_a_layout_that_is_wrong_is_told(chromium: Browser, fault: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 600})
    page.set_content(f"<meta name=viewport content='width=device-width'><body>{LAYOUTS[fault]}</body>")
    found = misplaced(page)
    page.close()
    assert any(one.startswith(fault) for one in found) if fault else found == [], found


def test_a_button_without_a_name_hinders(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<html lang=en><title>A page</title><main><h1>A page</h1><button></button></main></html>")
    found = hindrances(page)
    page.close()
    assert [one.split(" ")[0] for one in found] == ["button-name"]
