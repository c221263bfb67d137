"""Which pages' scripts may call: none unless the settings name their origin."""

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
    flags = ("--cors-origins", f"{ALLOWED}, {OTHER}")
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
