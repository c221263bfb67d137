"""Writes documents: the interface of all formats, and lines of JSON.

A line has id, text and metadata, `expires_at` where the document expires and, if asked for, vectors.
"""

from typing import Any, BinaryIO, Protocol

import msgspec
import numpy as np
import orjson

from index.commands.instants import written
from index.documents.passages import Passages, mean_of
from index.documents.vector import Vector
from index.store.rows import StoredDocument


class DocumentWriter(Protocol):
    """Writes documents in one format."""

    def write(self, found: StoredDocument, passages: Passages | None) -> None:
        """Write a document, with its vector and those of its passages, if it has several, where passages are given."""

    def finish(self) -> None:
        """Write what is left."""


class LineWriter:
    """Writes documents to a stream."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, found: StoredDocument, passages: Passages | None) -> None:
        """Write a line."""
        # Metadata are JSON already; decoded and encoded again, a number might look different.
        document: dict[str, Any] = {"id": found.id, "text": found.text, "metadata": msgspec.Raw(found.metadata)}
        if found.expires_ms is not None:
            document["expires_at"] = written(found.expires_ms)
        if passages is not None:
            document["vector"] = numbers(mean_of(passages.rows))
        if passages is not None and passages.spans:
            pairs = zip(passages.spans, passages.rows, strict=True)
            document["passages"] = [{"start": start, "end": end, "vector": numbers(row)} for (start, end), row in pairs]
        self._out.write(msgspec.json.encode(document) + b"\n")

    def finish(self) -> None:
        """Do nothing: every line was written."""


def numbers(vector: Vector) -> msgspec.Raw:
    return msgspec.Raw(orjson.dumps(np.ascontiguousarray(vector), option=orjson.OPT_SERIALIZE_NUMPY))
