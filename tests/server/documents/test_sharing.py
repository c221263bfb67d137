"""Work that several wait for is done once, and for as long as one of them waits."""

import asyncio
from collections.abc import Callable

import pytest

from server.documents.sharing import Sharing


class Kitchen:
    """Something to be done, which waits to be let go on; counts how often it was begun and given up.

    Of each piece that is there `say` has what tells that it has begun.
    """

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.begun, self.given_up = 0, 0
        self.say: list[Callable[[], None]] = []
        self.error: Exception | None = None

    async def work(self, begun: Callable[[], None]) -> int:
        self.say.append(begun)
        self.begun += 1
        number = self.begun
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.error is not None:
            raise self.error
        return number


async def pause() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_those_who_ask_for_the_same_at_once_get_one_result_and_the_next_another() -> None:
    async def check() -> None:
        kitchen, sharing = Kitchen(), Sharing[int]()
        asked = [asyncio.create_task(sharing.join("a", "ann", kitchen.work)) for _ in range(3)]
        other = asyncio.create_task(sharing.join("b", "ann", kitchen.work))
        await pause()
        assert len(sharing) == 2
        kitchen.open.set()
        assert [await one for one in asked] == [1, 1, 1]
        assert await other == 2
        assert await sharing.join("a", "ann", kitchen.work) == 3
        assert (len(sharing), kitchen.begun, kitchen.given_up) == (0, 3, 0)

    asyncio.run(check())


def test_another_client_waits_for_what_has_begun_and_not_for_what_stands_in_a_line() -> None:
    async def check() -> None:
        kitchen, sharing = Kitchen(), Sharing[int]()

        def ask(client: str) -> asyncio.Task[int]:
            return asyncio.create_task(sharing.join("a", client, kitchen.work))

        asked = [ask("ann"), ask("bob"), ask("ann"), ask("bob")]
        await pause()
        assert (kitchen.begun, len(sharing)) == (2, 2)
        kitchen.say[1]()
        asked += [ask("cy"), ask("ann")]
        await pause()
        assert kitchen.begun == 2
        kitchen.open.set()
        assert [await one for one in asked] == [1, 2, 1, 2, 2, 1]
        assert len(sharing) == 0

    asyncio.run(check())


def test_who_leaves_takes_nothing_from_those_who_wait_on() -> None:
    async def check() -> None:
        kitchen, sharing = Kitchen(), Sharing[int]()
        first, second = (asyncio.create_task(sharing.join("a", "ann", kitchen.work)) for _ in range(2))
        await pause()
        first.cancel()
        await pause()
        assert (first.cancelled(), kitchen.given_up) == (True, 0)
        kitchen.open.set()
        assert await second == 1

    asyncio.run(check())


def test_what_nobody_waits_for_any_more_is_given_up_and_begun_anew_for_the_next() -> None:
    async def check() -> None:
        kitchen, sharing = Kitchen(), Sharing[int]()
        asked = [asyncio.create_task(sharing.join("a", "ann", kitchen.work)) for _ in range(2)]
        await pause()
        for one in asked:
            one.cancel()
        await pause()
        assert (kitchen.given_up, len(sharing)) == (1, 0)
        kitchen.open.set()
        assert await sharing.join("a", "ann", kitchen.work) == 2

    asyncio.run(check())


def test_an_error_is_that_of_all_who_waited_and_not_of_the_next() -> None:
    async def check() -> None:
        kitchen, sharing = Kitchen(), Sharing[int]()
        kitchen.error = ValueError("burnt")
        asked = [asyncio.create_task(sharing.join("a", "ann", kitchen.work)) for _ in range(2)]
        await pause()
        kitchen.open.set()
        for one in asked:
            with pytest.raises(ValueError, match="burnt"):
                await one
        kitchen.error = None
        assert await sharing.join("a", "ann", kitchen.work) == 2

    asyncio.run(check())
