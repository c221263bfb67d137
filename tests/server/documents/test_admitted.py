"""Every route for documents takes a place among the requests in progress, and has a timeout."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import httpx
import msgspec

from index import Hit, UnreadableError
from server.backend import LocalBackend, build_backend
from server.contract.documents import Search
from server.contract.embedding import Demand
from server.contract.errors import StorageFullError
from server.documents.documents import Documents
from server.documents.ingest import Ingest
from server.documents.library import BEGUN, BRIEF_THREADS, MIN_THREADS, Library
from server.documents.retrieval import HIT_BYTES, HitBudget
from server.web.problems import detail_of
from tests.server.application import Check, in_process, run_check, tiny_settings
from tests.server.documents.cutters import cuttings

P = ParamSpec("P")
T = TypeVar("T")

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
    ("POST", "/index/projection", {}),
    ("DELETE", "/index?id=b", None),
    ("DELETE", "/index/a", None),
]


def with_backend(tiny_models: Path, check: Check) -> None:
    """Serve in process; one request may be in progress, and there is a document."""

    async def check_with_document(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        assert (await client.post("/index", json={"id": "a", "text": "a text"})).status_code == 200
        await check(client, backend)

    run_check(tiny_settings(tiny_models, max_concurrent_requests=1), check_with_document)


def test_a_request_has_one_place_and_without_one_is_refused(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        with backend.parts.engine.enter():
            for method, path, body in ROUTES:
                answer = await client.request(method, path, json=body)
                assert (answer.status_code, "retry-after" in answer.headers) == (429, True), (method, path)
        for method, path, body in ROUTES:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 200, (method, path, answer.text)
        assert backend.parts.engine.admission.active == 0

    with_backend(tiny_models, check)


def test_a_request_that_waits_for_threads_ends_with_its_time(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        release, library = threading.Event(), backend.parts.library

        def hold() -> Future[bool]:
            done: Future[bool] = Future()
            done.set_result(release.wait(60))
            return done

        calls = [
            *(library.find(str(n), release.wait, 60) for n in range(BEGUN)),
            *(library.run(str(n), release.wait, 60) for n in range(BRIEF_THREADS)),
            library.commit(("0", 1), hold),
        ]
        blocked = [asyncio.create_task(one) for one in calls]
        try:
            for method, path, body in ROUTES:
                answer = await client.request(method, path, json=body, headers={"x-request-timeout-ms": "200"})
                assert answer.status_code == 504, (method, path, answer.text)
                assert backend.parts.engine.admission.active == 0
        finally:
            release.set()
        assert all(await asyncio.gather(*blocked))
        assert backend.parts.engine.admission.refused["deadline"] == len(ROUTES)

    with_backend(tiny_models, check)


def test_a_batch_of_too_many_documents_is_told_before_what_is_wrong_with_them(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
        documents = [{"id": "", "text": "a"}] * 2049
        answer = await client.post("/index/batch", json={"documents": documents})
        assert answer.status_code == 400
        assert "max_client_batch_size" in answer.json()["detail"]

    with_backend(tiny_models, check)


class Noted(dict[str, Any]):
    """A filter that notes on which threads it is read."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.threads: set[str] = set()

    def items(self) -> Any:
        self.threads.add(threading.current_thread().name)
        return super().items()


def test_big_filters_are_read_while_others_are_served(tiny_models: Path) -> None:
    async def check(_: httpx.AsyncClient, backend: LocalBackend) -> None:
        noted = Noted({"n": {"$exists": False}})
        found = await backend.search("default", [Search(query="a text", filter=noted)], Demand())
        assert [hit.id for hit in found.hits[0]] == ["a"]
        assert noted.threads
        assert all(name.startswith("index-read") for name in noted.threads)

    with_backend(tiny_models, check)


def test_what_is_left_is_the_same_whoever_takes_at_once() -> None:
    budget = HitBudget(10**9, several=True)
    hit = Hit("a", "text", 1.0, {})

    def take() -> None:
        for _ in range(2_000):
            budget.take([hit] * 5)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert budget.size == 10**9 - 4 * 2_000 * 5 * (HIT_BYTES + len("text") + len("{}"))


def test_a_client_is_not_told_where_the_data_are() -> None:
    told = detail_of(StorageFullError("/srv/secret/documents.sqlite cannot be written"))
    assert "/srv" not in told
    assert "Make room" in told


class Unreadable(Library):
    """A library on a disk that cannot be read."""

    async def run(self, client: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        def fail(*_: P.args, **__: P.kwargs) -> T:
            raise UnreadableError("/srv/secret cannot be read")

        return await super().run(client, fail, *arguments, **named)


def test_a_disk_that_cannot_be_read_is_not_called_full(tiny_models: Path) -> None:
    backend = build_backend(tiny_settings(tiny_models))
    parts, library = backend.parts, Unreadable(backend.parts.library.index, MIN_THREADS)
    ingest = Ingest(library, parts.embedder, cuttings(), parts.metrics, None)
    documents = Documents(parts.engine, library, ingest)
    failing = LocalBackend(msgspec.structs.replace(parts, library=library, documents=documents))

    async def check() -> None:
        async with in_process(tiny_settings(tiny_models), failing) as client:
            answer = await client.get("/index/a")
            assert answer.status_code == 500
            assert "/srv" not in answer.text

    asyncio.run(check())
