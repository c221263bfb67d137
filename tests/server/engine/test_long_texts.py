"""Long texts are looked through aside: their keys and sizes are the same, and the event loop goes on."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.tokenizer import open_tokenizer
from server.contract.embedding import Demand, Input, Timing
from server.contract.errors import DeadlineError
from server.engine.cache import CacheKey, EmbeddingCache
from server.engine.long_texts import SHORT_CHARACTERS, LongTexts, short_keys
from server.engine.request import Request
from server.engine.tokenization import Tokenization
from server.engine.utf8 import PART_CHARACTERS, encoded, may_exceed, size_of
from tests.tiny import MAX_TOKENS, TINY

LONG = ["a" * (PART_CHARACTERS - 1) + "한👩" * 40_000, "b" * SHORT_CHARACTERS, "한" * 333_000]


class WatchedCache(EmbeddingCache):
    """Notes on which threads keys are made."""

    def __init__(self) -> None:
        super().__init__(1 << 20, "fingerprint")
        self.threads = set[int]()

    def key(self, text: Input, kind: str, owner: str = "") -> CacheKey:
        self.threads.add(threading.get_ident())
        return super().key(text, kind, owner)


@pytest.fixture
def tokenization(tiny_models: Path) -> Iterator[Tokenization]:
    found = Tokenization(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    yield found
    found.close()


def request(*texts: Input, timeout_s: float = 30.0) -> Request:
    return Request(texts, Demand(cache_owner="a"), timeout_s, time.perf_counter(), {}, Timing())


@pytest.mark.parametrize("text", ["", "a", "é", *LONG, "x" * PART_CHARACTERS, "👩" * (PART_CHARACTERS + 1)])
def test_a_text_in_parts_has_the_bytes_of_the_whole(text: str) -> None:
    whole = text.encode()
    assert b"".join(encoded(text)) == whole
    assert all(len(part) <= 4 * PART_CHARACTERS for part in encoded(text))
    assert size_of(text) == len(whole)
    assert may_exceed(text, len(whole) - 1)


@pytest.mark.parametrize("text", ["a" * 100, "한" * 25])
def test_what_surely_fits_is_not_measured(text: str) -> None:
    assert not may_exceed(text, 100)


def test_keys_of_much_text_are_made_off_the_event_loop(tokenization: Tokenization) -> None:
    cache = WatchedCache()
    found = asyncio.run(LongTexts(tokenization).keys(cache, request(*LONG, LONG[0], (1, 2))))
    assert cache.threads
    assert threading.get_ident() not in cache.threads
    assert list(found) == [*LONG, (1, 2)]
    assert found == {text: cache.key(text, "unit", "a") for text in found}
    assert len(set(found.values())) == len(found)


def test_keys_of_little_text_are_made_at_once() -> None:
    cache = WatchedCache()
    found = short_keys(cache, request("a", "b", "a"))
    assert list(found) == ["a", "b"]
    assert found == {text: cache.key(text, "unit", "a") for text in found}


def test_keys_of_much_text_are_not_made_at_once() -> None:
    cache = WatchedCache()
    assert short_keys(cache, request(*LONG)) == {}
    assert not cache.threads


def test_sizes_of_texts_come_in_order(tokenization: Tokenization) -> None:
    found = asyncio.run(LongTexts(tokenization).sizes(LONG, "", 30.0))
    assert found == [len(text.encode()) for text in LONG]


def test_who_waits_too_long_for_a_turn_is_told(tokenization: Tokenization) -> None:
    release, long_texts = threading.Event(), LongTexts(tokenization)
    steps = ([release.wait(30)] for _ in range(1))

    async def main() -> None:
        held = asyncio.create_task(tokenization.aside(steps, 1, 1.0, "other"))
        await asyncio.sleep(0)
        with pytest.raises(DeadlineError):
            await long_texts.sizes(LONG, "", 0.05)
        with pytest.raises(DeadlineError):
            await long_texts.keys(WatchedCache(), request(*LONG, timeout_s=0.05))
        release.set()
        assert await held == [True]

    asyncio.run(main())
