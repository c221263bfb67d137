"""Texts in, token ids out: truncated to the model's length, never padded.

Short work is done in place; anything longer goes to a thread, a slice at a time, so that neither a megabyte of text nor
a thousand texts stop the event loop or keep another request waiting.
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
# Some 50 µs of tokenizing: a search query, a sentence.
KEEP_LOCK_CHARACTERS = 200
# What a text costs besides its characters: some 10 µs.
TEXT_CHARACTERS = 25
# A thread's slice: some milliseconds, after which it is another request's turn.
SLICE_CHARACTERS = 20_000
# Enough for 256 tokens of most languages; what needs more is read four times as far each time.
PART_CHARACTERS = 3_000
# WordPiece makes at most this many tokens of one word: longer words are unknown, one token.
LONGEST_WORD_TOKENS = 100
# The one exception of PyO3 that is no Exception; it has no public name.
PANIC = "PanicException"

T = TypeVar("T")


class Encoding(msgspec.Struct, frozen=True):
    """One text's token ids, special tokens included, and whether some did not fit."""

    ids: list[int]
    truncated: bool


class Tokenization:
    """The tokenizer and the thread that does its long work."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        # Workers keep the cores busy; a tokenizer that spreads over all of them would only take turns with them.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._tokenizer = tokenizer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tokenize")

    async def encode(self, texts: Sequence[Input], side: TruncationSide = "right") -> list[Encoding]:
        """Return one encoding for each text, in order; token ids, all or none of them, stay as they are."""
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
            return [_cut(ids, self._max_tokens, side) for ids in inputs if isinstance(ids, tuple)]
        if sum(map(len, texts)) <= KEEP_LOCK_CHARACTERS:
            # The library's call for one text keeps the interpreter lock; getting that back can take longer than this.
            singles = [tokenizer.encode(text) for text in texts]
            return [Encoding(one.ids, bool(one.overflowing)) for one in singles]
        if all(len(text) <= PART_CHARACTERS for text in texts):
            # Its batch call gives up the lock.
            found = tokenizer.encode_batch_fast(texts)
            return [Encoding(one.ids, bool(one.overflowing)) for one in found]
        return [_encode_part(tokenizer, text, side) for text in texts]

    @cached_property
    def _left_truncating(self) -> Tokenizer:
        """The same tokenizer, which cuts the beginning of texts that are too long."""
        other = Tokenizer.from_str(self._tokenizer.to_str())
        other.enable_truncation(self._max_tokens, direction="left")
        return other

    @property
    def _max_tokens(self) -> int:
        truncation = self._tokenizer.truncation
        assert truncation is not None
        return int(truncation["max_length"])

    def close(self) -> None:
        """Take no more work."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _encode_part(tokenizer: Tokenizer, text: str, side: TruncationSide) -> Encoding:
    """Encode as much of a long text as decides the tokens that are kept; the library would tokenize and keep it all.

    BERT's tokenization looks at one word at a time, so a cut can change the word that is cut and nothing beyond it.
    Once the part has a longest word's tokens more than fit, those that fit are the whole text's.
    """
    size = PART_CHARACTERS
    while True:
        (found,) = tokenizer.encode_batch_fast([text[:size] if side == "right" else text[-size:]])
        beyond = sum(len(part.ids) for part in found.overflowing)
        special = tokenizer.num_special_tokens_to_add(is_pair=False) * len(found.overflowing)
        if size >= len(text) or beyond - special > LONGEST_WORD_TOKENS:
            return Encoding(found.ids, bool(found.overflowing))
        size *= 4


def _cut(ids: tuple[int, ...], max_tokens: int, side: TruncationSide) -> Encoding:
    """Keep as many ids as fit."""
    part = ids[:max_tokens] if side == "right" else ids[-max_tokens:]
    return Encoding(list(part), len(ids) > max_tokens)


def guarded(call: Callable[[], T]) -> T:
    """Call the library.

    Raises:
        InferenceError: it failed; without the cause, whose message may quote the text, and would be logged.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever the library raises is one failed request, not more
        raise _failure(error) from None
    except BaseException as error:
        # The library's Rust code ends with an exception that is no Exception and that nobody can import, where it
        # finds a bug of its own. Everything else passes.
        if type(error).__name__ != PANIC:
            raise
        raise _failure(error) from None


def _failure(error: BaseException) -> InferenceError:
    return InferenceError(f"the tokenizer failed: {type(error).__name__}")


def effort(texts: Sequence[Input]) -> int:
    """Return what tokenizing costs, in characters of a long text."""
    return sum(map(len, texts)) + TEXT_CHARACTERS * len(texts)


def slices(texts: Sequence[Input]) -> Iterator[list[Input]]:
    """Cut a request into parts of about SLICE_CHARACTERS, one text at least."""
    part, size = list[Input](), 0
    for text in texts:
        part.append(text)
        size += effort([text])
        if size >= SLICE_CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part
