"""What memory the process may take at most, beside documents: worked out from the settings, and told at its start.

Nothing reserves it. Each part is what one bound allows; what no bound counts has a room of its own, which
`python -m bench budget` measures. docs/container.md says how the parts come about.
"""

import resource
import sys
from pathlib import Path

import msgspec

from server.settings import KIB, MIB, Settings
from server.web.decoding import MEMORY_SHARE

STATM = Path("/proc/self/statm")
# Of a connection: what is read and not parsed, two copies of its headers, what is handed over to be sent, its objects.
CONNECTION_BYTES = 128 * KIB
# What OpenSSL and the event loop keep of an answer besides.
TLS_BYTES = 160 * KIB
# Of a token that waits: its id, its share of its text's objects, of the tokenizer's own and of its row.
TOKEN_BYTES = 128
# Of a run: what ONNX Runtime computes with.
RUN_BYTES = 64 * MIB
# What is counted nowhere: bodies of less than 16 KiB decoded, tokenizing a text of 1 MiB, indexing words, SQLite's
# caches, and what the allocator does not give back.
ROOM_BYTES = 512 * MIB
# Of a passage, for each dimension: its row of float16, and that of int8 in the graph.
DIMENSION_BYTES = 3
# Its places in both, and its links.
PLACES_BYTES = 300


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of each part, and those that a passage adds."""

    at_start: int
    bodies: int
    cache: int
    connections: int
    queue: int
    runs: int
    room: int = ROOM_BYTES
    passage: int

    @property
    def most_bytes(self) -> int:
        """All parts; passages that are written from now on come on top."""
        return self.at_start + self.bodies + self.cache + self.connections + self.queue + self.runs + self.room


def memory_of(settings: Settings, connections: int, cores: int, dimensions: int) -> Memory:
    """Return what memory the process may take with so many connections, from now on."""
    of_connection = CONNECTION_BYTES + (TLS_BYTES if settings.tls_certificate else 0)
    return Memory(
        at_start=resident_bytes(),
        # Alone, one body passes however much it is decoded into.
        bodies=max(settings.max_bodies_bytes, (1 + MEMORY_SHARE) * settings.max_body_bytes),
        cache=settings.cache_bytes,
        connections=connections * of_connection,
        queue=settings.max_queue_tokens * TOKEN_BYTES,
        runs=cores * RUN_BYTES,
        passage=DIMENSION_BYTES * dimensions + PLACES_BYTES,
    )


def resident_bytes() -> int:
    """Return the memory of this process now; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return resource.getpagesize() * int(STATM.read_text("ascii").split()[1])
