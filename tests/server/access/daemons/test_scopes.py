"""What each key opens over a real socket, and how each dialect says no."""

import socket
from typing import Any

import httpx
import pytest

from tests.server.conftest import Keyed

TEXT = "a text"
# One route of each kind in each dialect: method, path, body, the scope that it needs ("any": some key).
ROUTES: list[tuple[str, str, Any, str]] = [
    ("POST", "/embed", {"texts": [TEXT]}, "embed"),
    ("POST", "/embed/batch", {"texts": [TEXT]}, "embed"),
    ("POST", "/similarity", {"a": [TEXT]}, "embed"),
    ("GET", "/stats", None, "admin"),
    ("GET", "/metrics", None, "admin"),
    ("POST", "/v1/embeddings", {"model": "tiny", "input": TEXT}, "embed"),
    ("GET", "/v1/models", None, "any"),
    ("GET", "/v1/models/tiny", None, "any"),
    ("POST", "/tei", {"inputs": TEXT}, "embed"),
    ("POST", "/tei/", {"inputs": TEXT}, "embed"),
    ("POST", "/tei/embed", {"inputs": TEXT}, "embed"),
    ("POST", "/tei/embed_all", {"inputs": TEXT}, "embed"),
    ("POST", "/tei/similarity", {"inputs": {"source_sentence": TEXT, "sentences": [TEXT]}}, "embed"),
    ("POST", "/tei/tokenize", {"inputs": TEXT}, "embed"),
    ("POST", "/tei/decode", {"ids": [4, 5]}, "embed"),
    ("POST", "/tei/v1/embeddings", {"input": TEXT}, "embed"),
    ("GET", "/tei/info", None, "any"),
    ("GET", "/tei/metrics", None, "admin"),
    ("POST", "/v2/embed", {"model": "tiny", "input_type": "search_query", "texts": [TEXT]}, "embed"),
    ("POST", "/api/embed", {"model": "tiny", "input": TEXT}, "embed"),
    ("POST", "/api/embeddings", {"model": "tiny", "prompt": TEXT}, "embed"),
    ("GET", "/api/tags", None, "any"),
    ("GET", "/api/ps", None, "any"),
    ("POST", "/api/show", {"model": "tiny"}, "any"),
    ("GET", "/api/version", None, "any"),
]
KEYS = ("embed", "search", "write", "admin")
OPEN = ["/health", "/health/live", "/health/ready", "/tei/health", "/docs", "/openapi.json"]


def names(value: tuple[str, str, Any, str]) -> str:
    return f"{value[0]} {value[1]}"


def told(path: str, answer: httpx.Response) -> str:
    """Return the message of an error that has the shape of the path's dialect, with nothing beside it."""
    document = answer.json()
    match path.split("/")[1]:
        case "v1":
            assert set(document) == {"error"}
            assert set(document["error"]) == {"message", "type", "param", "code"}
            message = document["error"]["message"]
        case "tei":
            assert set(document) == {"error", "error_type"}
            message = document["error"]
        case "v2":
            (message,) = document.values()
            assert set(document) == {"message"}
        case "api":
            assert set(document) == {"error"}
            message = document["error"]
        case _:
            assert answer.headers["content-type"] == "application/problem+json"
            assert document["status"] == answer.status_code
            message = document["detail"]
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_a_key_of_the_scope_opens_a_route_and_others_get_403_in_its_dialect(
    keyed: Keyed, route: tuple[str, str, Any, str]
) -> None:
    method, path, body, scope = route
    for held in KEYS:
        with keyed.client(held) as client:
            answer = client.request(method, path, json=body)
        if scope in {held, "any"}:
            assert answer.status_code == 200, answer.text
        else:
            assert answer.status_code == 403
            assert told(path, answer) == f"this key allows {held}; this route needs {scope}"


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_without_a_key_or_with_a_wrong_one_401_says_how_in_its_dialect(
    keyed: Keyed, route: tuple[str, str, Any, str]
) -> None:
    method, path, body, _ = route
    right = keyed.keys["admin"]
    with keyed.client() as client:
        for value in (None, "Bearer nonsense", f"Bearer {right[:-1]}", f"Bearer {right}x", f"Basic {right}"):
            headers = {"authorization": value} if value else {}
            answer = client.request(method, path, json=body, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "keys add" in told(path, answer)
            assert right.rsplit("_", 1)[1][:-1] not in answer.text


def test_openai_s_code_for_a_wrong_key_is_its_own(keyed: Keyed) -> None:
    with keyed.client() as client:
        assert client.get("/v1/models").json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"host": "evil.example"}])
def test_health_and_the_documentation_are_open_to_everybody(keyed: Keyed, path: str, headers: dict[str, str]) -> None:
    with keyed.client() as client:
        assert client.get(path, headers=headers).status_code == 200


MALFORMED = (
    b"KEY",
    b"Bearer",
    b"Basic KEY",
    b"Bearer " + b"x" * 20_000,
    b"Bearer \xff\xfe\xfd",
    b"Bearer vecd_\xc3\xa9_\xc3\xa9",
    b"Bearer KEY, Bearer KEY",
    b"Bearer KEY;",
)


@pytest.mark.parametrize("value", MALFORMED, ids=lambda value: repr(value[:30]))
def test_malformed_credentials_get_401_and_the_next_request_is_served(keyed: Keyed, value: bytes) -> None:
    right = keyed.keys["embed"]
    with keyed.client() as client:
        headers = {b"authorization": value.replace(b"KEY", right.encode())}
        assert client.post("/embed", json={"texts": []}, headers=headers).status_code == 401
    with keyed.client("embed") as client:
        assert client.post("/embed", json={"texts": []}).status_code == 200


def test_a_token_of_100_kb_is_refused_and_the_next_request_is_served(keyed: Keyed) -> None:
    with keyed.client() as client:
        answer = client.post("/embed", json={"texts": []}, headers={"authorization": "Bearer " + "x" * 100_000})
        assert answer.status_code in {401, 431}
    with keyed.client("embed") as client:
        assert client.post("/embed", json={"texts": []}).status_code == 200


@pytest.mark.parametrize("order", [1, -1])
def test_two_authorization_headers_are_refused_whichever_is_right(keyed: Keyed, order: int) -> None:
    pair = [("authorization", f"Bearer {keyed.keys['embed']}"), ("authorization", "Bearer nonsense")]
    with keyed.client() as client:
        answer = client.post("/embed", json={"texts": []}, headers=[*pair[::order]])
    assert answer.status_code in {400, 401}


def test_who_may_not_come_in_is_told_before_the_body_comes(keyed: Keyed) -> None:
    with socket.create_connection(("127.0.0.1", keyed.daemon.port), 10) as wire:
        wire.sendall(
            b"POST /embed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
        )
        assert wire.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_keys_and_secrets_are_not_in_the_log(keyed: Keyed) -> None:
    with keyed.client("admin") as client:
        client.post("/embed", json={"texts": []})
        client.get("/nowhere")
    log = keyed.daemon.log()
    assert not any(key.rsplit("_", 1)[1] in log for key in keyed.keys.values())
