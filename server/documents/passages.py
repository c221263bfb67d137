"""Passages of texts, cut on a thread, a slice at a time, as texts are tokenized there: see `cutting.py`."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from server.documents.boundaries import Range
from server.documents.cutting import Cutter, Piece, joined
from server.documents.titles import TITLE_ROOM, Titles
from server.engine.tokenization import SLICE_CHARACTERS, surely_fits


class Passages:
    """The cutter, and the thread for its work."""

    def __init__(self, cutter: Cutter, titles: Titles) -> None:
        self._cutter = cutter
        self._titles = titles
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passages")

    def surely_short(self, text: str) -> bool:
        """Return whether a text is known to fit whole without being tokenized."""
        return surely_fits(text, self._cutter.room)

    def title(self, text: str, max_tokens: int) -> str:
        """Return what passages of at most so many tokens have before them, nothing where the model has no room."""
        return self._titles.of(text) if max_tokens + TITLE_ROOM <= self._cutter.room else ""

    async def of(self, texts: Sequence[str], max_tokens: int, overlap_tokens: int) -> list[list[Range]]:
        """Return the passages of each text, in order; raises the errors of `Cutter.cut`."""
        loop = asyncio.get_running_loop()
        found = [list[Piece]() for _ in texts]
        steps = pieces_of(self._cutter, texts, max_tokens, overlap_tokens)
        while slice_ := await loop.run_in_executor(self._thread, some_of, steps):
            for index, pieces in slice_:
                found[index] += pieces
        return [joined(pieces) for pieces in found]

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def pieces_of(
    cutter: Cutter, texts: Sequence[str], max_tokens: int, overlap_tokens: int
) -> Iterator[tuple[int, list[Piece]]]:
    """Yield the index of a text and some of its pieces, text after text."""
    for index, text in enumerate(texts):
        for pieces in cutter.steps(text, max_tokens, overlap_tokens):
            yield index, pieces


def some_of(steps: Iterator[tuple[int, list[Piece]]]) -> list[tuple[int, list[Piece]]]:
    """Return the next pieces, of about SLICE_CHARACTERS; none at the end."""
    found, size = list[tuple[int, list[Piece]]](), 0
    for index, pieces in steps:
        found.append((index, pieces))
        size += sum(one.end - one.start for one in pieces)
        if size >= SLICE_CHARACTERS:
            break
    return found
