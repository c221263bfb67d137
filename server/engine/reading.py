"""Long texts in pieces whose tokens, one after the other, are those of the whole text, and that take bounded work.

A word longer than WordPiece reads is one unknown token whatever it says, and white space none: of long ones only the
ends are handed on.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from server.contract.embedding import TruncationSide
from server.engine.characters import ALONE, GONE, OTHER, SPACE, WORD, Characters, Kinds

# One piece: a millisecond of tokenizing prose, thirty of the words that take WordPiece longest.
PIECE_CHARACTERS = 3_000
# One that is mostly left out.
MOST_CHARACTERS = 24_000
# Runs that are no longer than this are handed on as they are: they take a quarter of a millisecond at most.
LONG_CHARACTERS = 256

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]


class Piece(msgspec.Struct, frozen=True):
    """A part of a text that begins at `start`, shortened; `kept` are the places in it of what is left, None if all."""

    start: int
    text: str
    kept: Places | None = None


class Reader:
    """Cuts and shortens texts for one tokenizer; those of another kind than BERT's are one piece each."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._characters = Characters(tokenizer)
        self._longest_word = int(getattr(tokenizer.model, "max_input_chars_per_word", 0))
        # Added tokens are looked for in the text as it is. What has a character that is a word by itself ends within
        # so many characters of the end of a run.
        self._edge = max(map(len, self._characters.added), default=1)
        self._knows = all(ALONE in self._characters.kinds(one) for one in self._characters.added)

    def pieces(self, text: str, side: TruncationSide = "right") -> Iterator[Piece]:
        """Yield the pieces of a text: from its beginning, or for "left" from its end."""
        start, end, size = 0, len(text), PIECE_CHARACTERS
        while start < end:
            cut = None
            if size < end - start and self._knows:
                near = slice(start, start + size) if side == "right" else slice(end - size, end)
                if (cut := self._cut(text, near, side)) is None:
                    size *= 4
                    continue
            if cut is None:
                cut = end if side == "right" else start
            place = slice(start, cut) if side == "right" else slice(cut, end)
            piece = self._piece(text, place)
            yield piece
            start, end = (cut, end) if side == "right" else (start, cut)
            # Where little is left of a piece, the next one may be longer.
            sparse = len(piece.text) < PIECE_CHARACTERS // 4
            size = min(MOST_CHARACTERS, 2 * size) if sparse else PIECE_CHARACTERS

    def shorten(self, text: str) -> str:
        """Return a text with the same tokens, without most of what is long and makes none of them."""
        return self._piece(text, slice(0, len(text))).text

    def _piece(self, text: str, place: slice) -> Piece:
        text = text[place]
        kept = self._kept(text) if self._knows and may_shrink(text) else None
        if kept is None:
            return Piece(place.start, text)
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        return Piece(place.start, codes[kept].tobytes().decode("utf-32-le"), kept)

    def _kept(self, text: str) -> Places | None:
        """Return the places of the characters that are kept; None where all are."""
        kinds = self._characters.kinds(text)
        blank = (kinds == SPACE) | (kinds == GONE)
        kept = np.flatnonzero(self._mask([run for run in long_runs(blank) if (kinds[run] == SPACE).any()], kinds))
        kinds = kinds[kept]
        kept = kept[self._mask(long_runs((kinds == WORD) | (kinds == GONE)), kinds)]
        return None if len(kept) == len(text) else kept

    def _mask(self, runs: list[slice], kinds: Kinds) -> Mask:
        """Return what is kept if most is left out of runs, either of words or of white space."""
        kept = np.ones(len(kinds), np.bool_)
        for run in runs:
            inner = slice(run.start + self._edge, run.stop - self._edge)
            if inner.start < inner.stop:
                kept[inner] = False
                kept[inner.start + self._needed(inner, run, kinds)] = True
        return kept

    def _needed(self, inner: slice, run: slice, kinds: Kinds) -> Places:
        """Return the places in the middle of a run that are kept: one space, or as many letters as make it too long."""
        spaces, letters = np.flatnonzero(kinds[inner] == SPACE), np.flatnonzero(kinds[inner] == WORD)
        if len(spaces):
            return spaces[:1]
        around = [int(kinds[at]) for at in (run.start - 1, run.stop) if 0 <= at < len(kinds)]
        if around == [OTHER, OTHER] and not len(letters):
            # What is left out of a word may keep the marks around it in their order.
            return np.arange(inner.stop - inner.start)
        # The last one is where the word ends.
        return letters if len(letters) < self._longest_word else np.append(letters[: self._longest_word], letters[-1])

    def _cut(self, text: str, near: slice, side: TruncationSide) -> int | None:
        """Return the last place near the beginning, or the first near the end, between two words whatever they are."""
        kinds = self._characters.kinds(text[near])
        places = 1 + np.flatnonzero((kinds[1:] == SPACE) | (kinds[1:] == ALONE))
        for place in places[::-1] if side == "right" else places:
            cut: int = near.start + int(place)
            if not self._inside_added(text, cut):
                return cut
        return None

    def _inside_added(self, text: str, place: int) -> bool:
        return any(
            text.find(one, max(0, place - len(one) + 1), place + len(one) - 1) >= 0 for one in self._characters.added
        )


def may_shrink(text: str) -> bool:
    """Return whether a text may have long runs; at little cost where it is prose with spaces."""
    if len(text) <= LONG_CHARACTERS:
        return False
    words = text.split()
    # White space besides one character after each word. Words of one character may be what is left out.
    blank = len(text) - sum(map(len, words)) - len(words)
    return max(blank, *map(len, words), 0) > LONG_CHARACTERS or len(text) < 3 * len(words)


def long_runs(mask: Mask) -> list[slice]:
    """Return where a mask is true for more than LONG_CHARACTERS in a row."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts > LONG_CHARACTERS
    return [slice(start, end) for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)]
