"""Clients that ask for the heaviest hold up no others, and nothing goes on for those that have left."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from index import Collection, VectorError
from index.store.queries import single
from server.backend import LocalBackend
from server.documents.handing import MAX_DOCUMENTS, Handing
from server.documents.library import BEGUN, Library, open_library
from server.documents.passages import Passages
from server.documents.titles import Titles
from server.documents.vectors import unit
from tests.index.store.test_interruption import ENDLESS
from tests.server.application import exchangeable_backend, in_process, tiny_settings
from tests.server.documents.test_passages import TOKENIZER, Watched

PATIENCE_S = 60.0


def endless(collection: Collection) -> int:
    """Read until nobody waits for it."""
    with collection.store.readers.reading() as connection:
        return int(single(connection, ENDLESS))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    found = open_library(tmp_path / "data", ("model", 32, "variant"), 2, 0.98)
    yield found
    found.close()


def test_what_nobody_waits_for_leaves_its_thread_and_its_connection(library: Library) -> None:
    collection = library.collection("default")

    async def check() -> None:
        for _ in range(3):
            tasks = [asyncio.create_task(library.find(str(n), endless, collection)) for n in range(2 * BEGUN)]
            await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert await asyncio.wait_for(library.find("other", collection.count), PATIENCE_S) == 0

    asyncio.run(check())


def test_others_search_read_and_write_beside_those_that_never_end(library: Library) -> None:
    collection = library.collection("default")

    async def check() -> None:
        heavy = [asyncio.create_task(library.find(str(n), endless, collection)) for n in range(BEGUN - 1)]
        await asyncio.sleep(0.2)
        for _ in range(3):
            assert await asyncio.wait_for(library.find("normal", collection.count), PATIENCE_S) == 0
            assert await asyncio.wait_for(library.run("normal", collection.get, "a"), PATIENCE_S) is None
            gone = library.commit(("normal", 1), collection.delete_many, ["a"])
            assert await asyncio.wait_for(gone, PATIENCE_S) == 0
        assert not any(one.done() for one in heavy)
        for one in heavy:
            one.cancel()
        await asyncio.gather(*heavy, return_exceptions=True)

    asyncio.run(check())


def test_one_document_is_read_and_written_while_every_place_for_searches_is_taken(
    tiny_models: Path, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(tiny_settings(tiny_models), data=tmp_path / "data")

    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        library = backend.parts.library
        collection = library.collection("default")
        heavy = [asyncio.create_task(library.find(str(n), endless, collection)) for n in range(2 * BEGUN)]
        await asyncio.sleep(0.2)
        asked: list[tuple[str, str, Any]] = [
            ("POST", "/index", {"id": "a", "text": "a text"}),
            ("GET", "/index/a", None),
            ("PATCH", "/index/a", {"metadata": {"n": 1}}),
            ("POST", "/index/delete", {"ids": ["nobody"]}),
            ("DELETE", "/index/a", None),
        ]
        for method, path, body in asked:
            answer = await asyncio.wait_for(client.request(method, path, json=body), PATIENCE_S)
            assert answer.status_code == 200, (method, path, answer.text)
        late = await client.post("/index/count", json={}, headers={"x-request-timeout-ms": "300"})
        assert late.status_code == 504
        assert not any(one.done() for one in heavy)
        for one in heavy:
            one.cancel()
        await asyncio.gather(*heavy, return_exceptions=True)
        assert (await client.post("/index/count", json={})).json() == {"count": 0}

    async def run() -> None:
        backend, _ = exchangeable_backend(settings)
        async with in_process(settings, backend) as client:
            await check(client, backend)

    asyncio.run(run())


def test_writes_of_one_client_are_not_all_before_anothers() -> None:
    async def check() -> None:
        handing, order = Handing(), list[str]()
        writer: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

        async def write(client: str, documents: int) -> None:
            done = await handing.enter(client, documents)
            finished = asyncio.get_running_loop().create_future()
            writer.put_nowait((client, finished))
            await finished
            order.append(client)
            done()

        flood = [asyncio.create_task(write("flood", 40)) for _ in range(50)]
        await asyncio.sleep(0)
        other = asyncio.create_task(write("other", 1))
        left = asyncio.create_task(write("flood", 40))
        await asyncio.sleep(0)
        left.cancel()
        while not all(one.done() for one in (*flood, other)):
            _, finished = await asyncio.wait_for(writer.get(), PATIENCE_S)
            finished.set_result(None)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert order.index("other") <= 1
        assert order.count("flood") == 50

    asyncio.run(check())


def test_a_client_may_hand_over_as_many_documents_as_share_a_transaction() -> None:
    async def check() -> None:
        handing = Handing()
        leave = [await handing.enter("one", 1) for _ in range(MAX_DOCUMENTS)]
        more = asyncio.create_task(handing.enter("one", 1))
        await asyncio.sleep(0)
        assert not more.done()
        leave.pop()()
        leave.append(await more)
        large = asyncio.create_task(handing.enter("one", 10 * MAX_DOCUMENTS))
        for one in leave:
            await asyncio.sleep(0)
            assert not large.done()
            one()
        (await large)()

    asyncio.run(check())


def test_writes_of_nothing_leave_as_others_do() -> None:
    async def check() -> None:
        handing = Handing()
        for leave in [await handing.enter("one", 0) for _ in range(3)]:
            leave()
        (await handing.enter("one", MAX_DOCUMENTS))()

    asyncio.run(check())


def test_a_write_completes_though_its_caller_has_left(library: Library) -> None:
    held, done = threading.Event(), Future[int]()

    def submit() -> Future[int]:
        assert held.wait(PATIENCE_S)
        done.set_result(1)
        return done

    async def check() -> None:
        write = asyncio.create_task(library.commit(("one", 1), submit))
        await asyncio.sleep(0.05)
        write.cancel()
        await asyncio.gather(write, return_exceptions=True)
        held.set()
        after = library.commit(("one", MAX_DOCUMENTS), library.collection("default").delete_many, ["a"])
        assert await asyncio.wait_for(after, PATIENCE_S) == 0
        assert done.result(0) == 1

    asyncio.run(check())


def test_the_long_texts_of_some_clients_are_cut_beside_those_of_others() -> None:
    cutter = Watched()
    passages = Passages(cutter, Titles(TOKENIZER))

    async def check() -> None:
        long = [asyncio.create_task(passages.of(["It is so. " * 20_000], 40, 10, f"heavy {n % 4}")) for n in range(40)]
        await asyncio.sleep(0)
        await passages.of(["short"], 40, 10, "normal")
        assert cutter.taken < 400  # of sixteen thousand
        for one in long:
            one.cancel()
        await asyncio.gather(*long, return_exceptions=True)

    asyncio.run(check())
    passages.close()


class Unread(list[float]):
    """Numbers that say how many they are, and must not be converted."""

    def __iter__(self) -> Any:
        raise AssertionError

    def __getitem__(self, _: Any) -> Any:
        raise AssertionError


def test_a_vector_is_measured_before_it_is_converted() -> None:
    with pytest.raises(VectorError, match="has 100000"):
        unit(Unread([1.0] * 100_000), 32)
