"""`python -m tests.index.linearizability.faulty --fault NAME ...`: the server with a fault that clients must find."""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Sequence

from server.backend import LocalBackend, build_backend
from server.contract.documents import Document, Include, Written
from server.contract.embedding import Demand, Timing
from server.serving import serve
from server.settings import Settings, read_settings

# Of the operations that a fault may befall, one in so many has it.
ONE_IN = 7
LATER_S = 0.05


class Faulty(LocalBackend):
    """Answers well but for every ONE_INth operation of one kind."""

    def __init__(self, whole: LocalBackend) -> None:
        super().__init__(whole.parts)
        self._counter = itertools.count(1)
        self._tasks: set[asyncio.Task[Written]] = set()

    def _now(self) -> bool:
        return next(self._counter) % ONE_IN == 0

    def _later(self, name: str, documents: Sequence[Document], demand: Demand, after_s: float) -> None:
        async def write() -> Written:
            await asyncio.sleep(after_s)
            return await LocalBackend.put(self, name, documents, demand)

        task = asyncio.get_running_loop().create_task(write())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Stale(Faulty):
    """Reads what was there before."""

    def __init__(self, whole: LocalBackend) -> None:
        super().__init__(whole)
        self._before: dict[str, Document] = {}

    async def get(self, name: str, document_id: str, demand: Demand, include: Include) -> Document:
        if document_id in self._before and self._now():
            return self._before[document_id]
        found = self._before[document_id] = await super().get(name, document_id, demand, include)
        return found


class Early(Faulty):
    """Answers a write before it is done."""

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        if not self._now():
            return await super().put(name, documents, demand)
        self._later(name, documents, demand, LATER_S)
        return Written([0] * len(documents), [False] * len(documents), Timing())


class Torn(Faulty):
    """Writes a batch in two halves."""

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        if len(documents) < 2:
            return await super().put(name, documents, demand)
        await super().put(name, documents[:1], demand)
        await asyncio.sleep(LATER_S)
        return await super().put(name, documents[1:], demand)


class Undead(Faulty):
    """Lets a document come back that was deleted."""

    async def delete(self, name: str, document_id: str, demand: Demand) -> None:
        before = await self.get(name, document_id, demand, Include())
        await super().delete(name, document_id, demand)
        if self._now():
            self._later(name, [before], demand, LATER_S)


FAULTS: dict[str, type[Faulty]] = {"stale": Stale, "early": Early, "torn": Torn, "undead": Undead}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", choices=FAULTS, required=True)
    own, rest = parser.parse_known_args(arguments)

    def build(settings: Settings) -> LocalBackend:
        return FAULTS[own.fault](build_backend(settings))

    serve(read_settings(rest), build)


if __name__ == "__main__":
    main(sys.argv[1:])
