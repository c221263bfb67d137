"""Chooses the part of a text that shows why it was found, and marks the query's words in it.

Looked at are MAX_CHARACTERS of each text, and fewer where there are many hits, so that a search never waits long.
"""

from collections.abc import Iterator

from index.documents.passages import Passage, Span
from index.documents.query import Snippet
from index.search.windows import Occurrence, Window, best_window
from index.words.edges import edge_before, edge_from, is_edge, part_before, parts, sentence_starts
from index.words.terms import Terms

MAX_CHARACTERS = 200_000  # of one text: 7 to 13 ms of a processor, 80 of Thai, whose marks stand on most letters
MAX_CHARACTERS_TOGETHER = 4_000_000  # of all hits
MAX_WORDS_TOGETHER = 100_000  # found of those looked for, in a stretch of each hit: 1 s of a processor, 2 of Thai
ENOUGH_CHARACTERS = 8_000  # of one stretch: from here on a window that has all terms is good enough
SLICE_CHARACTERS = 1_000  # looked at together: where none of the words is, nothing more is done
SPACE_CHARACTERS, OVERLAP_CHARACTERS = 128, 64  # how far back a slice ends at a space, or else the next one begins
SHARE_BEFORE = 3  # of the room that is left, one part in so many stands before the words


class Snippets:
    """Makes the snippets of one search, of at most `size` characters each, for so many hits.

    `terms` None marks nothing. Where a passage was found it is looked through first; `beyond` says whether the rest of
    the text is too.
    """

    def __init__(self, size: int, terms: Terms | None, hits: int, *, beyond: bool) -> None:
        self._size = size
        self._terms = terms if terms is not None and terms.count else None
        self._beyond = beyond
        self._each = min(MAX_CHARACTERS, MAX_CHARACTERS_TOGETHER // max(1, hits))
        self._words_each = MAX_WORDS_TOGETHER // max(1, hits)

    def of(self, text: str, passage: Passage | None) -> Snippet:
        """Return the snippet of a text in which this passage was found."""
        stretches = list(self._stretches(text, passage))
        left = self._each
        words_left = self._words_each
        for start, end in stretches if self._terms is not None else ():
            window = self._best(text, start, min(end, start + left), words_left)
            if window is not None:
                return self._made(text, framed(text, (start, end), (window.start, window.end), self._size))
            left -= min(left, end - start)
        start, end = stretches[0]
        first = start if text[start : start + 1].strip() else word_from(text, start, min(end, start + self._size))
        return self._made(text, framed(text, (start, end), (first, first), self._size))

    def _stretches(self, text: str, passage: Passage | None) -> Iterator[Span]:
        """Yield the parts of a text in the order in which they are looked through."""
        spans = [(0, len(text))]
        if passage is not None:
            rest = [(passage.end, len(text)), (0, passage.start)] if self._beyond else []
            spans = [(passage.start, passage.end), *rest]
        for start, end in spans:
            yield of_whole_words(text, start, end)

    def _best(self, text: str, start: int, end: int, words_left: int) -> Window | None:
        """Return the best window of a stretch; later ones are not looked for once one has all terms.

        Nor are they after so many words.
        """
        assert self._terms is not None
        best: Window | None = None
        near: list[Occurrence] = []
        for first, last in slices(text, start, end):
            near = [one for one in near if one[0] > first - self._size]  # others share no window with later ones
            found = self._occurrences(text, first, last)
            near = sorted({*near, *found})
            words_left -= len(found)
            window = best_window(near, self._size)
            if window is not None and (best is None or window.rank > best.rank):
                best = window
            is_whole = best is not None and best.terms == self._terms.count
            if words_left <= 0 or (is_whole and last - start >= ENOUGH_CHARACTERS):
                return best
        return best

    def _occurrences(self, text: str, start: int, end: int) -> list[Occurrence]:
        """Return where words that are looked for stand."""
        assert self._terms is not None
        return [(start + at, start + to, term) for at, to, term in self._terms.found_in(text[start:end])]

    def _made(self, text: str, span: Span) -> Snippet:
        start, end = span
        marks = [] if self._terms is None else [(at, to) for at, to, _ in self._occurrences(text, start, end)]
        return Snippet(text[start:end], start, end, without_overlaps((at - start, to - start) for at, to in marks))


def of_whole_words(text: str, start: int, end: int) -> Span:
    """Return a stretch without the words that its ends cut; with them where nothing else is in it."""
    first = edge_from(text, start, end)
    last = edge_before(text, end, first)
    if last is not None and (last - first > SPACE_CHARACTERS or text[first:last].strip()):
        return first, last
    first = next((at for at in range(start, min(end, start + SPACE_CHARACTERS)) if parts(text, at)), end)
    return first, part_before(text, end, first)


def slices(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield parts of a stretch that end at spaces; where there is none, the next part begins before the last ended."""
    while end - start > SLICE_CHARACTERS + SPACE_CHARACTERS:
        last = start + SLICE_CHARACTERS
        space = next((at for at in range(last, last - SPACE_CHARACTERS, -1) if text[at].isspace()), None)
        yield start, last if space is None else space
        start = last - OVERLAP_CHARACTERS if space is None else space
    yield start, end


def framed(text: str, stretch: Span, core: Span, size: int) -> Span:
    """Return the part of a stretch that holds its core, of at most so many characters.

    It begins with a sentence or a line if one begins near enough, and otherwise with a word.
    """
    last = core[1]
    start = beginning(text, stretch, core, size)
    end = min(stretch[1], start + size)
    if end < stretch[1]:
        end = edge_before(text, end, last) or (last if last > start else part_before(text, end, start))
    while end > last and text[end - 1].isspace():
        end -= 1
    return start, end


def beginning(text: str, stretch: Span, core: Span, size: int) -> int:
    """Return where a part of so many characters begins that holds the core."""
    (low, high), (first, last) = stretch, core
    earliest = max(low, last - size)
    latest = min(first, max(earliest, high - size))  # from later on, less than is wanted would follow
    starts = [low] if earliest == low else []
    starts += sentence_starts(text, earliest, first)
    fitting = [place for place in starts if place <= latest]
    if starts:
        return word_from(text, max(fitting) if fitting else min(starts), first)
    before = (size - (last - first)) // SHARE_BEFORE
    return word_from(text, max(earliest, min(latest, first - before)), first)


def word_from(text: str, start: int, end: int) -> int:
    """Return the first place from `start` on at which a word begins, or a sign that is no space; at most `end`."""
    places = (at for at in range(start, end) if not text[at].isspace() and is_edge(text, at))
    return next(places, end)


def without_overlaps(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Return the spans, in order, with those that share characters made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
