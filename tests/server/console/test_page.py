"""The console as it is served: under a policy that lets nothing else in, with files that are kept for ever."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.console.page import FOLDER, POLICY, load_console
from server.web.pages import MEDIA
from tests.running import RunningServer

IMPORT = re.compile(r'(?:^import [^;]*?from |\bimport\()["`\'](\.[^"`\']+)["`\']', re.MULTILINE)
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
# What the page weighs compressed.
MAX_BYTES = 250_000


def sources() -> list[Path]:
    return sorted(FOLDER.rglob("*.js"))


def attributes(page: str) -> list[str]:
    """Every address that the page itself names."""
    return [found for found in re.findall(r'(?:src|href)="([^"#][^"]*)"', page) if found != "docs"]


@pytest.fixture
def front(tiny_server: RunningServer) -> Iterator[httpx.Response]:
    with tiny_server.client() as client:
        yield client.get("/")


def test_the_page_has_the_policy_and_no_script_or_style_within(front: httpx.Response) -> None:
    assert front.status_code == 200
    assert front.headers["content-type"] == "text/html; charset=utf-8"
    assert front.headers["content-security-policy"] == POLICY
    assert front.headers["cache-control"] == "no-cache"
    assert "unsafe" not in POLICY
    assert "connect-src 'self'" in POLICY
    assert "data:" not in POLICY
    assert not re.search(r"<script(?![^>]*src)|<style|style=|\son\w+=|https?://", front.text)


def test_all_addresses_are_relative_so_that_the_page_works_behind_a_sub_path(front: httpx.Response) -> None:
    found = attributes(front.text)
    assert found
    for address in found:
        assert re.fullmatch(r"console/[0-9a-f]{16}/[a-z_/.]+", address), address


def test_what_the_page_loads_is_kept_for_good_and_nothing_else_is_given(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        found = attributes(client.get("/").text)
        digest = found[0].split("/")[1]
        answers = [client.get(f"/{address}") for address in found]
        wrong = [
            client.get(f"/console/{rest}").status_code
            for rest in (
                "0000000000000000/main.js",
                f"{digest}/README.md",
                f"{digest}/package.json",
                f"{digest}/index.html",
                f"{digest}/..%2fdocs.js",
                f"{digest}/search",
                digest,
            )
        ]
    for answer in answers:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"] in MEDIA.values()
    assert set(wrong) == {404}


def test_head_answers_as_get_does_without_the_content(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        page = client.get("/")
        for address in ("/", f"/{attributes(page.text)[0]}"):
            whole, head = client.get(address), client.head(address)
            assert head.status_code == 200
            assert head.content == b""
            assert head.headers["content-length"] == str(len(whole.content))
            assert head.headers["content-type"] == whole.headers["content-type"]


def test_every_module_that_is_imported_is_served_beside_the_one_that_imports_it() -> None:
    assets = load_console().assets
    digest = next(iter(assets)).split("/")[0]
    for path in sources():
        for name in IMPORT.findall(path.read_text("utf-8")):
            if "${" in name:
                continue
            target = (path.parent / name).resolve().relative_to(FOLDER).as_posix()
            assert f"{digest}/{target}" in assets, f"{path.name} imports {name}"


def test_the_digest_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script type="module" src="{files}/a.js"></script>')
    (tmp_path / "a.js").write_text("one")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.js").write_text("two")
    before = load_console(tmp_path)
    assert [address.split("/", 1)[1] for address in before.assets] == ["a.js", "inner/b.js"]
    (tmp_path / "inner" / "b.js").write_text("three")
    after = load_console(tmp_path)
    assert not set(before.assets) & set(after.assets)
    assert before.html != after.html


def test_one_module_asks_the_server_and_at_relative_addresses() -> None:
    asking = {
        path.name
        for path in sources()
        if re.search(r"\bfetch\(|XMLHttpRequest|EventSource|WebSocket", path.read_text("utf-8"))
    }
    assert asking <= {"api.js", "code.js"}  # the latter writes calls for people to copy
    for path in sources():
        assert not re.search(r"\b(?:get|post|put|patch|delete|path)\(\s*[`\"']/", path.read_text("utf-8")), path


def test_data_never_becomes_markup() -> None:
    for path in sources():
        assert not re.search(MARKUP, path.read_text("utf-8")), path


def test_no_file_names_another_host() -> None:
    namespaces = ("http://www.w3.org/2000/svg",)
    for address, asset in load_console().assets.items():
        text = asset.content.decode()
        for one in namespaces:
            text = text.replace(one, "")
        assert not re.search(r"https?://|[\"'(]//", text), address


def test_the_whole_page_is_light() -> None:
    page = load_console()
    contents = [page.html, *(one.content for one in page.assets.values())]
    assert sum(len(gzip.compress(one)) for one in contents) < MAX_BYTES


def test_a_module_holds_one_idea() -> None:
    for path in sources():
        assert path.read_text("utf-8").count("\n") <= 200, path
