"""The process that is killed: opens the folder, looks at what is there, and writes until it is killed.

What it is about to do and what was acknowledged stand in a log; a line that was written survives SIGKILL. What it has
found is one line of standard output.
"""

import os
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from index import Collection, Index, Query
from index.documents.passages import whole
from tests.index.large.documents import NDIM, Maker, id_of, number_in, number_of, text_of

TOGETHER, IN_FLIGHT = 64, 4
REINDEXED, LOOKED_AT = 500, 200
DELETED = 8


class Writing(msgspec.Struct, frozen=True):
    """What one transaction does: so many documents from `first` on are put, or these are deleted."""

    first: int = 0
    put: int = 0
    deleted: tuple[int, ...] = ()


class Orders(msgspec.Struct, frozen=True):
    """What a process is to do: `act` is fill, live, reindex, drop or look.

    `dead` are the numbers below `next` that are gone, `doubtful` writings of which nobody knows whether they came to
    the disk. With `every` each document is looked at.
    """

    folder: str
    log: str
    act: str
    next: int
    dead: tuple[int, ...] = ()
    doubtful: tuple[Writing, ...] = ()
    model: int = 0
    seed: int = 0
    every: bool = False


class Found(msgspec.Struct):
    """What there is, and in how many seconds from opening the folder it was known.

    `right_s` is until the first search by vector answered and was right, `graph_s` until the graph was loaded. `done`
    says how many of the doubtful writings are there, which are the first ones.
    """

    right_s: float = 0.0
    graph_s: float = 0.0
    taken_s: float = 0.0
    documents: int = 0
    done: int = 0
    problems: list[str] = []


class Victim:
    """One life."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._random = random.Random(orders.seed)
        self._log = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._maker = Maker(orders.model)
        self._found = Found()
        self._started_s = time.perf_counter()
        self._index = Index(Path(orders.folder), f"model-{orders.model}", NDIM)

    @property
    def _collection(self) -> Collection:
        return self._index.collection()

    def _since_s(self) -> float:
        return time.perf_counter() - self._started_s

    def live(self) -> Found:
        orders, found = self._orders, self._found
        if orders.act == "reindex":
            self._reindex()
        if orders.act == "fill":
            self._write(self._filling())
            self._collection.wait_until_viewed()
            self._collection.wait_for_words()
        else:
            self._look()
        if orders.act == "live":
            self._say()
            self._write(self._writings())
        if orders.act == "drop":
            started_s = time.perf_counter()
            self._index.drop("default")
            found.taken_s = time.perf_counter() - started_s
            found.documents = self._collection.count()
        self._index.close()
        return found

    def _say(self) -> None:
        os.write(1, msgspec.json.encode(self._found) + b"\n")

    def _look(self) -> None:
        """Hold what there is against what there has to be."""
        orders, found = self._orders, self._found
        dead = {*orders.dead, *(number for one in orders.doubtful for number in one.deleted)}
        last = next(number for number in range(orders.next - 1, -1, -1) if number not in dead)
        self._search(last)
        found.right_s = self._since_s()
        while (loading := self._collection.memory.loading) is not None and not loading.wait(600):
            pass
        found.graph_s = self._since_s()
        found.documents = self._collection.count()
        found.done = self._settled()
        end, dead = self._after()
        if found.documents != end - len(dead):
            found.problems.append(f"there are {found.documents} documents, not {end - len(dead)}")
        some = {*self._random.sample(range(end), LOOKED_AT), *dead, *range(end)[-LOOKED_AT:]}
        numbers = range(end) if orders.every else sorted(some)
        for number in numbers:
            self._compare(number, number not in dead)
        for number in self._random.sample(range(end), 20):
            if number not in dead:
                self._search(number)

    def _settled(self) -> int:
        """Return how many of the doubtful writings are there."""
        done = 0
        for one in self._orders.doubtful:
            numbers = one.deleted or range(one.first, one.first + one.put)
            there = {self._collection.get(id_of(number)) is not None for number in numbers}
            if len(there) > 1:
                self._found.problems.append(f"there is a part of {one}")
            if there != {not one.deleted}:
                break
            done += 1
        return done

    def _after(self) -> tuple[int, set[int]]:
        """Return the first number that nothing has, and which of those below it are gone."""
        orders, done = self._orders, self._orders.doubtful[: self._found.done]
        gone = {number for one in done for number in one.deleted}
        return orders.next + sum(one.put for one in done), {*orders.dead, *gone}

    def _compare(self, number: int, there: bool) -> None:
        found = self._collection.get(id_of(number))
        if (found is not None) != there:
            self._found.problems.append(f"{id_of(number)} is {'lost' if there else 'back'}")
        elif found is not None and (found.text != text_of(number) or found.metadata.get("number") != number):
            self._found.problems.append(f"{id_of(number)} is another")

    def _search(self, number: int) -> None:
        row = self._maker.row(number)
        for query in (
            Query(vector=row, top_k=3),
            Query(vector=row, top_k=3, filter={"tenth": number % 10}),
            Query(mode="text", text=f"word{number}", top_k=3),
        ):
            hits = self._collection.search(query)
            if [number_of(hit.id) for hit in hits[:1]] != [number]:
                self._found.problems.append(f"a search by {query.mode} does not find {id_of(number)}")

    def _filling(self) -> Iterator[Writing]:
        for first in range(0, self._orders.next, TOGETHER):
            yield Writing(first, min(TOGETHER, self._orders.next - first))

    def _writings(self) -> Iterator[Writing]:
        """Put and delete without end, never what was deleted before."""
        first, dead = self._after()
        while True:
            count = self._random.randint(1, TOGETHER)
            yield Writing(first, count)
            first += count
            chosen = {self._random.randrange(first) for _ in range(DELETED)} - dead
            dead |= chosen
            if chosen:
                yield Writing(deleted=tuple(sorted(chosen)))

    def _write(self, writings: Iterator[Writing]) -> None:
        waiting: deque[tuple[Writing, Future[Any]]] = deque()
        for one in writings:
            self._note("begun", one)
            waiting.append((one, self._submit(one)))
            if len(waiting) == IN_FLIGHT:
                self._acknowledge(*waiting.popleft())
        for each in waiting:
            self._acknowledge(*each)

    def _submit(self, one: Writing) -> Future[Any]:
        if one.deleted:
            return self._collection.delete_many([id_of(number) for number in one.deleted])
        numbers = range(one.first, one.first + one.put)
        return self._collection.put_many([self._maker.document(number) for number in numbers])

    def _acknowledge(self, one: Writing, future: Future[Any]) -> None:
        future.result()
        self._note("done", one)

    def _note(self, what: str, one: Writing) -> None:
        os.write(self._log, msgspec.json.encode([what, one]) + b"\n")

    def _reindex(self) -> None:
        started_s, reindex = time.perf_counter(), self._collection.reindex()
        while texts := reindex.texts(REINDEXED):
            rows = {one.key: self._maker.row(number_in(one.text)) for one in texts}
            reindex.put({key: whole(row) for key, row in rows.items()}).result()
        assert reindex.finish()
        self._collection.wait_until_viewed()
        self._found.taken_s = time.perf_counter() - started_s
        self._started_s = time.perf_counter()


def main() -> None:
    victim = Victim(msgspec.json.decode(sys.stdin.buffer.read(), type=Orders))
    os.write(1, msgspec.json.encode(victim.live()) + b"\n")


if __name__ == "__main__":
    main()
