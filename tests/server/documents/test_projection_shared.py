"""Projections that several ask for at once, and large ones, over the backend itself."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest

from index import Collection
from server.backend import LocalBackend
from server.contract.documents import Projection
from server.contract.embedding import Demand
from server.contract.errors import FilterError
from server.dialects.native.projection import columns
from server.documents.library import Library
from server.documents.listing import Listing
from server.web.encoding import SLICE_NUMBERS, encode
from server.web.replies import JSON
from tests.server.application import run_check, tiny_settings


class Counting:
    """A library that counts what is asked of the index, and holds back what `held` names the clients of."""

    def __init__(self, true: Library) -> None:
        self._true = true
        self.asked = 0
        self.held: dict[str, asyncio.Event] = {}

    def collection(self, name: str) -> Collection:
        return self._true.collection(name)

    async def find(self, client: str, function: Callable[..., Any], *arguments: Any) -> Any:
        self.asked += 1
        if client in self.held:
            await self.held[client].wait()
        return await self._true.find(client, function, *arguments)


class Shown:
    """Projections of a backend of three documents."""

    def __init__(self, backend: LocalBackend) -> None:
        self.library = Counting(backend.parts.library)
        self._listing = Listing(backend.parts.engine, cast("Library", self.library), 1_000_000)

    def ask(self, limit: int, filter_: Any = None, client: str = "ann") -> Awaitable[Projection]:
        return self._listing.projection("default", None, filter_, limit, Demand(client=client))


async def pause() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def check_shown(tiny_models: Path, check: Callable[[httpx.AsyncClient, Shown], Awaitable[None]]) -> None:
    async def run(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        for name in "abc":
            await client.post("/index", json={"id": name, "text": f"text {name}"})
        await check(client, Shown(backend))

    run_check(tiny_settings(tiny_models), run)


def test_those_who_ask_at_once_share_one_computation_unless_something_was_written_between(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, shown: Shown) -> None:
        found = await asyncio.gather(*(shown.ask(10) for _ in range(5)), shown.ask(2))
        assert len({id(one) for one in found}) == 2
        assert [one.ids for one in found[4:]] == [["a", "b", "c"], ["a", "b"]]
        assert shown.library.asked == 2
        shown.library.held["ann"] = asyncio.Event()
        before = [asyncio.ensure_future(shown.ask(10)) for _ in range(2)]
        await pause()
        assert shown.library.asked == 3
        await client.delete("/index/a")
        after = [asyncio.ensure_future(shown.ask(10)) for _ in range(2)]
        await pause()
        assert shown.library.asked == 4
        shown.library.held["ann"].set()
        assert [(await one).ids for one in after] == [["b", "c"]] * 2
        assert len({id(await one) for one in (*before, *after)}) == 2

    check_shown(tiny_models, check)


def test_whoever_asks_for_what_stands_in_another_client_s_line_does_not_wait_for_it(tiny_models: Path) -> None:
    async def check(_: httpx.AsyncClient, shown: Shown) -> None:
        shown.library.held["ann"] = asyncio.Event()
        first = asyncio.ensure_future(shown.ask(10))
        await pause()
        assert (await shown.ask(10, client="bob")).ids == ["a", "b", "c"]
        assert not first.done()
        shown.library.held["ann"].set()
        assert (await first).ids == ["a", "b", "c"]

    check_shown(tiny_models, check)


def test_what_is_no_filter_shares_nothing_with_one_that_looks_alike(tiny_models: Path) -> None:
    async def check(_: httpx.AsyncClient, shown: Shown) -> None:
        pairs = [({"n": b"abc"}, {"n": "YWJj"}), ({"$and": [{1: "a"}]}, {"$and": [{"1": "a"}]})]
        for wrong, right in pairs:
            for asked in ([wrong, right], [right, wrong]):
                found = await asyncio.gather(*(shown.ask(10, one) for one in asked), return_exceptions=True)
                told = dict(zip(map(repr, asked), found, strict=True))
                assert isinstance(told[repr(wrong)], FilterError)
                assert cast("Projection", told[repr(right)]).ids == []
        with pytest.raises(FilterError):
            await shown.ask(10, {"n": {"$in": [*range(2_000)]}})

    check_shown(tiny_models, check)


def test_a_large_answer_is_encoded_in_parts_between_which_others_run() -> None:
    count = 70_000
    ids = [f"d{n}\n" for n in range(count)]
    values: list[bool | int | float | str | None] = [None, True, 1, 2.5, "ä\0"] * (count // 5)
    x = np.linspace(0, 1, count, dtype=np.float32)
    plane = np.zeros(2, np.float32), np.zeros((2, 2), np.float32), [0.0, 0.0]
    found = Projection(count, ids, x, -x, values, *plane, "state")

    async def run() -> tuple[dict[str, Any], int]:
        turns = 0

        async def tick() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(tick())
        made = await columns(found, 12 * count)
        other.cancel()
        return made, turns

    made, turns = asyncio.run(run())
    assert turns >= 4 * (count // SLICE_NUMBERS)
    assert encode(made, JSON) == encode({"ids": ids, "values": values, "x": x, "y": -x}, JSON)
