"""What BERT's tokenization makes of each character, as the tokenizers library itself says.

A table of a byte a character, filled in blocks as they are met: a table written by hand would be of another version
of Unicode than the library's.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

# Kinds of characters: part of a word, left out, white space, a word by itself, and what is none of these for sure.
WORD, GONE, SPACE, ALONE, OTHER = range(5)
_UNKNOWN = 255
_BLOCK = 256
# Blocks filled at a time, 1.5 ms each; what is not known yet is OTHER meanwhile.
_MOST_BLOCKS = 16
_SURROGATES = range(0xD800, 0xE000)

Kinds = NDArray[np.uint8]


class Characters:
    """The kinds of characters for one tokenizer. Several threads may use it: each would fill in the same."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._normalizer, self._splitter = tokenizer.normalizer, tokenizer.pre_tokenizer
        self.added = [one.content for one in tokenizer.get_added_tokens_decoder().values()]
        self._table = np.full(0x110000, _UNKNOWN if is_bert(tokenizer) else OTHER, np.uint8)

    def kinds(self, text: str) -> Kinds:
        """Return the kind of each character."""
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        found: Kinds = self._table[codes]
        if (new := found == _UNKNOWN).any():
            for block in np.unique(codes[new] // _BLOCK)[:_MOST_BLOCKS].tolist():
                self._fill(block * _BLOCK)
            found = self._table[codes]
            found[found == _UNKNOWN] = OTHER
        return found

    def _fill(self, start: int) -> None:
        codes = [code for code in range(start, start + _BLOCK) if code not in _SURROGATES]
        characters = [chr(code) for code in codes]
        groups = list(self._split(characters)) if start else []
        if len(groups) != len(characters):
            groups = [group for one in characters for group in self._split([one])] if start else self._ascii(characters)
        self._table[codes] = [self._kind(group) for group in groups]

    def _split(self, characters: list[str]) -> Iterator[list[str]]:
        """Yield the words that the library makes of each character between two letters."""
        normal = self._normalizer.normalize_str("".join(f"a{one}a|" for one in characters))
        words = [word for word, _ in self._splitter.pre_tokenize_str(normal)]
        for between, group in groupby(words, lambda word: word == "|"):
            if not between:
                yield list(group)

    def _ascii(self, characters: list[str]) -> list[list[str]]:
        # The mark that separates the others is one of these.
        normal = [self._normalizer.normalize_str(f"a{one}a") for one in characters]
        return [[word for word, _ in self._splitter.pre_tokenize_str(one)] for one in normal]

    def _kind(self, words: list[str]) -> int:
        if words == ["aa"]:
            return GONE
        if words == ["a", "a"]:
            return SPACE
        # Of marks that stay, the order depends on the marks between them that are left out.
        if any(unicodedata.combining(one) for word in words for one in word):
            return OTHER
        if len(words) == 1:
            return WORD
        return ALONE if len(words) == 3 and len(words[1]) == 1 else OTHER


def is_bert(tokenizer: Tokenizer) -> bool:
    """Return whether words are BERT's, and added tokens found before they are normalized, wherever they are."""
    added = tokenizer.get_added_tokens_decoder().values()
    return (
        isinstance(tokenizer.normalizer, BertNormalizer)
        and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
        and isinstance(tokenizer.model, WordPiece)
        and not any(one.normalized or one.single_word for one in added)
    )
