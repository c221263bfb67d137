"""Pages of other origins: what has no body, and so no content type, they may not send."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.running import RunningServer

FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
]


@pytest.fixture
def client(tiny_server: RunningServer) -> Iterator[httpx.Client]:
    with tiny_server.client() as found:
        yield found


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_neither_reindexes_nor_drops_nor_deletes(client: httpx.Client, headers: dict[str, str]) -> None:
    path = f"/collections/{uuid.uuid4().hex}"
    assert client.put(path, json={}).status_code == 200
    assert client.post(f"{path}/index", json={"id": "a", "text": "a"}).status_code == 200
    for method, target in (("POST", f"{path}/reindex"), ("DELETE", f"{path}/index/a"), ("DELETE", path)):
        answer = client.request(method, target, headers=headers)
        assert answer.status_code == 403, answer.text
        assert "cors_origins" in answer.json()["detail"]
    assert client.get(f"{path}/index/a", headers=headers).status_code == 200
    assert client.delete(path).status_code == 200


def test_scripts_and_pages_of_the_server_itself_may(client: httpx.Client) -> None:
    path = f"/collections/{uuid.uuid4().hex}"
    own = str(client.base_url).rstrip("/")
    tried: list[dict[str, str]] = [{}, {"origin": own}]
    for headers in [*tried, {"origin": own, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]:
        assert client.put(path, json={}).status_code == 200
        assert client.post(f"{path}/reindex", headers=headers).status_code == 202
        assert client.delete(path, headers=headers).status_code == 200
