"""What every answer carries, whatever it answers."""

from typing import Any

import httpx
import pytest

from tests.server.conftest import Keyed

EXPECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
ANSWERS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "POST", "/embed", {"json": {"texts": ["a"]}}),
    (200, "POST", "/embed", {"json": {"texts": ["a"]}, "headers": {"accept": "application/octet-stream"}}),
    (200, "GET", "/health", {}),
    (200, "HEAD", "/health", {}),
    (200, "GET", "/metrics", {}),
    (200, "GET", "/tei/health", {}),
    (204, "OPTIONS", "/embed", {}),
    (400, "POST", "/embed", {"content": b"{", "headers": {"content-type": "application/json"}}),
    (403, "GET", "/v1/models", {"headers": {"host": "evil.example"}}),
    (404, "GET", "/nowhere", {}),
    (404, "GET", "/v1/nowhere", {}),
    (404, "GET", "/<script>alert(1)</script>", {}),
    (405, "GET", "/embed", {}),
    (406, "POST", "/embed", {"json": {"texts": []}, "headers": {"accept": "text/html"}}),
    (415, "POST", "/embed", {"content": b"x"}),
    (422, "POST", "/embed?truncate=false", {"json": {"texts": ["a " * 500]}}),
]


def check(answer: httpx.Response) -> None:
    for name, value in EXPECTED.items():
        assert answer.headers.get_list(name) == [value]
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_every_answer_has_the_headers_that_browsers_heed_and_names_no_server(
    client: httpx.Client, case: tuple[int, str, str, dict[str, Any]]
) -> None:
    status, method, path, options = case
    answer = client.request(method, path, **options)
    assert answer.status_code == status
    check(answer)


def test_refusals_for_want_of_a_key_have_them_too(keyed: Keyed) -> None:
    with keyed.client() as client:
        answer = client.get("/v1/models")
    assert answer.status_code == 401
    check(answer)


def test_no_error_shows_insides(client: httpx.Client) -> None:
    for _, method, path, options in ANSWERS:
        text = client.request(method, path, **options).text
        assert not any(word in text for word in ("Traceback", "litestar", "site-packages", '.py"', "/home/"))
