"""The window of a text in which most of a query stands. Pure."""

from collections.abc import Sequence

import msgspec

Occurrence = tuple[int, int, str]  # from where up to where a word stands, and the term of the query that it answers


class Window(msgspec.Struct, frozen=True):
    """From the first of the words in it up to the end of the last: how many different terms, and words, are in it."""

    start: int
    end: int
    terms: int
    words: int

    @property
    def rank(self) -> tuple[int, int]:
        """What makes one window better than another."""
        return self.terms, self.words


def best_window(found: Sequence[Occurrence], size: int) -> Window | None:
    """Return the window of at most so many characters with most different terms, then most words, then the earliest.

    Neither the starts nor the ends of the words descend; None where no word is short enough.
    """
    fitting = [one for one in found if one[1] - one[0] <= size]
    best: Window | None = None
    counts: dict[str, int] = {}
    last = 0
    for place, (start, _, term) in enumerate(fitting):
        while last < len(fitting) and fitting[last][1] - start <= size:
            counts[fitting[last][2]] = counts.get(fitting[last][2], 0) + 1
            last += 1
        if best is None or (len(counts), last - place) > best.rank:
            best = Window(start, fitting[last - 1][1], len(counts), last - place)
        counts[term] -= 1
        if not counts[term]:
            del counts[term]
    return best
