"""The page at /docs in a browser: it shows every route, and asks nobody else for anything."""

from pathlib import Path

import pytest

from tests.running import RunningServer
from tests.server.openapi.daemons.browser import CHROMIUM, open_browser
from tests.server.openapi.document import tiny_document

OPERATION = "#operations-OpenAI-openai_embeddings"
STATUS = f"document.querySelector('{OPERATION} .live-responses-table .response .response-col_status')"
SHOWN = sum(len(item) for item in tiny_document(keys_required=True)["paths"].values())


def click(selector: str) -> str:
    return f"document.querySelector('{OPERATION} {selector}').click() ?? true"


def there(selector: str) -> str:
    return f"document.querySelector('{OPERATION} {selector}') !== null"


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_a_browser_shows_every_route_and_tries_one_without_asking_anybody_else(
    tiny_server: RunningServer, tmp_path: Path
) -> None:
    with open_browser(tmp_path) as browser:
        browser.call("Page.navigate", url=f"{tiny_server.url}/docs")
        browser.wait(f"document.querySelectorAll('.opblock').length === {SHOWN}")
        browser.evaluate(click(".opblock-summary-control"))
        browser.wait(there(".try-out__btn"))
        browser.evaluate(click(".try-out__btn"))
        browser.wait(there(".execute"))
        browser.evaluate(click(".execute"))
        browser.wait(f"{STATUS} !== null")
        assert str(browser.evaluate(f"{STATUS}.innerText")).startswith("200")
        assert browser.evaluate("window.violations") == []
        asked = [url for url in browser.requests if not url.startswith("data:")]
        assert asked[0] == f"{tiny_server.url}/docs"
        assert f"{tiny_server.url}/v1/embeddings" in asked
        assert [url for url in asked if not url.startswith(f"{tiny_server.url}/")] == []
        assert browser.complaints == []


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_the_browser_notices_what_the_policy_stops(tiny_server: RunningServer, tmp_path: Path) -> None:
    with open_browser(tmp_path) as browser:
        browser.call("Page.navigate", url=f"{tiny_server.url}/docs")
        browser.wait("document.querySelectorAll('.opblock').length > 0")
        browser.evaluate("document.body.append(Object.assign(document.createElement('img'), {src: 'http://a.test/'}))")
        browser.wait("window.violations.length === 1")
