"""The passages of a document: where each stands in the text, and its vector. A short text is one passage."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from index.documents.vector import Vector, check_vector
from index.errors import DocumentError, VectorError

MAX_PASSAGES = 1 << 14  # 12 MB of rows in memory, 25 on the disk

Span: TypeAlias = tuple[int, int]
Rows = NDArray[np.float32]


class Passage(msgspec.Struct, frozen=True):
    """A part of a text, from `start` up to `end` in characters; `vector` (ndim,) only where it was asked for."""

    start: int
    end: int
    vector: Vector | None = None


class Passages(msgspec.Struct, frozen=True, eq=False):
    """The vectors (n, ndim) float32 of a text's passages, and their spans in characters, in order.

    A text that is one passage as a whole has no spans. `cutting` is the number of the settings by which it was cut,
    None where it was not to be. `given` vectors are the caller's own: they stand for the text as the model's do, and
    are never taken for those.
    """

    rows: Rows
    spans: tuple[Span, ...] = ()
    cutting: int | None = None
    given: bool = False

    def __len__(self) -> int:
        return len(self.rows)


def whole(vector: Vector, *, given: bool = False) -> Passages:
    """Return the passages of a text that is one."""
    return Passages(np.asarray(vector, np.float32)[None], given=given)


def check_passages(given: Passages, text: str, ndim: int) -> Passages:
    """Return the passages with their vectors checked, or raise VectorError or DocumentError."""
    spans = tuple(given.spans)
    if len(given.rows) != max(1, len(spans)):
        raise VectorError(f"{len(given.rows)} vectors were given for {max(1, len(spans))} passages")
    if len(spans) > MAX_PASSAGES:
        raise DocumentError(f"a text has {len(spans)} passages; at most {MAX_PASSAGES} are allowed")
    if not spans:
        return replace(given, rows=check_vector(given.rows[0], ndim)[None], spans=spans)
    check_spans(spans, len(text))
    return replace(given, rows=np.stack([check_vector(row, ndim) for row in given.rows]), spans=spans)


def check_spans(spans: Sequence[Span], length: int) -> None:
    """Raise DocumentError unless the spans ascend and each of so many characters is in one of them."""
    covered, last = 0, (-1, -1)
    for start, end in spans:
        if not (0 <= start <= covered and start < end <= length and last[0] < start and last[1] < end):
            raise DocumentError(f"the passage from {start} to {end} does not follow the one before it")
        covered, last = end, (start, end)
    if spans and covered != length:
        raise DocumentError(f"the passages end at {covered}, the text at {length}")


def mean_of(rows: Rows) -> Vector:
    """Return the mean (ndim,) of unit rows (n, ndim), at unit length: the vector of a text of several passages."""
    if len(rows) == 1:
        return np.asarray(rows[0])
    mean = np.sum(rows, axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length > 0 else rows[0], np.float32)
