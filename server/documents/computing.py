"""From texts to what is stored of them: the vector of a short text, the passages of one longer than the model reads."""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

import msgspec
import numpy as np

from index import MAX_PASSAGES, Collection, Passages
from server.contract.embedding import Embeddings, Timing
from server.contract.errors import DocumentError
from server.documents.settings import SettingsRules

# So many passages at a time: a text of a megabyte has some 1,200, and others must get their turn.
GROUP_PASSAGES = 512

Ranges = list[tuple[int, int]]
Embed = Callable[[Sequence[str]], Awaitable[Embeddings]]
# The tokens of each text, as far as the model reads, and whether it is longer.
Measure = Callable[[Sequence[str]], Awaitable[tuple[list[int], list[bool]]]]


class Cut(Protocol):
    """Cuts texts by a collection's settings."""

    def surely_short(self, text: str) -> bool:
        """Say whether a text fits whole, without tokenizing it."""

    async def of(self, texts: Sequence[str], max_tokens: int, overlap_tokens: int, client: str) -> list[Ranges]:
        """Return the ranges of each text's passages, in characters."""

    def title(self, text: str, max_tokens: int) -> str:
        """Return what passages of so many tokens have before them, nothing where there is no room."""


class Cutting(msgspec.Struct, frozen=True):
    """How texts are cut: by what, and the settings."""

    cut: Cut
    max_tokens: int
    overlap_tokens: int

    def parts_of(self, text: str, ranges: Sequence[tuple[int, int]]) -> list[str]:
        """Return what is embedded of a text of several passages: those, with its title before each if it has one."""
        title = self.cut.title(text, self.max_tokens)
        return [f"{title}\n{text[start:end]}" if title else text[start:end] for start, end in ranges]


class Computed(msgspec.Struct, frozen=True):
    """The passages of a text, their tokens together, and whether the model did not read all of it."""

    passages: Passages
    tokens: int
    truncated: bool


class Cuttings:
    """How the texts of each collection are cut, by its settings and by what the model reads."""

    def __init__(self, cut: Cut, rules: SettingsRules) -> None:
        self._cut = cut
        self._rules = rules

    def of(self, collection: Collection) -> tuple[Cutting | None, int]:
        """Return how a collection's texts are cut now, None where they are not, and the number of those settings."""
        settings = collection.settings
        passages = self._rules.passages_of(settings)
        cutting = None if passages is None else Cutting(self._cut, passages.max_tokens, passages.overlap_tokens)
        return cutting, settings.cutting


def same_ranges(passages: Passages, ranges: Ranges) -> bool:
    """Say whether a text is cut already as it would be."""
    return passages.spans == tuple(ranges if len(ranges) > 1 else ())


async def ranges_of(texts: Sequence[str], cutting: Cutting, measure: Measure, client: str) -> list[Ranges]:
    """Return where to cut each text; nowhere in one that fits. Raises DocumentError of too many passages."""
    unsure = [text for text in texts if not cutting.cut.surely_short(text)]
    _, longer = await measure(unsure) if unsure else ([], [])
    long = [text for text, is_longer in zip(unsure, longer, strict=True) if is_longer]
    cut = await cutting.cut.of(long, cutting.max_tokens, cutting.overlap_tokens, client) if long else []
    if (most := max(map(len, cut), default=0)) > MAX_PASSAGES:
        raise DocumentError(f"a text would have {most} passages; at most {MAX_PASSAGES} are allowed", "text")
    found = dict(zip(long, cut, strict=True))
    return [found.get(text, []) for text in texts]


async def computed(
    texts: Sequence[str], ranges: Sequence[Ranges], how: tuple[Cutting | None, int], embed: Embed
) -> tuple[list[Computed], Timing]:
    """Embed each text, or the parts of it; `how` is how they were cut, and the number of those settings."""
    cutting, number = how
    parts = [part for text, one in zip(texts, ranges, strict=True) for part in parts_of(text, one, cutting)]
    timing, found_rows, tokens, truncated = Timing(), [np.empty((0, 0), np.float32)], list[int](), list[bool]()
    for group in groups_of(parts):
        found = await embed(group)
        found_rows.append(found.rows)
        tokens += found.tokens
        truncated += found.truncated
        timing.add(found.timing)
    spans = [tuple(one) if len(one) > 1 else () for one in ranges]
    owns = slices_of(ranges)
    rows = found_rows[-1] if len(found_rows) <= 2 else np.concatenate(found_rows[1:])
    every = [Passages(rows[own], one, number) for own, one in zip(owns, spans, strict=True)]
    return told(every, owns, tokens, truncated), timing


async def measured(
    texts: Sequence[str], passages: Sequence[Passages], cutting: Cutting | None, measure: Measure
) -> list[Computed]:
    """Do the same for passages that are known: only their tokens are counted."""
    parts = [part for text, one in zip(texts, passages, strict=True) for part in parts_of(text, one.spans, cutting)]
    tokens, truncated = list[int](), list[bool]()
    for group in groups_of(parts):
        some, cut = await measure(group)
        tokens += some
        truncated += cut
    return told(passages, slices_of([one.spans for one in passages]), tokens, truncated)


def parts_of(text: str, ranges: Sequence[tuple[int, int]], cutting: Cutting | None) -> list[str]:
    return [text] if cutting is None or len(ranges) < 2 else cutting.parts_of(text, ranges)


def groups_of(parts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (parts[start : start + GROUP_PASSAGES] for start in range(0, len(parts), GROUP_PASSAGES))


def slices_of(ranges: Sequence[Sequence[tuple[int, int]]]) -> list[slice]:
    """Return where the parts of each text stand among all parts."""
    ends = list(itertools.accumulate(max(1, len(one)) for one in ranges))
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def told(
    passages: Sequence[Passages], owns: Sequence[slice], tokens: Sequence[int], truncated: Sequence[bool]
) -> list[Computed]:
    pairs = zip(passages, owns, strict=True)
    return [Computed(one, sum(tokens[own]), any(truncated[own])) for one, own in pairs]
