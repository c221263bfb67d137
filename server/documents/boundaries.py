"""Where a text may be cut: ranges of at most so many characters, between headings, paragraphs, lines, sentences, words.

semantic-text-splitter takes runs of line ends for boundaries, the longer the stronger, and puts even a single one above
the end of a sentence. It is given a text with long runs before headings, and with spaces for the line ends inside
sentences. Its splitter for Markdown would put apostrophes, quotation marks and emphasis above sentences, too.
"""

import re
from bisect import bisect_right
from itertools import accumulate

from semantic_text_splitter import TextSplitter

# A range of characters of a text: (start, end).
Range = tuple[int, int]

# A line that its width ends, not its sentence: long, without a mark at its end, and followed by a word or number.
WRAPPED = re.compile(
    r"\n(?<=[^\n]{40}\n)(?<![.!?:;…。！？]\n)(?<![.!?:;…。！？] \n)(?=[\"'“‘(]?[^\W_])(?!\d+[.)][ \t])"
)
# Headings of Markdown, with number signs or underlined.
HEADING = re.compile(
    r"^(?:(?P<signs>\#{1,6})[ \t]|(?=[^\n]{1,200}\n(?:(?P<first>={3,})|(?P<second>-{3,}))[ \t]*$))", re.MULTILINE
)
# The line ends that stand for a heading of the lowest level, more than texts have between paragraphs.
HEADING_LINES = 5


def ranges_of(text: str, capacity: int, overlap: int) -> list[Range]:
    """Return ranges of at most `capacity` characters, in order, that share at most `overlap` with the one before.

    Every character is in one. None begins with white space that the one before has, too.
    """
    marked, positions, added = with_headings(WRAPPED.sub(" ", text.replace("\r\n", " \n")))
    splitter = TextSplitter(capacity, overlap, trim=False)
    found, before = list[Range](), 0
    for begin, part in splitter.chunk_indices(marked):
        start, end = original(begin, positions, added), original(begin + len(part), positions, added)
        while start < before and text[start].isspace():
            start += 1
        if start < end:
            found.append((start, end))
            before = end
    return found


def with_headings(text: str) -> tuple[str, list[int], list[int]]:
    """Return a text with more line ends before headings, the positions of these there, and how many are before."""
    headings = [
        (found.start(), HEADING_LINES + 7 - level_of(found)) for found in HEADING.finditer(text) if found.start()
    ]
    starts = [0, *(start for start, _ in headings)]
    ends = [*starts[1:], len(text)]
    before = list(accumulate((lines for _, lines in headings), initial=0))
    parts = ["", *("\n" * lines for _, lines in headings)]
    marked = "".join(
        part for start, end, lines in zip(starts, ends, parts, strict=True) for part in (lines, text[start:end])
    )
    return marked, [start + lines for start, lines in zip(starts[1:], before, strict=False)], before


def level_of(heading: re.Match[str]) -> int:
    return len(heading["signs"] or "") or (1 if heading["first"] else 2)


def original(at: int, positions: list[int], added: list[int]) -> int:
    """Return the position in a text of one in that with more line ends; all that are added are their heading's."""
    index = bisect_right(positions, at)
    return at if not index else max(positions[index - 1] - added[index - 1], at - added[index])
