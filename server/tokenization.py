"""Texts in, token ids out: truncated to the model's length, never padded.

Short work is done in place; anything longer goes to a thread, a slice at a time, so that neither a megabyte of text nor
a thousand texts stop the event loop or keep another request waiting.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from tokenizers import Tokenizer

from server.errors import InferenceError

# One to two milliseconds of tokenizing, at 0.4 µs a character at most; a hop to a thread costs a tenth of that.
INLINE_CHARACTERS = 4_000
# Some 50 µs of tokenizing: a search query, a sentence.
KEEP_LOCK_CHARACTERS = 200
# What a text costs besides its characters: some 10 µs.
TEXT_CHARACTERS = 25
# A thread's slice: some milliseconds, after which it is another request's turn.
SLICE_CHARACTERS = 20_000
# Enough for 256 tokens of most languages; what needs more is read four times as far each time.
PREFIX_CHARACTERS = 3_000
# WordPiece makes at most this many tokens of one word: longer words are unknown, one token.
LONGEST_WORD_TOKENS = 100
# The one exception of PyO3 that is no Exception; it has no public name.
PANIC = "PanicException"


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

    async def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Return one encoding for each text, in order."""
        if effort(texts) <= INLINE_CHARACTERS:
            return self.encode_now(texts)
        loop, found = asyncio.get_running_loop(), list[Encoding]()
        for part in slices(texts):
            found += await loop.run_in_executor(self._thread, self.encode_now, part)
        return found

    def encode_now(self, texts: Sequence[str]) -> list[Encoding]:
        """Do the same in the calling thread.

        Raises:
            InferenceError: the tokenizer failed.
        """
        try:
            return self._encode(texts)
        except Exception as error:  # noqa: BLE001 - whatever the library raises is one failed request, not more
            # Without the cause: its message may quote the text, and would be logged.
            raise _failure(error) from None
        except BaseException as error:
            # The library's Rust code ends with an exception that is no Exception and that nobody can import, where it
            # finds a bug of its own. Everything else passes.
            if type(error).__name__ != PANIC:
                raise
            raise _failure(error) from None

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        if sum(map(len, texts)) <= KEEP_LOCK_CHARACTERS:
            # The library's call for one text keeps the interpreter lock; getting that back can take longer than this.
            singles = [self._tokenizer.encode(text) for text in texts]
            return [Encoding(one.ids, bool(one.overflowing)) for one in singles]
        if all(len(text) <= PREFIX_CHARACTERS for text in texts):
            # Its batch call gives up the lock.
            found = self._tokenizer.encode_batch_fast(list(texts))
            return [Encoding(one.ids, bool(one.overflowing)) for one in found]
        return [self._encode_prefix(text) for text in texts]

    def _encode_prefix(self, text: str) -> Encoding:
        """Encode as much of a long text as decides its first tokens; the library would tokenize and keep all of it.

        BERT's tokenization looks at one word at a time, so a cut can change the last word of a prefix and nothing
        before it. Once the prefix has a longest word's tokens more than fit, those that fit are the whole text's.
        """
        end = PREFIX_CHARACTERS
        while True:
            (found,) = self._tokenizer.encode_batch_fast([text[:end]])
            beyond = sum(len(part.ids) for part in found.overflowing)
            special = self._tokenizer.num_special_tokens_to_add(is_pair=False) * len(found.overflowing)
            if end >= len(text) or beyond - special > LONGEST_WORD_TOKENS:
                return Encoding(found.ids, bool(found.overflowing))
            end *= 4

    def close(self) -> None:
        """Take no more work."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _failure(error: BaseException) -> InferenceError:
    return InferenceError(f"the tokenizer failed: {type(error).__name__}")


def effort(texts: Sequence[str]) -> int:
    """Return what tokenizing costs, in characters of a long text."""
    return sum(map(len, texts)) + TEXT_CHARACTERS * len(texts)


def slices(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut a request into parts of about SLICE_CHARACTERS, one text at least."""
    part, size = list[str](), 0
    for text in texts:
        part.append(text)
        size += effort([text])
        if size >= SLICE_CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part
