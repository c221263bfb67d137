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
from server.engine.tokenization import guarded, untruncated

# The characters from which those a token are first estimated.
SAMPLE = 250
# Characters a token of English prose, where nothing is measured, and the most that are believed: a word of any length
# may be one unknown token.
PROSE, MOST = 4.5, 12.0
# Passages are sized for this share of their tokens, so that few come out too long: 3 to 7% of four collections of
# abstracts (CACM, Cranfield, CISI, MEDLINE).
FILL = 0.9
# A text is cut in windows of so many passages: without sentences the splitter's time grows with the square.
WINDOW = 12
# A window whose characters a token were misjudged by more than this is cut once more.
MISJUDGED = 1.25
# The tokens of what is not measured.
UNKNOWN = -1


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
        self._tokenizer = untruncated(tokenizer)
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
        pieces = split(text, sizes, ratio)
        self._measure(text, pieces, sizes.overlap)
        found = characters_a_token(pieces, ratio)
        if not 1 / MISJUDGED < found / ratio < MISJUDGED:
            pieces = split(text, sizes, found)
            self._measure(text, pieces, sizes.overlap)
        while True:
            ends = [0, *(one.end for one in pieces)]
            parts = [parts_of(text, one, sizes, end) for one, end in zip(pieces, ends, strict=False)]
            pieces = [part for group in parts for part in group]
            if all(one.tokens >= 0 for one in pieces):
                return pieces, found
            self._measure(text, pieces, sizes.overlap)

    def _first_ratio(self, sample: str) -> float:
        (tokens,) = self._count([sample])
        return characters_a_token([Piece(0, len(sample), tokens)], PROSE)

    def _measure(self, text: str, pieces: Sequence[Piece], overlap: int) -> None:
        """Count the tokens of pieces that are not measured.

        One that shares too much with the one before begins where that ends, and is not measured again.
        """
        new = [index for index, one in enumerate(pieces) if one.tokens < 0]
        pairs = [index for index in range(1, len(pieces)) if pieces[index].start < pieces[index - 1].end]
        parts = [text[pieces[index].start : pieces[index].end] for index in new]
        for index, count in zip(new, self._count(parts), strict=True):
            pieces[index].tokens = count
        common = self._count_alone([text[pieces[index].start : pieces[index - 1].end] for index in pairs])
        shared = dict(zip(pairs, common, strict=True))
        for index, (before, one) in enumerate(pairwise(pieces), 1):
            if shared.get(index, 0) > overlap or one.start <= before.start:
                one.start, one.tokens = before.end, UNKNOWN

    def _count(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens that each text adds to the prompt and the special tokens."""
        found = self._tokenizer.encode_batch_fast([self._prompt + text for text in texts])
        # A prompt without white space at its end makes one word with the text, perhaps one unknown token.
        glued = self._prompt != "" and not self._prompt[-1].isspace()
        return [
            max(int(glued and not text.isspace()), len(one) - self._fixed)
            for text, one in zip(texts, found, strict=True)
        ]

    def _count_alone(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text without prompt and special tokens."""
        return [len(one) for one in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def split(text: str, sizes: Sizes, ratio: float) -> list[Piece]:
    """Return pieces of about as many tokens as `sizes` says, at the `ratio` of characters a token."""
    capacity = max(1, round(sizes.tokens * FILL * ratio))
    ranges = ranges_of(text, capacity, min(round(sizes.overlap * FILL * ratio), capacity - 1))
    return [Piece(start, end, UNKNOWN) for start, end in ranges]


def parts_of(text: str, piece: Piece, sizes: Sizes, reached: int) -> list[Piece]:
    """Return a piece, or parts of like length where it is too long; the first ends after `reached`."""
    length, count = piece.end - piece.start, -(-piece.tokens // sizes.tokens)
    if count < 2 or length == 1:
        return [piece]
    ranges = ranges_of(text[piece.start : piece.end], max(1, min(length - 1, round(1.05 * length / count))), 0)
    if piece.start + ranges[0][1] <= reached:
        return parts_of(text, Piece(reached, piece.end, piece.tokens), sizes, reached)
    return [Piece(piece.start + start, piece.start + end, UNKNOWN) for start, end in ranges]


def characters_a_token(pieces: Sequence[Piece], known: float) -> float:
    """Return the characters for each token of pieces, or what is known where they have none."""
    characters = sum(one.end - one.start for one in pieces if one.tokens != UNKNOWN)
    tokens = sum(one.tokens for one in pieces if one.tokens != UNKNOWN)
    return min(MOST, characters / tokens) if tokens else known


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
