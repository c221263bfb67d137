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
from server.engine.tokenization import INLINE_CHARACTERS, TEXT_CHARACTERS, Encoding, Tokenization, slices
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


@pytest.fixture(scope="session")
def whole(tiny_models: Path) -> Whole:
    return Whole(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))


class Watched(Tokenization):
    thread = ""

    def encode_now(self, texts: Sequence[Input], side: TruncationSide = "right") -> list[Encoding]:
        self.thread = threading.current_thread().name
        return super().encode_now(texts, side)


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


def test_a_request_of_many_texts_takes_turns_with_others() -> None:
    texts = ["a" * 7_000, "b" * 7_000, "c" * 7_000, "d" * 50_000, "e"]
    assert [[text[0] for text in part] for part in slices(texts)] == [["a", "b", "c"], ["d"], ["e"]]


@pytest.mark.parametrize(
    ("characters", "inline"), [(INLINE_CHARACTERS - TEXT_CHARACTERS, True), (INLINE_CHARACTERS, False)]
)
def test_long_work_leaves_the_event_loop(tiny_models: Path, characters: int, *, inline: bool) -> None:
    watched = Watched(open_tokenizer(tiny_models / TINY / "tokenizer.json", MAX_TOKENS))
    asyncio.run(watched.encode(["a" * characters]))
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
