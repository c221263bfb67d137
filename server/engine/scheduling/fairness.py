"""The order in which callers are served: fair by tokens between clients, then between the requests of one client.

Weighted fair queueing (Demers, Keshav and Shenker, SIGCOMM 1989): the chunk that would finish first if all clients were
served in parallel goes first, so a small request overtakes a large one, and no client waits for more than its share. A
client that comes begins where all that wait are on the mean, so that who asks for little hardly waits for more than the
run that is under way, and who comes under ever new names has no more than one client. No clock, no thread, no I/O.
"""

import heapq
import itertools
from collections import deque

from server.engine.scheduling.job import Job, QueuedText

# Requests are served in chunks of so many tokens: small ones in one chunk, in the order of arrival; the chunks of a
# large one take turns with those of others. Two runs of the CPU's budget.
CHUNK_TOKENS = 512
# How many clients that are away are remembered before those of them are looked for who may be forgotten.
MOST_AWAY = 64


class Chunk:
    """Adjacent texts of one job that share a place in the order; texts that a run takes leave `texts`."""

    __slots__ = ("job", "texts", "tokens")

    def __init__(self, job: Job, texts: deque[QueuedText], tokens: int) -> None:
        self.job = job
        self.texts = texts
        self.tokens = tokens


class _Client:
    """The chunks of one client, and its place among the clients. All quantities are tokens."""

    __slots__ = ("chunks", "clock", "start", "tag")

    def __init__(self, start: float) -> None:
        self.chunks: list[tuple[float, int, Chunk]] = []
        self.clock = 0.0
        self.start = start  # the clock at which it began to wait, plus the tokens that it was served since
        self.tag = 0.0


class FairOrder:
    """Waiting chunks, by the virtual time at which each would be done. Chunks without texts are skipped."""

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}
        self._heap: list[tuple[float, int, str]] = []
        # How many tokens a client would have had that had waited all the time; and the starts of clients that nothing
        # waits of, where they are ahead of that: they have had more than their share.
        self._clock = 0.0
        self._away: dict[str, float] = {}
        self._most_away = MOST_AWAY
        self._arrivals = itertools.count()

    def push(self, chunks: list[Chunk]) -> None:
        """Add the chunks of a job, in order."""
        name = chunks[0].job.client
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = _Client(max(self._clock, self._away.pop(name, 0.0)))
        tag = client.clock
        for chunk in chunks:
            tag += chunk.tokens
            heapq.heappush(client.chunks, (tag, next(self._arrivals), chunk))
        self._settle(name, client)

    def first(self) -> Chunk | None:
        """Return the chunk whose turn it is; None if no chunk has a text left."""
        while self._heap:
            tag, _, name = self._heap[0]
            client = self._clients.get(name)
            if client is None or client.tag != tag:
                heapq.heappop(self._heap)  # its client has another place now
            elif client.chunks[0][2].texts:
                return client.chunks[0][2]
            else:
                self._settle(name, client)
        return None

    def charge(self, chunk: Chunk, tokens: int) -> None:
        """Charge tokens taken from a chunk to its client."""
        client = self._clients[chunk.job.client]
        self._clock += tokens / len(self._clients)
        client.start += tokens
        tag, _, head = client.chunks[0]
        if head is chunk:
            client.clock = max(client.clock, tag - chunk.tokens)
        self._settle(chunk.job.client, client)

    def _settle(self, name: str, client: _Client) -> None:
        """Remove empty chunks, and give the client its next place."""
        while client.chunks and not client.chunks[0][2].texts:
            heapq.heappop(client.chunks)
        if not client.chunks:
            del self._clients[name]
            self._remember(name, client.start)
            return
        tag = client.start + client.chunks[0][2].tokens
        if tag != client.tag:
            client.tag = tag
            heapq.heappush(self._heap, (tag, next(self._arrivals), name))

    def _remember(self, name: str, start: float) -> None:
        """Keep where a client is that nothing waits of; where nobody waits, what it had is owed to nobody."""
        if not self._clients:
            self._away.clear()
            return
        if start > self._clock:
            self._away[name] = start
        if len(self._away) > self._most_away:
            self._away = {one: at for one, at in self._away.items() if at > self._clock}
            self._most_away = max(MOST_AWAY, 2 * len(self._away))
