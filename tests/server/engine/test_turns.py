"""Clients take turns on one thread, by the time that their tasks took."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from server.engine.turns import TURN_S, Turns


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Shop:
    """Turns whose tasks say their names, and how long they took by a clock of their own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = Turns("shop", self.clock)
        self.served = list[str]()
        self.open = threading.Event()

    async def task(self, client: str, name: str, took_s: float, likely_s: float = TURN_S) -> None:
        def work() -> None:
            assert self.open.wait(20)
            self.served.append(name)
            self.clock.now_s += took_s

        await self.turns.run(client, work, likely_s)


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()
    yield found
    found.turns.close()


async def all_of(shop: Shop, tasks: list[tuple[str, str, float, float]]) -> None:
    waiting = []
    for task in tasks:
        waiting.append(asyncio.create_task(shop.task(*task)))
        await asyncio.sleep(0)
    shop.open.set()
    await asyncio.gather(*waiting)


def test_another_clients_short_task_is_next_after_the_one_that_runs(shop: Shop) -> None:
    heavy = [(f"heavy {n % 8}", f"heavy {n}", 0.04, TURN_S) for n in range(80)]
    asyncio.run(all_of(shop, [*heavy, ("normal", "normal", 0.0001, 0.0001)]))
    assert shop.served.index("normal") == 1


def test_short_tasks_of_one_client_are_before_its_long_ones_which_are_served_all_the_same(shop: Shop) -> None:
    async def check() -> None:
        long = [asyncio.create_task(shop.task("one", f"long {n}", 0.04)) for n in range(10)]
        await asyncio.sleep(0)
        first = asyncio.create_task(shop.task("one", "short", 0.001, TURN_S / 5))
        await asyncio.sleep(0)
        shop.open.set()
        await first
        assert shop.served.index("short") <= 1
        for n in range(10):
            shop.open.clear()
            one = asyncio.create_task(shop.task("one", f"short {n}", 0.001, TURN_S / 5))
            await asyncio.sleep(0)
            shop.open.set()
            await one
        await asyncio.gather(*long)

    asyncio.run(check())


def test_time_is_shared_alike_whatever_tasks_take(shop: Shop) -> None:
    long = [("long", f"long {n}", 0.05, TURN_S) for n in range(10)]
    short = [("short", f"short {n}", 0.005, TURN_S) for n in range(60)]
    asyncio.run(all_of(shop, [*long, *short]))
    # Ten short ones take as long as a long one.
    between = [name.startswith("short") for name in shop.served[:55]]
    assert 45 <= sum(between) <= 52


def test_who_was_alone_owes_nothing(shop: Shop) -> None:
    async def check() -> None:
        shop.open.set()
        for n in range(5):
            await shop.task("early", f"alone {n}", 1.0)
        shop.open.clear()
        shop.served.clear()
        late = [("late", f"late {n}", 0.005, TURN_S) for n in range(10)]
        await all_of(shop, [late[0], ("early", "early", 0.005, TURN_S), *late[1:]])
        assert shop.served.index("early") <= 2

    asyncio.run(check())


def test_a_task_whose_caller_left_is_not_begun(shop: Shop) -> None:
    async def check() -> None:
        first, left = (asyncio.create_task(shop.task("one", name, 0.0)) for name in ("first", "left"))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        shop.open.set()
        await first
        await shop.task("one", "last", 0.0)
        assert shop.served == ["first", "last"]

    asyncio.run(check())


def test_an_error_reaches_the_caller_and_others_go_on(shop: Shop) -> None:
    def fail() -> None:
        message = "no"
        raise ValueError(message)

    async def check() -> None:
        shop.open.set()
        with pytest.raises(ValueError, match="no"):
            await shop.turns.run("one", fail)
        await shop.task("one", "after", 0.0)

    asyncio.run(check())
    assert shop.served == ["after"]


def test_what_waits_when_it_is_closed_is_cancelled(shop: Shop) -> None:
    async def check() -> None:
        tasks = [asyncio.create_task(shop.task("one", name, 0.0)) for name in ("first", "second")]
        await asyncio.sleep(0.01)
        shop.turns.close()
        shop.open.set()
        await tasks[0]
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]

    asyncio.run(check())
