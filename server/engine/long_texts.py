"""What looks through whole texts: their keys in the cache, their sizes. Long ones are looked through in turns, aside.

A megabyte takes milliseconds, in which the event loop would answer nobody.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

from server.contract.embedding import Input
from server.engine.cache import CacheKey, EmbeddingCache
from server.engine.request import Request, kind_of
from server.engine.scheduling.job import deadline_error
from server.engine.tokenization import Tokenization
from server.engine.utf8 import size_of

# Keys of so many characters are made on the event loop, in some 0.3 ms; each text costs as much as 400 characters more.
SHORT_CHARACTERS, TEXT_CHARACTERS = 64_000, 400
# The seconds of a character of three bytes.
KEY_S, SIZE_S = 8e-9, 4e-9

T = TypeVar("T")


def short_keys(cache: EmbeddingCache, request: Request) -> dict[Input, CacheKey]:
    """Return the key of each different text, in order; none where they are long, see `LongTexts.keys`."""
    texts, demand = request.texts, request.demand
    if _characters(texts) > SHORT_CHARACTERS:
        return {}
    kind, owner = kind_of(demand), demand.cache_owner
    return {text: cache.key(text, kind, owner) for text in texts}


def _characters(texts: Sequence[Input]) -> int:
    return sum(map(len, texts)) + TEXT_CHARACTERS * len(texts)


class LongTexts:
    """Shares the thread of long tokenization, and its turns."""

    def __init__(self, tokenization: Tokenization) -> None:
        self._tokenization = tokenization

    async def keys(self, cache: EmbeddingCache, request: Request) -> dict[Input, CacheKey]:
        """Return the key of each different text, in order. Raises DeadlineError."""
        texts, demand = request.texts, request.demand
        steps = cache.keys(texts, kind_of(demand), demand.cache_owner)
        likely_s = _characters(texts) * KEY_S
        return dict(await self._take(steps, len(texts), likely_s, demand.client, request.left_s))

    async def unique(self, request: Request) -> list[Input]:
        """Return each different text, in order. Raises DeadlineError."""
        texts = request.texts
        if (characters := sum(map(len, texts))) > SHORT_CHARACTERS:
            hashes = ([hash(text)] for text in texts)  # a text keeps the hash that a dictionary asks for
            await self._take(hashes, len(texts), characters * SIZE_S, request.demand.client, request.left_s)
        return list(dict.fromkeys(texts))

    async def sizes(self, texts: Sequence[str], client: str, left_s: float) -> list[int]:
        """Return how many bytes of UTF-8 texts have. Raises DeadlineError."""
        steps = ([size_of(text)] for text in texts)
        return await self._take(steps, len(texts), sum(map(len, texts)) * SIZE_S, client, left_s)

    async def _take(self, steps: Iterator[list[T]], count: int, likely_s: float, client: str, left_s: float) -> list[T]:
        try:
            async with asyncio.timeout(left_s):
                return await self._tokenization.aside(steps, count, likely_s, client)
        except TimeoutError:
            raise deadline_error() from None
