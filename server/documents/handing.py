"""Writes handed to the index's one writer, so few of each client at a time that those of others come between.

The writer does them in the order in which they come, those that wait together in one transaction.
"""

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

# Of each client, unless one write has more: as many as the writer puts in one transaction.
MAX_DOCUMENTS = 64


class _Client(msgspec.Struct):
    """How many documents of a client are with the writer, and which writes wait for that, with theirs."""

    documents: int = 0
    waiting: deque[tuple[int, asyncio.Future[None]]] = msgspec.field(default_factory=deque)


class Handing:
    """Used from one event loop."""

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}

    async def enter(self, client: str, documents: int) -> Callable[[], None]:
        """Wait until a write of so many documents may be handed over; return what is to be called once it is done.

        A write of none counts as one of one.
        """
        documents = max(1, documents)
        found = self._clients.setdefault(client, _Client())
        if found.waiting or not _has_room(found, documents):
            turn = asyncio.get_running_loop().create_future()
            found.waiting.append((documents, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave(client, documents)
                raise
        else:
            found.documents += documents
        return lambda: self._leave(client, documents)

    def _leave(self, client: str, documents: int) -> None:
        found = self._clients[client]
        found.documents -= documents
        while found.waiting and (found.waiting[0][1].cancelled() or _has_room(found, found.waiting[0][0])):
            more, turn = found.waiting.popleft()
            if not turn.cancelled():
                found.documents += more
                turn.set_result(None)
        if not (found.documents or found.waiting):
            del self._clients[client]


def _has_room(client: _Client, documents: int) -> bool:
    return not client.documents or client.documents + documents <= MAX_DOCUMENTS
