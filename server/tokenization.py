"""Texts in, token ids out: truncated to the model's length, never padded.

Short work is done in place; anything longer goes to a thread, so that a megabyte of text never stops the event loop.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from tokenizers import Tokenizer

# About a millisecond of tokenizing, at 0.4 µs a character; a hop to a thread and back costs a tenth of that.
INLINE_CHARACTERS = 2_500


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
        if sum(map(len, texts)) <= INLINE_CHARACTERS:
            return self.encode_now(texts)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.encode_now, texts)

    def encode_now(self, texts: Sequence[str]) -> list[Encoding]:
        """Do the same in the calling thread.

        `encode` of the library keeps the interpreter lock for the whole text; its batch call gives it up.
        """
        found = self._tokenizer.encode_batch_fast(list(texts))
        return [Encoding(one.ids, bool(one.overflowing)) for one in found]

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._thread.shutdown(cancel_futures=True)
