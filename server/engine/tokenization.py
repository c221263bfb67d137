"""Texts in, token ids out: truncated to the model's length, never padded.

Short work is done in the calling thread; longer work goes to a thread, a slice at a time, so that neither a megabyte of
text nor a thousand texts stop the event loop or delay another request.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

import msgspec
from tokenizers import Tokenizer

from server.contract.embedding import Input, TruncationSide
from server.contract.errors import InferenceError

# One to two milliseconds of tokenizing, at 0.4 µs a character at most; a hop to a thread costs a tenth of that.
INLINE_CHARACTERS = 4_000
# About 50 µs of tokenizing: a search query, a sentence.
KEEP_LOCK_CHARACTERS = 200
# The cost of a text besides its characters, about 10 µs, in characters.
TEXT_CHARACTERS = 25
# A thread's slice: some milliseconds, after which another request has its turn.
SLICE_CHARACTERS = 20_000
# Enough for 256 tokens of most languages; where it is not, four times as much is read, and so on.
PART_CHARACTERS = 3_000
# WordPiece makes at most this many tokens of one word: a longer word becomes one unknown token.
LONGEST_WORD_TOKENS = 100
# PyO3's exception for a panic of Rust code derives from BaseException, and has no public name.
PANIC = "PanicException"

T = TypeVar("T")


class Encoding(msgspec.Struct, frozen=True):
    """One text's token ids, special tokens included, and whether the text was truncated."""

    ids: list[int]
    truncated: bool


class Tokenization:
    """The tokenizer, and the thread for its long work."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        # Workers keep the cores busy; a tokenizer with many threads would only compete with them.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._tokenizer = tokenizer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tokenize")

    async def encode(self, texts: Sequence[Input], side: TruncationSide = "right") -> list[Encoding]:
        """Return one encoding for each text, in order. All are texts, or all token ids, which are only truncated."""
        if effort(texts) <= INLINE_CHARACTERS:
            return self.encode_now(texts, side)
        loop, found = asyncio.get_running_loop(), list[Encoding]()
        for part in slices(texts):
            found += await loop.run_in_executor(self._thread, self.encode_now, part, side)
        return found

    def encode_now(self, texts: Sequence[Input], side: TruncationSide = "right") -> list[Encoding]:
        """Tokenize in the calling thread.

        Raises:
            InferenceError: the tokenizer failed.
        """
        return guarded(lambda: self._encode(texts, side))

    def _encode(self, inputs: Sequence[Input], side: TruncationSide) -> list[Encoding]:
        texts = [text for text in inputs if isinstance(text, str)]
        tokenizer = self._tokenizer if side == "right" else self._left_truncating
        if len(texts) < len(inputs):
            return [_truncate(ids, self._max_tokens, side) for ids in inputs if isinstance(ids, tuple)]
        if sum(map(len, texts)) <= KEEP_LOCK_CHARACTERS:
            # The library's call for one text keeps the interpreter lock; to get that back can take longer than the
            # call.
            singles = [tokenizer.encode(text) for text in texts]
            return [Encoding(one.ids, bool(one.overflowing)) for one in singles]
        if all(len(text) <= PART_CHARACTERS for text in texts):
            # Its batch call releases the lock.
            found = tokenizer.encode_batch_fast(texts)
            return [Encoding(one.ids, bool(one.overflowing)) for one in found]
        return [_encode_part(tokenizer, text, side) for text in texts]

    @cached_property
    def _left_truncating(self) -> Tokenizer:
        """The same tokenizer, truncating long texts at their beginning."""
        other = Tokenizer.from_str(self._tokenizer.to_str())
        other.enable_truncation(self._max_tokens, direction="left")
        return other

    @property
    def _max_tokens(self) -> int:
        truncation = self._tokenizer.truncation
        assert truncation is not None
        return int(truncation["max_length"])

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _encode_part(tokenizer: Tokenizer, text: str, side: TruncationSide) -> Encoding:
    """Encode only the part of a long text that decides which tokens are kept; the library would encode all of it.

    BERT's tokenization looks at one word at a time, so a cut changes only the word that it goes through. Once the part
    has LONGEST_WORD_TOKENS more than fit, those that fit are the same as for the whole text.
    """
    size = PART_CHARACTERS
    while True:
        (found,) = tokenizer.encode_batch_fast([text[:size] if side == "right" else text[-size:]])
        beyond = sum(len(part.ids) for part in found.overflowing)
        special = tokenizer.num_special_tokens_to_add(is_pair=False) * len(found.overflowing)
        if size >= len(text) or beyond - special > LONGEST_WORD_TOKENS:
            return Encoding(found.ids, bool(found.overflowing))
        size *= 4


def _truncate(ids: tuple[int, ...], max_tokens: int, side: TruncationSide) -> Encoding:
    part = ids[:max_tokens] if side == "right" else ids[-max_tokens:]
    return Encoding(list(part), len(ids) > max_tokens)


def guarded(call: Callable[[], T]) -> T:
    """Call the tokenizers library.

    Raises:
        InferenceError: it failed. The cause is left out: its message may quote the text, and would be logged.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever the library raises is one failed request, not more
        raise _failure(error) from None
    except BaseException as error:
        # A panic of the library's Rust code cannot be caught by its type, which is not public. Everything else passes.
        if type(error).__name__ != PANIC:
            raise
        raise _failure(error) from None


def _failure(error: BaseException) -> InferenceError:
    return InferenceError(f"the tokenizer failed: {type(error).__name__}")


def effort(texts: Sequence[Input]) -> int:
    """Return the cost of tokenizing, in characters of a long text."""
    return sum(map(len, texts)) + TEXT_CHARACTERS * len(texts)


def slices(texts: Sequence[Input]) -> Iterator[list[Input]]:
    """Cut texts into parts of about SLICE_CHARACTERS, at least one text each."""
    part, size = list[Input](), 0
    for text in texts:
        part.append(text)
        size += effort([text])
        if size >= SLICE_CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part


def surely_fits(text: str, tokens: int) -> bool:
    """Say whether a text is known to have at most so many tokens without being tokenized.

    WordPiece makes at most one token of each character that BERT's normalization leaves, and that makes of a character
    at most as many as it has bytes.
    """
    return len(text) <= tokens and len(text.encode()) <= tokens


def untruncated(tokenizer: Tokenizer) -> Tokenizer:
    """Return a tokenizer that neither truncates nor pads: itself if it does neither, or else a copy, in some 30 ms."""
    if tokenizer.truncation is None and tokenizer.padding is None:
        return tokenizer
    other = Tokenizer.from_str(tokenizer.to_str())
    other.no_truncation()
    other.no_padding()
    return other
