"""Texts in, token ids out: truncated to the model's length, never padded.

Short work is done in the calling thread; longer work goes to a thread on which clients take turns, so that neither a
megabyte of text nor a thousand texts stop the event loop or delay another's request.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import TypeVar

import msgspec
from tokenizers import Tokenizer

from server.contract.embedding import Input, TruncationSide
from server.contract.errors import InferenceError
from server.engine.reading import PIECE_CHARACTERS, Reader
from server.turns import TURN_S, Turns

# One to two milliseconds of tokenizing, at 0.4 µs a character of prose; a hop to a thread costs a tenth of that.
INLINE_CHARACTERS = 4_000
# About 50 µs of tokenizing: a search query, a sentence.
KEEP_LOCK_CHARACTERS = 200
# The cost of a text besides its characters, about 10 µs, in characters.
TEXT_CHARACTERS = 25
# A character beyond ASCII takes up to four times as long: one of Hangul becomes three letters.
BEYOND_ASCII = 4
# The seconds of a character of prose.
CHARACTER_S = 0.4e-6
# WordPiece tries every part of a word that it does not know: of words of 99 letters 4.6 µs a character. What may have
# longer words than prose, in which one of Hangul has as many letters as three, leaves the event loop.
PLAIN_WORD, PLAIN_BEYOND_ASCII = 40, 12
# A text of one word takes no longer than this many characters of others, and is not looked at.
WORD_CHARACTERS = 1_000
# Texts that are tokenized in one call of the library.
BATCH_CHARACTERS = 6_000
# A part of a text that is cut between words.
SLICE_CHARACTERS = 20_000
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
        self._reader = Reader(tokenizer)
        self._special = special_tokens(tokenizer)
        self._turns = Turns("tokenize")

    async def encode(self, texts: Sequence[Input], side: TruncationSide = "right", client: str = "") -> list[Encoding]:
        """Return one encoding for each text, in order. All are texts, or all token ids, which are only truncated.

        Raises:
            InferenceError: the tokenizer failed.
        """
        if is_short(texts):
            return self.encode_now(texts, side)
        return await self.aside(self.steps(texts, side), len(texts), effort(texts) * CHARACTER_S, client)

    async def aside(self, steps: Iterator[list[T]], count: int, likely_s: float, client: str) -> list[T]:
        """Take steps of any long work on the thread, in turns with other clients, until there are `count` results."""
        found = list[T]()
        while len(found) < count:
            found += await self._turns.run(client, partial(take_some, steps), likely_s)
        return found

    def encode_now(self, texts: Sequence[Input], side: TruncationSide = "right") -> list[Encoding]:
        """Tokenize in the calling thread; raises as `encode`."""
        return [one for step in self.steps(texts, side) for one in step]

    def steps(self, texts: Sequence[Input], side: TruncationSide) -> Iterator[list[Encoding]]:
        """Yield the encodings of one text after the other, none or several at each step of a few milliseconds."""
        batch, size = list[str](), 0
        for text in texts:
            if isinstance(text, tuple):
                yield [_truncate(text, self._max_tokens, side)]
                continue
            if WORD_CHARACTERS < len(text) <= PIECE_CHARACTERS:
                text = self._reader.shorten(text)  # noqa: PLW2901 - the same tokens
            own = effort([text])
            if batch and (size + own > BATCH_CHARACTERS or len(text) > PIECE_CHARACTERS):
                yield guarded(partial(self._encode, batch, side))
                batch, size = [], 0
            if len(text) > PIECE_CHARACTERS:
                yield from self._read(text, side)
            else:
                batch.append(text)
                size += own
        if batch:
            yield guarded(partial(self._encode, batch, side))

    def _encode(self, texts: list[str], side: TruncationSide) -> list[Encoding]:
        tokenizer = self._tokenizer if side == "right" else self._left_truncating
        if sum(map(len, texts)) <= KEEP_LOCK_CHARACTERS:
            # The library's call for one text keeps the interpreter lock; to get that back can take longer than the
            # call.
            singles = [tokenizer.encode(text) for text in texts]
            return [Encoding(one.ids, bool(one.overflowing)) for one in singles]
        # Its batch call releases the lock.
        found = tokenizer.encode_batch_fast(texts)
        return [Encoding(one.ids, bool(one.overflowing)) for one in found]

    def _read(self, text: str, side: TruncationSide) -> Iterator[list[Encoding]]:
        """Tokenize as much of a long text as decides which tokens are kept; a step for each piece."""
        before, after = self._special
        room, ids = self._max_tokens - len(before) - len(after), list[int]()
        for piece in self._reader.pieces(text, side):
            new = guarded(partial(self._ids, piece.text))
            ids = ids + new if side == "right" else new + ids
            if len(ids) > room:
                break
            yield []
        kept = ids[:room] if side == "right" else ids[-room:]
        yield [Encoding([*before, *kept, *after], len(ids) > room)]

    def _ids(self, text: str) -> list[int]:
        """Return all token ids of a text, special tokens left out."""
        (found,) = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)
        return [*found.ids, *(one for part in found.overflowing for one in part.ids)]

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
        self._turns.close()


def take_some(steps: Iterator[list[T]]) -> list[T]:
    """Return what steps give in about TURN_S; at the end nothing."""
    found, end_s = list[T](), time.perf_counter() + TURN_S
    for some in steps:
        found += some
        if time.perf_counter() > end_s:
            break
    return found


def special_tokens(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the token ids that are put before every text, and after it."""
    probe = tokenizer.encode("a")
    inner = [place for place, special in enumerate(probe.special_tokens_mask) if not special]
    return tuple(probe.ids[: inner[0]]), tuple(probe.ids[inner[-1] + 1 :])


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
    except BaseException as error:  # a panic of its Rust code has a type that is not public; all else passes
        if type(error).__name__ != PANIC:
            raise
        raise _failure(error) from None


def _failure(error: BaseException) -> InferenceError:
    return InferenceError(f"the tokenizer failed: {type(error).__name__}")


def effort(texts: Sequence[Input]) -> int:
    """Return the cost of tokenizing, in characters of prose."""
    return TEXT_CHARACTERS * len(texts) + sum(
        [len(text) if isinstance(text, tuple) or text.isascii() else BEYOND_ASCII * len(text) for text in texts]
    )


def is_short(texts: Sequence[Input]) -> bool:
    """Return whether tokenizing takes a few milliseconds at most."""
    if (size := effort(texts)) > INLINE_CHARACTERS:
        return False
    return size <= INLINE_CHARACTERS // 8 or all(isinstance(text, tuple) or _is_plain(text) for text in texts)


def _is_plain(text: str) -> bool:
    longest = PLAIN_WORD if text.isascii() else PLAIN_BEYOND_ASCII
    return len(text) <= longest or max(map(len, text.split()), default=0) <= longest


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
