"""Which pages' scripts may call: none unless the settings name their origin."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.daemon import Daemon, make_key, refuse_to_start, serving

ALLOWED, OTHER = "https://app.example", "http://localhost:5173"
EVIL = ["https://evil.example", "http://app.example", "https://app.example:444", "https://app.example.evil", "null"]
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-request-id,x-request-timeout-ms",
}
ALLOW = "access-control-allow-origin"


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cors") / "keys.json"


@pytest.fixture(scope="module")
def key(key_file: Path) -> str:
    return make_key(key_file)


@pytest.fixture(scope="module")
def open_to(tiny_models: Path, key_file: Path, key: str) -> Iterator[Daemon]:
    flags = ("--cors-origins", f"{ALLOWED}, {OTHER}", "--header-timeout-s", "1")
    with serving(tiny_models, key_file.parent, *flags, VECD_KEYS=str(key_file)) as daemon:
        yield daemon


def cors(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if name.startswith("access-control-")]


def test_without_the_setting_no_answer_says_anything(client: httpx.Client) -> None:
    headers = {"origin": ALLOWED}
    for answer in (
        client.post("/embed", json={"texts": []}, headers=headers),
        client.get("/nowhere", headers=headers),
        client.options("/embed", headers=headers | PREFLIGHT),
    ):
        assert cors(answer) == []


@pytest.mark.parametrize("origin", [ALLOWED, OTHER])
@pytest.mark.parametrize("path", ["/embed", "/v1/embeddings", "/tei/embed", "/v2/embed", "/api/embed"])
def test_a_preflight_passes_without_a_key(open_to: Daemon, origin: str, path: str) -> None:
    with open_to.client() as client:
        answer = client.options(path, headers={"origin": origin} | PREFLIGHT)
    assert answer.status_code in {200, 204}
    assert answer.headers[ALLOW] == origin
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in PREFLIGHT["access-control-request-headers"].split(","))
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", [ALLOWED, OTHER])
def test_answers_and_errors_may_be_read_by_the_allowed(open_to: Daemon, key: str, origin: str) -> None:
    headers = {"origin": origin}
    with open_to.client(key) as client, open_to.client() as stranger:
        answers = {
            200: client.post("/embed", json={"texts": ["a"]}, headers=headers),
            400: client.post("/embed", json={"texts": 5}, headers=headers),
            401: stranger.post("/embed", json={"texts": []}, headers=headers),
            403: client.get("/stats", headers=headers),
            404: client.get("/nowhere", headers=headers),
            405: client.get("/embed", headers=headers),
            415: client.post("/embed", content=b"x", headers=headers),
        }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers[ALLOW] == origin
        assert "origin" in answer.headers["vary"].lower()
        exposed = answer.headers["access-control-expose-headers"]
        assert all(name in exposed for name in ("x-request-id", "retry-after", "x-truncated-inputs", "server-timing"))


HEAD = f"host: localhost\r\norigin: {ALLOWED}\r\ncontent-type: application/json"
BROKEN = {
    400: f"POST /embed HTTP/1.1\r\n{HEAD}\r\nhost: other\r\n\r\n",
    408: f"POST /embed HTTP/1.1\r\n{HEAD}\r\nx: y",
    413: f"POST /embed HTTP/1.1\r\n{HEAD}\r\ncontent-length: 1000000000\r\n\r\n",
    431: f"POST /embed HTTP/1.1\r\n{HEAD}\r\nx: {'x' * 40_000}\r\n\r\n",
    501: f"POST /embed HTTP/1.1\r\n{HEAD}\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
}


@pytest.mark.parametrize("status", BROKEN)
def test_what_the_connection_itself_answers_may_be_read_by_the_allowed(open_to: Daemon, status: int) -> None:
    """A page would see nothing but a network error otherwise."""
    answer = ask_raw(open_to, BROKEN[status])
    head = answer.partition(b"\r\n\r\n")[0].decode().lower()
    assert f" {status} " in head.splitlines()[0]
    assert f"{ALLOW}: {ALLOWED}" in head
    assert "vary: origin" in head
    assert "x-request-id" in head.partition("access-control-expose-headers: ")[2].splitlines()[0]
    evil = ask_raw(open_to, BROKEN[status].replace(ALLOWED, EVIL[0]))
    assert ALLOW.encode() not in evil


def ask_raw(daemon: Daemon, request: str) -> bytes:
    """Send these bytes, and return all that is answered."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=20) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("origin", EVIL)
def test_other_origins_may_read_nothing(open_to: Daemon, key: str, origin: str) -> None:
    headers = {"origin": origin}
    with open_to.client(key) as client:
        for answer in (
            client.post("/embed", json={"texts": ["a"]}, headers=headers),
            client.get("/nowhere", headers=headers),
            client.options("/embed", headers=headers | PREFLIGHT),
        ):
            assert ALLOW not in answer.headers


def test_a_preflight_opens_nothing(open_to: Daemon) -> None:
    with open_to.client() as client:
        client.options("/embed", headers={"origin": ALLOWED} | PREFLIGHT)
        assert client.post("/embed", json={"texts": []}, headers={"origin": ALLOWED}).status_code == 401


@pytest.mark.parametrize("origins", ["app.example", "https://app.example/", "https://app.example/path", "https://"])
def test_what_is_no_origin_stops_the_start(tiny_models: Path, origins: str) -> None:
    """No browser ever sends it, so it would be a setting without effect."""
    assert "--cors-origins" in refuse_to_start(tiny_models, "--cors-origins", origins)
