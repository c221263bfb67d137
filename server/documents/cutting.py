"""Long texts cut into passages: ranges of characters, each of a length that the model reads whole.

The splitter sizes by characters, by as many for each token as were measured before, since sizing by tokens tokenizes a
text seven times. What it gives is tokenized once, and cut again where it is too long.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import msgspec
from tokenizers import Tokenizer

from server.documents.boundaries import Range, ranges_of
from server.engine.tokenization import guarded

# The characters from which those a token are first estimated.
SAMPLE = 250
# Characters a token of English prose, where nothing is measured, and the most that are believed: a word of any length
# may be one unknown token.
PROSE, MOST = 4.5, 12.0
# Passages are sized for this share of their tokens, so that few come out too long; with 0.9, 5 to 15% do.
FILL = 0.9
# A text is cut in windows of so many passages: without sentences the splitter's time grows with the square.
WINDOW = 12
# A window whose characters a token were misjudged by more than this is cut once more.
MISJUDGED = 1.25


class Sizes(msgspec.Struct, frozen=True):
    """The tokens of a passage at most, and those that it shares with the one before at most."""

    tokens: int
    overlap: int


class Piece(msgspec.Struct):
    """A passage to be, with its tokens."""

    start: int
    end: int
    tokens: int


class Cutter:
    """Cuts texts for one model, whose document prompt stands before each passage. Keeps nothing between calls."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, prompt: str | None = None) -> None:
        """Take the model's tokenizer and its length, special tokens included.

        Raises:
            ValueError: special tokens and prompt leave no room for text.
        """
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._prompt = prompt or ""
        self._fixed = len(self._tokenizer.encode(self._prompt).ids)
        self.room = max_tokens - self._fixed
        if self.room < 1:
            message = f"special tokens and prompt take {self._fixed} of the model's {max_tokens} tokens"
            raise ValueError(message)

    def cut(self, text: str, max_tokens: int, overlap_tokens: int) -> list[Range]:
        """Return the passages of a text, in order, at least one of a text that is not empty; every character is in one.

        Each has at most `max_tokens` tokens, and at most what the model reads with its special tokens and the prompt
        before it; with the one before it shares at most `overlap_tokens`. None is blank unless the text is. A single
        character of more tokens than that is a passage all the same.

        Raises:
            ValueError: `max_tokens` is below 1, or `overlap_tokens` below 0 or not below `max_tokens`.
            InferenceError: a library failed.
        """
        return joined(piece for step in self.steps(text, max_tokens, overlap_tokens) for piece in step)

    def steps(self, text: str, max_tokens: int, overlap_tokens: int) -> Iterator[list[Piece]]:
        """Yield the pieces of one window after the other, for `joined`; a step takes some milliseconds."""
        if not 0 <= overlap_tokens < max_tokens:
            message = (
                f"an overlap of {overlap_tokens} tokens is not between 0 and {max_tokens} tokens, those of a passage"
            )
            raise ValueError(message)
        tokens = min(max_tokens, self.room)
        sizes = Sizes(tokens, min(overlap_tokens, tokens // 2))
        start, reached, ratio = 0, 0, guarded(lambda: self._first_ratio(text[:SAMPLE]))
        while start < len(text):
            size = max(WINDOW, round(sizes.tokens * WINDOW * ratio))
            found, ratio = guarded(partial(self._window, text[start : start + size], sizes, ratio))
            if start + found[0].end <= reached:
                start = reached  # nothing but what the last piece has
                continue
            pieces = [Piece(start + one.start, start + one.end, one.tokens) for one in found]
            # The last one ends where the window does: the next window begins with it.
            whole = pieces[-1].start == start or start + size >= len(text)
            start = pieces[-1].end if whole else pieces.pop().start
            reached = pieces[-1].end
            yield pieces

    def _window(self, text: str, sizes: Sizes, ratio: float) -> tuple[list[Piece], float]:
        """Return the pieces of a part of a text, and its characters a token."""
        pieces = self._measured(text, split(text, sizes, ratio), sizes)
        found = characters_a_token(pieces, ratio)
        if not 1 / MISJUDGED < found / ratio < MISJUDGED:
            pieces = self._measured(text, split(text, sizes, found), sizes)
        while any(too_long(one, sizes.tokens) for one in pieces):
            ends = [0, *(one.end for one in pieces)]
            parts = [
                parts_of(text, one, sizes, reached) if too_long(one, sizes.tokens) else [one]
                for one, reached in zip(pieces, ends, strict=False)
            ]
            unknown = [(part.start, part.end) for group in parts for part in group if part.tokens < 0]
            known = iter(self._measured(text, unknown, sizes))
            pieces = [next(known) if part.tokens < 0 else part for group in parts for part in group]
        return pieces, found

    def _first_ratio(self, sample: str) -> float:
        (tokens,) = self._count([sample])
        return characters_a_token([Piece(0, len(sample), tokens)], PROSE)

    def _measured(self, text: str, ranges: Sequence[Range], sizes: Sizes) -> list[Piece]:
        """Return pieces with their tokens; one that shares too much with the one before begins where that ends."""
        shared = [(start, before) for (_, before), (start, _) in pairwise(ranges)]
        counts = self._count([text[start:end] for start, end in [*ranges, *shared]])
        pieces = [Piece(start, end, count) for (start, end), count in zip(ranges, counts, strict=False)]
        again = list[int]()
        for index, (before, count) in enumerate(zip(pieces, counts[len(ranges) :], strict=False), 1):
            if count > sizes.overlap and pieces[index].start < before.end < pieces[index].end:
                pieces[index].start = before.end
                again.append(index)
        counts = self._count([text[pieces[index].start : pieces[index].end] for index in again])
        for index, count in zip(again, counts, strict=True):
            pieces[index].tokens = count
        return pieces

    def _count(self, texts: list[str]) -> list[int]:
        """Return the tokens that each text adds to the prompt and the special tokens."""
        found = self._tokenizer.encode_batch_fast([self._prompt + text for text in texts])
        return [max(0, len(one) - self._fixed) for one in found]


def split(text: str, sizes: Sizes, ratio: float) -> list[Range]:
    """Return ranges of about as many tokens as `sizes` says, at the `ratio` of characters a token."""
    capacity = max(1, round(sizes.tokens * FILL * ratio))
    return ranges_of(text, capacity, min(round(sizes.overlap * FILL * ratio), capacity - 1))


def parts_of(text: str, piece: Piece, sizes: Sizes, reached: int) -> list[Piece]:
    """Cut a piece that is too long into parts of like length, not measured yet; the first ends after `reached`."""
    length, count = piece.end - piece.start, -(-piece.tokens // sizes.tokens)
    ranges = ranges_of(text[piece.start : piece.end], max(1, min(length - 1, round(1.05 * length / count))), 0)
    if piece.start + ranges[0][1] <= reached:
        return parts_of(text, Piece(reached, piece.end, piece.tokens), sizes, reached)
    return [Piece(piece.start + start, piece.start + end, -1) for start, end in ranges]


def too_long(piece: Piece, tokens: int) -> bool:
    return piece.tokens > tokens and piece.end - piece.start > 1


def characters_a_token(pieces: Sequence[Piece], known: float) -> float:
    """Return the characters a token of pieces, or what is known where they have no tokens."""
    tokens = sum(one.tokens for one in pieces)
    return min(MOST, sum(one.end - one.start for one in pieces) / tokens) if tokens else known


def joined(pieces: Iterable[Piece]) -> list[Range]:
    """Return ranges, where what has no token is a part of the piece before it, or of the one after the beginning."""
    found = list[Piece]()
    for piece in pieces:
        if found and not piece.tokens:
            found[-1].end = piece.end
        elif found and not found[-1].tokens:
            found[-1] = Piece(found[-1].start, piece.end, piece.tokens)
        else:
            found.append(piece)
    return [(one.start, one.end) for one in found]
