"""The page at /docs: everything it needs comes from here, under a policy that lets nothing else in."""

import re

import httpx

from server.openapi.page import POLICY, STATIC
from tests.running import RunningServer


def test_the_page_has_the_policy_and_no_script_or_style_within(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        answer = client.get("/docs")
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert not re.search(r"<script(?![^>]*src)|<style|style=|\son\w+=|https?://", answer.text)


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
        assert httpx.get(locked_server.url + path).status_code == 200
    assert httpx.get(f"{locked_server.url}/stats").status_code == 401
