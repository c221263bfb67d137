"""Texts become token ids of the model's own length, without padding, off the event loop where it takes long."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models import ArtifactError
from models.tokenizer import open_tokenizer
from server.contract.embedding import Input, TruncationSide
from server.engine.tokenization import INLINE_CHARACTERS, TEXT_CHARACTERS, Encoding, Tokenization, is_short
from tests.tiny import MAX_TOKENS, TINY

# What a cut could split: words, punctuation, scripts without spaces, combining and control characters, emoji.
PIECES = ["a", "word ", "x" * 120, "!", ",", "...", " ", "\n", "\t", "é", "e\u0301", "\u0301", "東京", "ß", "İ", "\x1c"]
PIECES += [
    "\u200b",
    "\u00a0",
    "\u2028",
    "👨\u200d👩\u200d👧",
    "한국어",
    "42",
    "[SEP]",
    "##ing",
    "a" * 99,
    "b" * 101,
    "\x00",
]


@pytest.fixture
def tokenization(tiny_models: Path) -> Iterator[Tokenization]:
    found = Tokenization(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    yield found
    found.close()


class Whole(Tokenization):
    """The same, with the library's own tokenizer at hand for comparison."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.tokenizer = tokenizer
        self.leftward = Tokenizer.from_str(tokenizer.to_str())
        self.leftward.enable_truncation(MAX_TOKENS, direction="left")


@pytest.fixture(scope="session")
def whole(tiny_models: Path) -> Whole:
    return Whole(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))


class Watched(Tokenization):
    thread = ""

    def steps(self, texts: Sequence[Input], side: TruncationSide) -> Iterator[list[Encoding]]:
        self.thread = threading.current_thread().name
        yield from super().steps(texts, side)


def test_no_padding_and_the_models_own_length_whatever_the_file_says(tokenization: Tokenization) -> None:
    short, long, empty = tokenization.encode_now(["abc", "a " * 200, ""])
    assert (len(short.ids), short.truncated) == (5, False)
    assert (len(long.ids), long.truncated) == (MAX_TOKENS, True)
    assert (len(empty.ids), empty.truncated) == (2, False)


def test_a_text_that_just_fits_is_not_truncated(tokenization: Tokenization) -> None:
    fits, over = tokenization.encode_now(["a " * (MAX_TOKENS - 2), "a " * (MAX_TOKENS - 1)])
    assert (len(fits.ids), fits.truncated) == (MAX_TOKENS, False)
    assert (len(over.ids), over.truncated) == (MAX_TOKENS, True)


@settings(deadline=None)  # how long a text takes says more of the machine's load than of the text
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(1, 400))
def test_a_long_text_encodes_as_the_library_encodes_it_whole(whole: Whole, pieces: list[str], repeats: int) -> None:
    text = "".join(pieces) * repeats
    expected = whole.tokenizer.encode(text)
    (found,) = whole.encode_now([text])
    assert found.ids == expected.ids
    assert found.truncated == bool(expected.overflowing)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(1, 400))
def test_the_end_of_a_long_text_encodes_as_the_library_encodes_it_whole(
    whole: Whole, pieces: list[str], repeats: int
) -> None:
    text = "".join(pieces) * repeats
    (found,) = whole.encode_now([text], "left")
    expected = whole.leftward.encode(text)
    assert found.ids == expected.ids
    assert found.truncated == bool(expected.overflowing)


def test_many_texts_are_encoded_in_their_order_whatever_their_lengths(whole: Whole) -> None:
    texts = ["a" * 7_000, "b c", "d " * 9_000, "", "한" * 1_500, "f" * 2_000, *["g h"] * 300]
    expected = [one.ids for one in whole.tokenizer.encode_batch(texts)]
    assert [one.ids for one in whole.encode_now(texts)] == expected
    assert [one.ids for one in asyncio.run(whole.encode(texts))] == expected


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a sentence of plain words. " * 100, True),
        ("a word of fifty letters " + "zq" * 25 + " among others" * 100, False),
        ("ein schöner Satz über Bäume. " * 30, True),
        ("각" * 33 + " 각" * 300, False),
    ],
)
def test_words_that_take_the_library_long_leave_the_event_loop(text: str, *, short: bool) -> None:
    assert is_short([text]) is short


class Slow(Tokenization):
    """Counts the steps that were taken for texts that begin with each letter."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.taken = list[str]()

    def steps(self, texts: Sequence[Input], side: TruncationSide) -> Iterator[list[Encoding]]:
        for step in super().steps(texts, side):
            self.taken.append(str(texts[0])[0])
            yield step


def test_a_backlog_of_heavy_texts_delays_another_clients_text_by_a_turn(tiny_models: Path) -> None:
    slow = Slow(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    heavy = [("hz" * 49 + "h☃ ") * 29] * 40

    async def check() -> None:
        tasks = [asyncio.create_task(slow.encode(heavy, client=f"heavy {n % 8}")) for n in range(24)]
        while len(set(slow.taken)) < 1:
            await asyncio.sleep(0.001)
        await slow.encode(["normal " * 800], client="normal")
        assert not any(task.done() for task in tasks)
        # The turn that was being taken, and what began while the event loop had not seen its end.
        assert slow.taken.index("n") < 24
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(check())
    slow.close()


@pytest.mark.parametrize(
    ("characters", "inline"), [(INLINE_CHARACTERS - TEXT_CHARACTERS, True), (INLINE_CHARACTERS, False)]
)
def test_long_work_leaves_the_event_loop(tiny_models: Path, characters: int, *, inline: bool) -> None:
    watched = Watched(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    asyncio.run(watched.encode([("word " * characters)[:characters]]))
    watched.close()
    assert (watched.thread == threading.main_thread().name) is inline


def test_many_tiny_texts_are_long_work_too(tiny_models: Path) -> None:
    watched = Watched(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    asyncio.run(watched.encode(["a"] * 2048))
    watched.close()
    assert watched.thread != threading.main_thread().name


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is not a tokenizer"):
        open_tokenizer(tmp_path / "tokenizer.json", 8)
