"""Passages are cut on a thread, in slices; short texts need not be measured."""

import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.documents.cutting import Cutter, Piece
from server.documents.passages import Passages
from server.documents.titles import Titles
from tests.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
TOKENIZER.no_truncation()
TOKENIZER.no_padding()
TEXTS = ["", "short", "It is so. " * 300, "\n" * 5_000, "# A\n\nb. " * 200]


class Watched(Cutter):
    """Notes the threads that cut, and the steps of each."""

    def __init__(self) -> None:
        super().__init__(TOKENIZER, 48)
        self.threads = set[str]()
        self.taken = 0

    def steps(self, text: str, max_tokens: int, overlap_tokens: int) -> Iterator[list[Piece]]:
        for step in super().steps(text, max_tokens, overlap_tokens):
            self.threads.add(threading.current_thread().name)
            self.taken += 1
            yield step


@pytest.fixture
def cutter() -> Watched:
    return Watched()


@pytest.fixture
def passages(cutter: Watched) -> Iterator[Passages]:
    found = Passages(cutter, Titles(TOKENIZER))
    yield found
    found.close()


def test_the_passages_of_many_texts_are_those_of_each(passages: Passages, cutter: Watched) -> None:
    found = asyncio.run(passages.of(TEXTS, 40, 10))
    assert found == [Cutter(TOKENIZER, 48).cut(text, 40, 10) for text in TEXTS]
    assert all(name.startswith("passages") for name in cutter.threads)


def test_of_no_texts_there_are_no_passages(passages: Passages) -> None:
    assert asyncio.run(passages.of([], 40, 10)) == []
    assert asyncio.run(passages.of(["", ""], 40, 10)) == [[], []]


def test_a_short_text_is_not_kept_waiting_by_a_long_one(passages: Passages, cutter: Watched) -> None:
    async def both() -> int:
        long = asyncio.create_task(passages.of(["It is so. " * 100_000], 40, 10))
        await asyncio.sleep(0)
        await passages.of(["short"], 40, 10)
        taken = cutter.taken
        long.cancel()
        return taken

    taken = asyncio.run(both())
    assert taken < 200  # of two thousand


@given(st.text(max_size=60))
def test_a_text_that_is_surely_short_is_short(text: str) -> None:
    cutter = Cutter(TOKENIZER, 48)
    if Passages(cutter, Titles(TOKENIZER)).surely_short(text):
        assert len(TOKENIZER.encode(text).ids) <= 48


def test_no_character_has_more_tokens_than_bytes() -> None:
    """What BERT's normalization makes of a character are no more than its bytes, white space aside."""
    normalizer = TOKENIZER.normalizer
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000:
            found = "".join(normalizer.normalize_str(chr(code)).split())
            assert len(found) <= len(chr(code).encode()), hex(code)
