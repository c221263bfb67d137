"""The vectors of documents that were found: that of the passage that was found, or the mean of all of them."""

from collections.abc import Iterator, Mapping, Sequence

import apsw
import numpy as np

from index.documents.passages import Rows, mean_of
from index.documents.vector import Vector
from index.store.meta import stored_ndim
from index.store.passage_rows import fetch_passages, several_of
from index.store.vector_rows import fetch_vectors

ROWS_TOGETHER = 4_096  # read at once: 6 MB


def rows_of(connection: apsw.Connection, documents: Sequence[int], rows_found: Mapping[int, int]) -> Rows:
    """Return the vectors (n, ndim) of these documents by key: of the row that was found, of others the mean.

    One that has none is all zeros.
    """
    ndim = stored_ndim(connection)
    with_row = [key for key in documents if key in rows_found]
    keys, vectors = fetch_vectors(connection, [rows_found[key] for key in with_row], ndim)
    by_row = dict(zip(keys.tolist(), vectors, strict=True))
    found = {key: by_row[rows_found[key]] for key in with_row if rows_found[key] in by_row}
    found |= means_of(connection, [key for key in documents if key not in found])
    none = np.zeros(ndim, np.float32)
    return np.stack([found.get(key, none) for key in documents]) if documents else np.empty((0, ndim), np.float32)


def means_of(connection: apsw.Connection, documents: Sequence[int]) -> dict[int, Vector]:
    """Return the vectors of documents by key, of those that have all their passages' vectors."""
    if not documents:
        return {}
    ndim = stored_ndim(connection)
    parts = (fetch_passages(connection, part, ndim) for part in together(connection, documents))
    return {key: mean_of(passages.rows) for part in parts for key, passages in part.items()}


def together(connection: apsw.Connection, documents: Sequence[int]) -> Iterator[list[int]]:
    """Yield the documents in parts of so few passages that they can be read at once; a part has one at least."""
    counts = several_of(connection, documents).counts_of(np.asarray(documents, np.int64)).tolist()
    part: list[int] = []
    rows = 0
    for key, count in zip(documents, counts, strict=True):
        if part and rows + count > ROWS_TOGETHER:
            yield part
            part, rows = [], 0
        part.append(key)
        rows += count
    if part:
        yield part
