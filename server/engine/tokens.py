"""Texts to tokens and back, on its own thread; nothing is truncated."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

from tokenizers import Tokenizer

from server.contract.embedding import Token
from server.contract.errors import InvalidInputError
from server.engine.tokenization import guarded, untruncated


class Tokens:
    """The model's tokenizer without truncation."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = untruncated(tokenizer)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tokens")

    async def tokenize(self, texts: Sequence[str], *, add_special_tokens: bool) -> list[list[Token]]:
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._thread, self._tokenize, text, add_special_tokens) for text in texts]

    async def decode(self, ids: Sequence[Sequence[int]], *, skip_special_tokens: bool) -> list[str]:
        """Return a text for each sequence of token ids.

        Raises:
            InvalidInputError: an id is not in the vocabulary.
        """
        size = self._tokenizer.get_vocab_size()
        if not all(0 <= one < size for sequence in ids for one in sequence):
            message = f"a token id is outside the model's vocabulary of {size}"
            raise InvalidInputError(message, "ids")
        loop = asyncio.get_running_loop()
        lists = [list(sequence) for sequence in ids]
        return await loop.run_in_executor(
            self._thread, lambda: guarded(lambda: self._tokenizer.decode_batch(lists, skip_special_tokens))
        )

    def _tokenize(self, text: str, add_special_tokens: bool) -> list[Token]:
        # Unlike the call for one text, that for many releases the interpreter lock.
        (found,) = guarded(lambda: self._tokenizer.encode_batch([text], add_special_tokens=add_special_tokens))
        # The library's offsets are in characters.
        byte = list(accumulate((len(character.encode()) for character in text), initial=0))
        return [
            Token(one, token, True, None, None)
            if special
            else Token(one, text[start:stop], False, byte[start], byte[stop])
            for one, token, special, (start, stop) in zip(
                found.ids, found.tokens, found.special_tokens_mask, found.offsets, strict=True
            )
        ]

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
