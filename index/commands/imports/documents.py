"""Makes documents of records: an id, and metadata that say where the text came from. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from index.commands.imports.scanning import Found
from index.documents.ids import check_id
from index.documents.metadata import encode_metadata
from index.errors import DocumentError
from index.sources.records import Record

OURS = ("source", "path", "modified", "hash")
PREFIX = "column_"


def id_of(record: Record, file: Found) -> str:
    """Return a document's id: the record's own, or the file's path, with the row's number in a table.

    Raises:
        DocumentError: it is too long, or nothing that an id can be.
    """
    if record.id is not None:
        return check_id(record.id)
    return check_id(file.path if record.number is None else f"{file.path}#{record.number}")


def row_hash(record: Record, id_: str) -> str:
    """Return the SHA-256 of a row: of all that it says and its id, as JSON with sorted names.

    Raises:
        DocumentError: the metadata are no JSON, or the text is not Unicode.
    """
    encode_metadata(record.metadata)
    row = {"id": id_, "text": record.text, "metadata": record.metadata, **beside(record)}
    return hashlib.sha256(encoded(row, "sorted")).hexdigest()


def document_of(record: Record, id_: str, source: str, file: Found, hash_: str) -> bytes:
    """Return a document as JSON.

    Raises:
        DocumentError: its metadata are too large or no JSON, or the text is not Unicode.
    """
    metadata = {renamed(name): value for name, value in record.metadata.items()}
    metadata |= {"source": source, "path": file.relative, "hash": hash_}
    if (modified := time_of(file.modified_ns)) is not None:
        metadata["modified"] = modified
    return encoded(
        {"id": id_, "text": record.text, "metadata": msgspec.Raw(encode_metadata(metadata)), **beside(record)}
    )


def beside(record: Record) -> dict[str, Any]:
    """Return what a document has beside its text and metadata, if it has it."""
    vector = None if record.vector is None else list(record.vector)
    return {name: value for name, value in (("vector", vector), ("expires_at", record.expires_at)) if value is not None}


def encoded(fields: dict[str, Any], order: Any = None) -> bytes:
    try:
        return msgspec.json.encode(fields, order=order)
    except UnicodeEncodeError as error:
        message = "the text is not Unicode (a lone surrogate)"
        raise DocumentError(message) from error


def renamed(name: str) -> str:
    """Return what a record's own field is called beside those that are added."""
    bare = name
    while bare.startswith(PREFIX):
        bare = bare.removeprefix(PREFIX)
    return f"{PREFIX}{name}" if bare in OURS else name


def time_of(modified_ns: int) -> str | None:
    """Return a file's time as RFC 3339 in seconds, None where no calendar has it."""
    try:
        return datetime.fromtimestamp(modified_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
