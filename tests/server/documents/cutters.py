"""How the tests' texts are cut: by spaces, so many words a passage, without a tokenizer."""

import itertools
from collections.abc import Sequence

from server.documents.computing import Cuttings, Ranges
from server.documents.settings import SettingsRules

ROOM = 254


class ByWords:
    """Takes a word for a token, and every text of at most `room` words for short."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room

    def surely_short(self, text: str) -> bool:
        return len(text.split()) <= self._room

    async def of(self, texts: Sequence[str], max_tokens: int, overlap_tokens: int, client: str) -> list[Ranges]:
        return [self._ranges(text, max_tokens) for text in texts]

    def title(self, text: str, max_tokens: int) -> str:
        return text.split(maxsplit=1)[0] if max_tokens < self._room else ""

    def _ranges(self, text: str, most: int) -> Ranges:
        starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]
        edges = [*starts[::most], len(text)]
        return list(itertools.pairwise(edges))


def cuttings() -> Cuttings:
    return Cuttings(ByWords(), SettingsRules(ROOM, 0.5))
