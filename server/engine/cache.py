"""The cache of embeddings: least recently used out first, bounded in bytes.

Keys are a keyed hash of the text, so that nobody can craft two texts that collide, and of its owner, so that no client
learns by counts or times what another has asked. Used from the event loop, but where it says otherwise.
"""

import hashlib
import secrets
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from server.contract.embedding import Input
from server.engine.utf8 import PART_CHARACTERS, encoded

# Bytes of an entry besides its row: key, hash-table slot, list node, struct and bytes header. tracemalloc counts 197
# over 20,000 entries; the allocator rounds up.
ENTRY_OVERHEAD_BYTES = 256

CacheKey = bytes


class CachedEmbedding(msgspec.Struct, frozen=True, gc=False):
    """A row (dimensions,) as float32 bytes, and its text's tokens and truncation."""

    row: bytes
    tokens: int
    truncated: bool


class EmbeddingCache:
    """A mapping from text to embedding. `namespace` is the variant's fingerprint."""

    def __init__(self, size_bytes: int, namespace: str) -> None:
        self.size_bytes = size_bytes
        self.used_bytes = 0
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self._secret = hashlib.blake2b(namespace.encode(), key=secrets.token_bytes(32)).digest()
        self._entries: OrderedDict[CacheKey, CachedEmbedding] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def key(self, text: Input, kind: str, owner: str = "") -> CacheKey:
        """Return the key of a text, or of token ids, for one kind of row; `kind` has at most 12 characters.

        Of two owners neither finds what the other has put; without one all share.
        """
        if isinstance(text, str):
            first = text[:PART_CHARACTERS].encode()
            rest = encoded(text, PART_CHARACTERS) if len(text) > PART_CHARACTERS else ()
            return self._digest(first, rest, kind, owner)
        return self._digest(struct.pack(f"<{len(text)}q", *text), (), kind + " ids", owner)

    def keys(self, texts: Iterable[Input], kind: str, owner: str = "") -> Iterator[list[tuple[Input, CacheKey]]]:
        """Yield each text with its key, in steps of one text; from any thread.

        The hash that a dictionary asks for is kept with a text: of one with an emoji it takes a millisecond a megabyte.
        """
        for text in texts:
            hash(text)
            yield [(text, self.key(text, kind, owner))]

    def _digest(self, first: bytes, rest: Iterable[bytes], kind: str, owner: str) -> CacheKey:
        salt = _salt_of(owner) if owner else b""
        digest = hashlib.blake2b(first, digest_size=16, key=self._secret, person=kind.encode(), salt=salt)
        for part in rest:
            digest.update(part)
        return digest.digest()

    def find(self, key: CacheKey) -> CachedEmbedding | None:
        """Return the entry and make it the most recent; count a hit or a miss."""
        found = self._entries.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
            self._entries.move_to_end(key)
        return found

    def put(self, key: CacheKey, entry: CachedEmbedding) -> None:
        """Add an entry, and remove the oldest ones while there are too many bytes."""
        size = len(entry.row) + ENTRY_OVERHEAD_BYTES
        if size > self.size_bytes or key in self._entries:
            return
        self._entries[key] = entry
        self.used_bytes += size
        while self.used_bytes > self.size_bytes:
            _, oldest = self._entries.popitem(last=False)
            self.used_bytes -= len(oldest.row) + ENTRY_OVERHEAD_BYTES
            self.evictions += 1


@lru_cache(1024)
def _salt_of(owner: str) -> bytes:
    return hashlib.blake2b(owner.encode(), digest_size=hashlib.blake2b.SALT_SIZE).digest()
