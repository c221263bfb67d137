"""Clients take turns on one thread, by the time that their tasks took."""

import asyncio
import threading
import time
from collections.abc import Iterator
from functools import partial
from unittest.mock import patch

import pytest

from server.turns import TURN_S, Turns
from tests.server.polling import until


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


class Steps:
    """A task of many steps, each of so long by its own clock, that gives way between them."""

    def __init__(self, turns: Turns, clock: Clock, name: str, done: list[str]) -> None:
        self.turns, self.clock, self.name, self.done = turns, clock, name, done
        self.open = threading.Event()
        self.begun = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.open.wait(20)
        for step in range(20):
            self.done.append(f"{self.name} {step}")
            self.clock.now_s += TURN_S
            self.turns.give_way()
        return self.name


def test_a_task_that_is_begun_gives_way_to_other_clients_and_goes_on() -> None:
    clock, done = Clock(), list[str]()
    turns = Turns("shop", clock, running=1, most=4)
    heavy = [Steps(turns, clock, f"heavy {n}", done) for n in range(3)]

    async def check() -> None:
        tasks = [asyncio.create_task(turns.run(one.name, one)) for one in heavy]
        await asyncio.to_thread(heavy[0].begun.wait, 20)
        brief = asyncio.create_task(turns.run("normal", lambda: done.append("normal")))
        await asyncio.sleep(0)
        for one in heavy:
            one.open.set()
        await brief
        assert await asyncio.gather(*tasks) == [one.name for one in heavy]

    asyncio.run(check())
    assert done.index("normal") <= 6
    for one in heavy:  # each in its own order, and all of them at about the same pace
        places = [place for place, name in enumerate(done) if name.startswith(one.name)]
        assert [done[place] for place in places] == [f"{one.name} {step}" for step in range(20)]
        assert places[9] < 40
    turns.close()


def test_no_more_are_begun_than_may_be_and_those_that_are_take_turns() -> None:
    clock, done = Clock(), list[str]()
    turns = Turns("shop", clock, running=1, most=2)
    heavy = [Steps(turns, clock, f"heavy {n}", done) for n in range(5)]

    async def check() -> None:
        for one in heavy:
            one.open.set()
        found = await asyncio.wait_for(asyncio.gather(*(turns.run(one.name, one) for one in heavy)), 60)
        assert found == [one.name for one in heavy]

    asyncio.run(check())
    for place in range(len(done)):
        begun = {name[:7] for name in done[:place]} & {name[:7] for name in done[place:]}
        assert len(begun) <= 2
    turns.close()


def test_one_client_does_not_get_all_threads_while_others_wait(shop: Shop) -> None:
    turns, begun = Turns("shop", shop.clock, running=2), list[str]()
    names = [*(f"one {n}" for n in range(6)), "two 0", "three 0"]
    gates = {name: threading.Event() for name in names}

    def work(name: str) -> None:
        begun.append(name)
        assert gates[name].wait(60)
        shop.clock.now_s += 1.0

    async def check() -> None:
        tasks = [asyncio.create_task(turns.run(name[:-2], partial(work, name))) for name in names]
        await asyncio.to_thread(until, lambda: len(begun) == 2, 60)
        assert set(begun) == {"one 0", "two 0"}
        gates["one 0"].set()
        await asyncio.to_thread(until, lambda: len(begun) == 3, 60)
        assert begun[2] == "three 0"
        for gate in gates.values():
            gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(check())
    turns.close()


def test_what_has_given_way_is_done_when_it_is_closed() -> None:
    clock, done = Clock(), list[str]()
    turns = Turns("shop", clock, running=1, most=2)
    first, second = (Steps(turns, clock, name, done) for name in ("first", "second"))

    async def check() -> None:
        first.open.set()
        tasks = [asyncio.create_task(turns.run(one.name, one)) for one in (first, second)]
        await asyncio.to_thread(second.begun.wait, 20)  # so the first one waits
        second.open.set()
        await asyncio.to_thread(turns.close, wait=True)
        assert await asyncio.gather(*tasks) == ["first", "second"]

    asyncio.run(check())


def test_one_client_does_not_take_all_places(shop: Shop) -> None:
    turns = Turns("shop", shop.clock, running=1, most=8)
    heavy = [Steps(turns, shop.clock, f"heavy {n}", shop.served) for n in range(20)]

    async def check() -> None:
        tasks = [asyncio.create_task(turns.run("heavy", one)) for one in heavy]
        other = asyncio.create_task(turns.run("other", lambda: shop.served.append("other")))
        await asyncio.sleep(0)
        for one in heavy:
            one.open.set()
        await other
        await asyncio.gather(*tasks)

    asyncio.run(check())
    assert shop.served.index("other") <= 3
    turns.close()


def test_a_result_reaches_its_caller_where_the_next_task_finds_no_thread() -> None:
    turns, go = Turns("shop"), threading.Event()

    async def check() -> None:
        first = asyncio.create_task(turns.run("one", partial(go.wait, 60)))
        await asyncio.sleep(0)
        second = asyncio.create_task(turns.run("two", lambda: "served"))
        await asyncio.sleep(0)
        with patch.object(threading.Thread, "start", no_thread):
            go.set()
            assert await asyncio.wait_for(first, 60)
        assert await asyncio.wait_for(second, 60) == "served"

    asyncio.run(check())
    turns.close()


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_who_finds_no_thread_is_told_and_later_ones_are_served() -> None:
    turns = Turns("shop", most=4)

    async def check() -> None:
        with patch.object(threading.Thread, "start", no_thread), pytest.raises(RuntimeError, match="thread"):
            await turns.run("one", lambda: "not served")
        for _ in range(2):
            assert await asyncio.wait_for(turns.run("one", lambda: "served"), 60) == "served"

    asyncio.run(check())
    turns.close(wait=True)


def test_after_a_thread_that_could_not_be_started_there_are_as_many_as_are_needed() -> None:
    turns, begun, go = Turns("shop", most=4), threading.Event(), threading.Event()

    def long() -> str:
        begun.set()
        assert go.wait(60)
        busy(2 * TURN_S)
        turns.give_way()
        return "done"

    async def check() -> None:
        with patch.object(threading.Thread, "start", no_thread), pytest.raises(RuntimeError, match="thread"):
            await turns.run("one", lambda: "not served")
        first = asyncio.create_task(turns.run("one", long))
        await asyncio.to_thread(begun.wait, 60)
        second = asyncio.create_task(turns.run("two", lambda: "served"))
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.wait_for(first, 60) == "done"
        assert await asyncio.wait_for(second, 60) == "served"

    asyncio.run(check())
    turns.close(wait=True)


def test_who_gives_way_goes_on_where_no_thread_can_be_started_for_the_next() -> None:
    turns, begun, go = Turns("shop", most=4), threading.Event(), threading.Event()

    def long() -> str:
        begun.set()
        assert go.wait(60)
        for _ in range(3):
            busy(2 * TURN_S)
            turns.give_way()
        return "done"

    async def check() -> None:
        first = asyncio.create_task(turns.run("one", long))
        await asyncio.to_thread(begun.wait, 60)
        second = asyncio.create_task(turns.run("two", lambda: "served"))
        await asyncio.sleep(0)
        with patch.object(threading.Thread, "start", no_thread):
            go.set()
            assert await asyncio.wait_for(first, 60) == "done"
            assert await asyncio.wait_for(second, 60) == "served"

    asyncio.run(check())
    turns.close(wait=True)


def busy(seconds: float) -> None:
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        pass
