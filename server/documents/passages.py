"""Passages of texts, cut on a thread on which clients take turns, as texts are tokenized: see `cutting.py`."""

from collections.abc import Iterator, Sequence
from functools import partial

from server.documents.boundaries import Range
from server.documents.cutting import Cutter, Piece, joined
from server.documents.titles import TITLE_ROOM, Titles
from server.engine.tokenization import CHARACTER_S, effort, surely_fits, take_some
from server.turns import Turns


class Passages:
    """The cutter, and the thread for its work."""

    def __init__(self, cutter: Cutter, titles: Titles) -> None:
        self._cutter = cutter
        self._titles = titles
        self._turns = Turns("passages")

    def surely_short(self, text: str) -> bool:
        """Return whether a text is known to fit whole without being tokenized."""
        return surely_fits(text, self._cutter.room)

    def title(self, text: str, max_tokens: int) -> str:
        """Return what passages of at most so many tokens have before them, nothing where the model has no room."""
        return self._titles.of(text) if max_tokens + TITLE_ROOM <= self._cutter.room else ""

    async def of(
        self, texts: Sequence[str], max_tokens: int, overlap_tokens: int, client: str = ""
    ) -> list[list[Range]]:
        """Return the passages of each text, in order; raises the errors of `Cutter.cut`."""
        found = [list[Piece]() for _ in texts]
        steps = pieces_of(self._cutter, texts, max_tokens, overlap_tokens)
        likely_s = effort(texts) * CHARACTER_S
        while some := await self._turns.run(client, partial(take_some, steps), likely_s):
            for index, pieces in some:
                found[index] += pieces
        return [joined(pieces) for pieces in found]

    def close(self) -> None:
        self._turns.close()


def pieces_of(
    cutter: Cutter, texts: Sequence[str], max_tokens: int, overlap_tokens: int
) -> Iterator[list[tuple[int, list[Piece]]]]:
    """Yield the index of a text and some of its pieces, text after text."""
    for index, text in enumerate(texts):
        for pieces in cutter.steps(text, max_tokens, overlap_tokens):
            yield [(index, pieces)]
