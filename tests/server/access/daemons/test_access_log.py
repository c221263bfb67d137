"""The line of a request in the log: whose key it was, and nothing that a terminal would obey."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.daemon import Daemon, key_command, make_key, serving
from tests.server.polling import until

# What a client may write in a path, percent-encoded, and what must not reach a terminal of it.
DISGUISES = {
    "an escape sequence": ("%1b%5b2J%1b%5d0;owned%07", "\x1b\x07"),
    "a line": ("a%0d%0a2026-01-01T00:00:00Z%20[info]%20forged", "\r\n"),
    "C1 controls": ("%c2%9b31m%c2%90", "\x9b\x90"),
    "backspaces": ("secret%08%08%08%7f", "\x08\x7f"),
    "turned writing": ("%e2%80%aetxt.exe%e2%81%a6", "\u202e\u2066"),
    "separators of lines": ("a%e2%80%a8b%c2%85c%0bd%0ce", "\u2028\x85\x0b\x0c"),
    "a blank and an escape": ("a%20b%1b", "\x1b"),
}


@pytest.fixture(scope="module", params=["text", "json"])
def logged(
    request: pytest.FixtureRequest, tiny_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Daemon, str, Path]]:
    """A daemon that logs each request, the style of its log, and its file of keys."""
    folder = tmp_path_factory.mktemp("logged")
    file = folder / "keys.json"
    make_key(file)
    with serving(
        tiny_models, folder, "--access-log", "true", "--log-format", request.param, VECD_KEYS=str(file)
    ) as daemon:
        yield daemon, request.param, file


def line_of(daemon: Daemon, request_id: str) -> str:
    """Return the one line of a request, which is written after its answer."""
    until(lambda: request_id in daemon.log())
    # Split at line feeds alone: other separators must not be there.
    (line,) = [line for line in daemon.log().split("\n") if request_id in line]
    return line


@pytest.mark.parametrize("case", DISGUISES)
def test_what_a_client_writes_in_a_path_is_written_out(logged: tuple[Daemon, str, Path], case: str) -> None:
    daemon, _, _ = logged
    written, refused = DISGUISES[case]
    number = list(DISGUISES).index(case)
    with daemon.client() as client:
        assert client.get(f"/{written}", headers={"x-request-id": f"route-{number}"}).status_code == 404
        assert client.get(f"/collections/default/index/{written}", headers={"x-request-id": f"id-{number}"}).is_error
    for line in (line_of(daemon, f"id-{number}"), line_of(daemon, f"route-{number}")):
        assert not set(refused) & set(line)
        assert "path" in line
    assert not set("\x1b\r\x07\x08\x7f\x9b") & set(daemon.log())


def key_of(line: str, style: str) -> str | None:
    if style == "json":
        fields: dict[str, Any] = json.loads(line)
        return fields.get("key")
    found = [part.partition("=")[2] for part in line.split() if part.startswith("key=")]
    return found[0] if found else None


def test_the_key_is_named_by_its_id_whatever_the_answer(logged: tuple[Daemon, str, Path]) -> None:
    daemon, style, file = logged
    key = make_key(file, "search")
    ended = key_command(file, "add", "short", "--expires", "1s").stdout.strip()
    daemon.reload()
    asked = {"mine": (key, "/collections", 200), "forbidden": (key, "/stats", 403), "strange": ("x", "/stats", 401)}
    asked |= {"open": (key, "/health", 200), "nowhere": (key, "/nowhere", 404)}
    for name, (token, path, status) in asked.items():
        with daemon.client(token) as client:
            assert client.get(path, headers={"x-request-id": f"key-{name}"}).status_code == status
    with daemon.client(ended) as client:
        until(lambda: client.get("/collections").status_code == 401)
        client.get("/collections", headers={"x-request-id": "key-ended"})
    named = {name: key_of(line_of(daemon, f"key-{name}"), style) for name in (*asked, "ended")}
    mine = key.split("_")[1]
    expected = dict.fromkeys(("strange", "open", "nowhere", "ended"))
    assert named == {"mine": mine, "forbidden": mine} | expected
    assert not [token for token in (key, ended) if token.rsplit("_", 1)[1] in daemon.log()]
