"""Every route for documents has a place among the requests in work, and a time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from index import Collection, Hit, StorageFullError, UnreadableError
from server import MEMORY, Daemon, Settings, build_application, build_daemon
from server.problems import detail_of
from server.retrieval import HIT_BYTES, Left
from tests.tiny import TINY

ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/index", {"id": "b", "text": "a text"}),
    ("GET", "/index/a", None),
    ("GET", "/index?id=a", None),
    ("GET", "/index", None),
    ("PATCH", "/index/a", {"metadata": {}}),
    ("POST", "/index/batch", {"documents": [{"id": "b", "text": "a text"}]}),
    ("POST", "/index/delete", {"ids": ["nobody"]}),
    ("POST", "/index/delete", {"filter": {"n": 5}}),
    ("POST", "/search", {"query": "a text"}),
    ("DELETE", "/index?id=b", None),
    ("DELETE", "/index/a", None),
]
Check = Callable[[httpx.AsyncClient, Daemon], Awaitable[None]]


def with_daemon(tiny_models: Path, check: Check) -> None:
    """Run the whole application without a socket; one request may be in work."""

    async def run() -> None:
        daemon = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY, max_concurrent_requests=1))
        daemon.engine.start()
        transport = httpx.ASGITransport(build_application(daemon))  # type: ignore[arg-type]  # two ways to type ASGI
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.post("/index", json={"id": "a", "text": "a text"})).status_code == 200
            await check(client, daemon)
        daemon.engine.close()
        daemon.library.close()

    asyncio.run(run())


def test_a_request_has_one_place_and_without_one_is_refused(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, daemon: Daemon) -> None:
        with daemon.engine.enter():
            for method, path, body in ROUTES:
                answer = await client.request(method, path, json=body)
                assert (answer.status_code, "retry-after" in answer.headers) == (429, True), (method, path)
        for method, path, body in ROUTES:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 200, (method, path, answer.text)
        assert daemon.engine.admission.active == 0

    with_daemon(tiny_models, check)


def test_a_request_that_waits_for_threads_ends_with_its_time(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, daemon: Daemon) -> None:
        release = threading.Event()
        threads = daemon.library._threads
        blocked = [threads.submit(release.wait) for _ in range(threads._max_workers)]
        try:
            for method, path, body in ROUTES:
                answer = await client.request(method, path, json=body, headers={"x-request-timeout-ms": "200"})
                assert answer.status_code == 504, (method, path, answer.text)
                assert daemon.engine.admission.active == 0
        finally:
            release.set()
        assert all(one.result() for one in blocked)
        assert daemon.engine.admission.refused["deadline"] == len(ROUTES)

    with_daemon(tiny_models, check)


def test_a_batch_of_too_many_documents_is_told_before_what_is_wrong_with_them(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        documents = [{"id": "", "text": "a"}] * 2049
        answer = await client.post("/index/batch", json={"documents": documents})
        assert answer.status_code == 400
        assert "max_client_batch_size" in answer.json()["detail"]

    with_daemon(tiny_models, check)


def test_big_filters_are_read_while_others_are_served(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("server.retrieval.parse_filter", lambda _: seen.append(threading.current_thread().name))

    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/search", json={"query": "a text", "filter": {"n": {"$exists": False}}})
        assert answer.status_code == 200, answer.text
        assert [name.startswith("index-read") for name in seen] == [True]

    with_daemon(tiny_models, check)


def test_what_is_left_is_the_same_whoever_takes_at_once() -> None:
    left = Left(10**9, several=True)
    hit = Hit("a", "text", 1.0, {})

    def take() -> None:
        for _ in range(2_000):
            left.take([hit] * 5)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert left.size == 10**9 - 4 * 2_000 * 5 * (HIT_BYTES + len("text") + len("{}"))


def test_a_client_is_not_told_where_the_data_are() -> None:
    told = detail_of(StorageFullError("/srv/secret/documents.sqlite cannot be written"))
    assert "/srv" not in told
    assert "Make room" in told


def test_a_disk_that_cannot_be_read_is_not_called_full(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        assert (await client.get("/index/a")).status_code == 500

    def fail(*_: object, **__: object) -> None:
        raise UnreadableError("/srv/secret cannot be read")

    monkeypatch.setattr(Collection, "get", fail)
    with_daemon(tiny_models, check)
