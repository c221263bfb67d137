"""Writes documents: the interface of all formats, and lines of JSON: id, text, metadata and, if asked for, vector."""

from typing import BinaryIO, Protocol

import msgspec
import orjson

from index.documents.vector import Vector
from index.store.rows import StoredDocument


class DocumentWriter(Protocol):
    """Writes documents in one format."""

    def write(self, found: StoredDocument, vector: Vector | None) -> None:
        """Write a document."""

    def finish(self) -> None:
        """Write what is left."""


class LineWriter:
    """Writes documents to a stream."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, found: StoredDocument, vector: Vector | None) -> None:
        """Write a line."""
        # Metadata are JSON already; decoded and encoded again, a number might look different.
        document = {"id": found.id, "text": found.text, "metadata": msgspec.Raw(found.metadata)}
        if vector is not None:
            document["vector"] = msgspec.Raw(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY))
        self._out.write(msgspec.json.encode(document) + b"\n")

    def finish(self) -> None:
        """Do nothing: every line was written."""
