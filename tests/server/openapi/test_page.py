"""The page at /docs: everything it needs comes from here, under a policy that lets nothing else in."""

import re
from pathlib import Path

import httpx
import pytest

from server.openapi.page import POLICY, STATIC
from tests.running import RunningServer
from tests.server.openapi.browser import CHROMIUM, open_browser
from tests.server.openapi.fuzzed import tiny_document

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
        browser.call("Page.navigate", url=f"{tiny_server.url}/")
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
        assert asked[0] == f"{tiny_server.url}/"
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


def test_the_page_has_the_policy_and_no_script_or_style_within(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        answer = client.get("/docs")
        front = client.get("/")
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert not re.search(r"<script(?![^>]*src)|<style|style=|\son\w+=|https?://", answer.text)
    assert (front.status_code, front.headers["location"]) == (307, "docs")


def test_what_the_page_loads_is_kept_for_good_and_nothing_else_is_given(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        found = re.findall(r'(?:src|href)="(docs/assets/[^"]+)"', client.get("/docs").text)
        answers = [client.get(f"/{address}") for address in found]
        wrong = [
            client.get(f"/docs/assets/{rest}").status_code
            for rest in ("0000000000000000/docs.js", "..%2f..%2f/docs.html", "x/..%2f..%2fapp.py", "vendor/NOTICE")
        ]
    assert len(found) == 3
    for answer in answers:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}
    assert set(wrong) == {404}


def test_other_peoples_files_come_with_their_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        assert {"LICENSE", "NOTICE"} <= {path.name for path in folder.iterdir()}
        assert folder.name in (STATIC / "README.md").read_text("utf-8")


def test_the_page_is_open_where_keys_are_wanted(locked_server: RunningServer) -> None:
    for path in ("/", "/docs", "/openapi.json"):
        assert httpx.get(locked_server.url + path).status_code in {200, 307}
    assert httpx.get(f"{locked_server.url}/stats").status_code == 401
