"""Texts to tokens and back, on a thread of its own, on which clients take turns; nothing is truncated."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from server.contract.embedding import Token
from server.contract.errors import InvalidInputError
from server.engine.reading import Piece, Reader
from server.engine.tokenization import CHARACTER_S, effort, guarded, special_tokens, take_some, untruncated
from server.turns import Turns


class Tokens:
    """The model's tokenizer without truncation."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = untruncated(tokenizer)
        self._reader = Reader(self._tokenizer)
        self._special = special_tokens(self._tokenizer)
        self._turns = Turns("tokens")

    async def tokenize(self, texts: Sequence[str], *, add_special_tokens: bool, client: str = "") -> list[list[Token]]:
        """Return the tokens of each text, with their places in its bytes; InferenceError."""
        before, after = [
            [Token(one, str(self._tokenizer.id_to_token(one)), True, None, None) for one in ids]
            for ids in self._special
        ]
        found = [list[Token]() for _ in texts]
        steps, likely_s = self._steps(texts), effort(texts) * CHARACTER_S
        while some := await self._turns.run(client, partial(take_some, steps), likely_s):
            for index, tokens in some:
                found[index] += tokens
        return [[*before, *tokens, *after] for tokens in found] if add_special_tokens else found

    async def decode(self, ids: Sequence[Sequence[int]], *, skip_special_tokens: bool, client: str = "") -> list[str]:
        """Return a text for each sequence of token ids.

        Raises:
            InvalidInputError: an id is not in the vocabulary.
        """
        size = self._tokenizer.get_vocab_size()
        if not all(0 <= one < size for sequence in ids for one in sequence):
            message = f"a token id is outside the model's vocabulary of {size}"
            raise InvalidInputError(message, "ids")
        lists = [list(sequence) for sequence in ids]
        return await self._turns.run(
            client, lambda: guarded(lambda: self._tokenizer.decode_batch(lists, skip_special_tokens))
        )

    def _steps(self, texts: Sequence[str]) -> Iterator[list[tuple[int, list[Token]]]]:
        """Yield the index of a text and the tokens of one of its pieces, text after text."""
        for index, text in enumerate(texts):
            byte = places_in_bytes(text)
            for piece in self._reader.pieces(text):
                yield [(index, self._tokenize(text, piece, byte))]

    def _tokenize(self, text: str, piece: Piece, byte: NDArray[np.int64]) -> list[Token]:
        # Unlike the call for one text, that for many releases the interpreter lock.
        (found,) = guarded(lambda: self._tokenizer.encode_batch([piece.text], add_special_tokens=False))
        if not found.ids:
            return []
        # The library's offsets are in characters.
        places = piece.start + (piece.kept if piece.kept is not None else np.arange(len(piece.text)))
        starts, stops = np.array(found.offsets).T
        starts, stops = places[starts], places[stops - 1] + 1
        return [
            Token(one, text[start:stop], False, first, last)
            for one, start, stop, first, last in zip(
                found.ids, starts.tolist(), stops.tolist(), byte[starts].tolist(), byte[stops].tolist(), strict=True
            )
        ]

    def close(self) -> None:
        self._turns.close()


def places_in_bytes(text: str) -> NDArray[np.int64]:
    """Return where each character begins in the text's bytes, and where the last one ends."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    sizes = 1 + (codes > 0x7F) + (codes > 0x7FF) + (codes > 0xFFFF)
    return np.concatenate([[0], np.cumsum(sizes)])
