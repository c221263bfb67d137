"""What the tests of the index share: an index over a folder, documents with vectors, and brute-force search."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from index import Document, Index
from index.store.disk import Disk
from tests.index.vectors import NDIM, Rows, one

FINGERPRINT = "model-a"


def open_index(
    folder: Path | None, disk: Disk | None = None, fingerprint: str = FINGERPRINT, variant: str = ""
) -> Index:
    return Index(folder, fingerprint, NDIM, variant, disk)


def document(id_: str, seed: int = 0, text: str = "", **metadata: Any) -> Document:
    return Document(id_, text or f"the text of {id_}", metadata, one(seed))


def nearest(documents: Mapping[str, Document], query: Rows, count: int) -> list[str]:
    """The ids of the nearest documents by float32, exactly."""
    ids = list(documents)
    rows = np.stack([vector_of(documents[id_]) for id_ in ids]) if ids else np.empty((0, NDIM), np.float32)
    return [ids[position] for position in np.argsort(-(rows @ query), kind="stable")[:count]]


def vector_of(found: Document) -> Rows:
    assert found.vector is not None
    return found.vector


def same(a: Document, b: Document) -> bool:
    """Whether two documents are equal, their vectors bit for bit."""
    return (a.id, a.text, a.metadata) == (b.id, b.text, b.metadata) and (vector_of(a) == vector_of(b)).all()
