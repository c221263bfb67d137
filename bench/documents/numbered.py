"""A folder of documents with random vectors and metadata to be filtered by, as a server opens it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.documents.corpus import unit
from bench.documents.ingest import ingest
from index import Document, Index


def write_numbered(folder: Path, fingerprint: str, dimensions: int, count: int) -> None:
    """Write so many documents; the vectors count as the model's with this fingerprint."""
    index = Index(folder, fingerprint, dimensions)
    collection = index.collection()
    ingest(collection, _numbered(dimensions, count))
    collection.wait_until_viewed()
    collection.wait_for_words()
    index.close()


def _numbered(dimensions: int, count: int) -> Iterator[Document]:
    rows = unit(np.random.default_rng(count).normal(size=(count, dimensions)).astype(np.float32))
    for number in range(count):
        metadata = {"number": number, "thousandth": number % 1000, "hundredth": number % 100, "tenth": number % 10}
        yield Document(f"document/{number}", f"document number {number}", metadata, rows[number])
