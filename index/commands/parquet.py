"""Documents as a Parquet table: `id`, `text`, `metadata` as JSON, `expires_at`, where asked for `vector`, `passages`.

Needs pyarrow.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow
import pyarrow.parquet

from index.commands.errors import CommandError
from index.commands.instants import written
from index.commands.lines import BAD, Line, Refused, document
from index.documents.passages import Passages, mean_of
from index.documents.vector import Vector
from index.store.rows import StoredDocument

GROUP_BYTES, GROUP_DOCUMENTS = 16 << 20, 10_000  # whichever comes first; a group is what a reader holds in memory
COMPRESSION = "zstd"
NEEDED, KNOWN = ("id", "text"), ("id", "text", "metadata", "expires_at")
BATCH_ROWS, READ_BYTES = 256, 1 << 20


class ParquetWriter:
    """Writes documents to a stream, a group of rows at a time."""

    def __init__(self, out: BinaryIO, ndim: int | None) -> None:
        fields = [pyarrow.field(name, pyarrow.string(), nullable=False) for name in ("id", "text", "metadata")]
        fields.append(pyarrow.field("expires_at", pyarrow.string()))
        if ndim is not None:
            vector = pyarrow.list_(pyarrow.float32(), ndim)
            spans = [pyarrow.field(name, pyarrow.int32(), nullable=False) for name in ("start", "end")]
            passage = pyarrow.struct([*spans, pyarrow.field("vector", vector, nullable=False)])
            fields.append(pyarrow.field("vector", vector, nullable=False))
            fields.append(pyarrow.field("passages", pyarrow.list_(passage)))
        self._ndim = ndim
        self._schema = pyarrow.schema(fields)
        self._writer = pyarrow.parquet.ParquetWriter(out, self._schema, compression=COMPRESSION)
        self._documents: list[tuple[str, str, str, str | None]] = []
        self._passages: list[Passages] = []
        self._bytes = 0

    def write(self, found: StoredDocument, passages: Passages | None) -> None:
        """Add a row to the group, and write the group when it is large enough."""
        expires_at = None if found.expires_ms is None else written(found.expires_ms)
        self._documents.append((found.id, found.text, found.metadata.decode(), expires_at))
        self._bytes += len(found.text) + len(found.metadata)
        if passages is not None:
            self._passages.append(passages)
            self._bytes += passages.rows.nbytes
        if self._bytes >= GROUP_BYTES or len(self._documents) >= GROUP_DOCUMENTS:
            self._write_group()

    def _write_group(self) -> None:
        columns: list[Any] = [
            pyarrow.array([document[column] for document in self._documents], pyarrow.string()) for column in range(4)
        ]
        if self._ndim is not None:
            columns.append(fixed_lists([mean_of(one.rows) for one in self._passages], self._ndim))
            columns.append(lists_of_passages(self._passages, self._ndim, self._schema.field("passages").type))
        self._writer.write_table(pyarrow.table(columns, schema=self._schema))
        self._documents, self._passages, self._bytes = [], [], 0

    def finish(self) -> None:
        """Write the rest and the table of contents."""
        if self._documents:
            self._write_group()
        self._writer.close()


def fixed_lists(rows: Sequence[Vector], ndim: int) -> pyarrow.FixedSizeListArray:
    flat = np.concatenate([np.empty(0, np.float32), *rows])
    return pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(flat, pyarrow.float32()), ndim)


def lists_of_passages(every: Sequence[Passages], ndim: int, kind: pyarrow.DataType) -> pyarrow.ListArray:
    """Return a list of passages for each document, null for one that is a single passage."""
    starts, ends = (pyarrow.array([span[i] for one in every for span in one.spans], pyarrow.int32()) for i in (0, 1))
    vectors = fixed_lists([row for one in every if one.spans for row in one.rows], ndim)
    passages = pyarrow.StructArray.from_arrays([starts, ends, vectors], fields=list(kind.value_type))
    offsets = np.cumsum([0, *(len(one.spans) for one in every)]).astype(np.int32)
    alone = pyarrow.array([not one.spans for one in every])
    return pyarrow.ListArray.from_arrays(pyarrow.array(offsets), passages, type=kind, mask=alone)


class TableSource:
    """Documents from a file, read one group of rows at a time. `ignored` names the columns that are left out."""

    unit = " documents"

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = pyarrow.parquet.ParquetFile(path, buffer_size=READ_BYTES)
        except (pyarrow.ArrowException, OSError) as error:
            raise CommandError(damaged(path, error)) from error
        names = self._file.schema_arrow.names
        if lacking := [name for name in NEEDED if name not in names]:
            message = f"{path} has no column {' and no column '.join(lacking)}; its columns are {', '.join(names)}"
            raise CommandError(message)
        self._columns = [name for name in names if name in KNOWN]
        self.ignored = set(names) - set(KNOWN)
        self.total = self._file.metadata.num_rows

    def lines(self, done: int) -> Iterator[Line]:
        """Yield the rows after those that are done."""
        before = 0
        for group in range(self._file.metadata.num_row_groups):
            count = self._file.metadata.row_group(group).num_rows
            if before + count > done:
                yield from (line for line in self._group(group, before) if line.number > done)
            before += count

    def _group(self, group: int, before: int) -> Iterator[Line]:
        number = before
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, row_groups=[group], columns=self._columns):
                for row in rows_of(batch):
                    number += 1
                    found = row if isinstance(row, Refused) else document_of(row)
                    refused, content = (found, b"") if isinstance(found, Refused) else (None, found)
                    yield Line(number, content, 1, refused)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise CommandError(damaged(self._path, error)) from error


def document_of(row: dict[str, Any]) -> bytes | Refused:
    return document(row["id"], row["text"], row.get("metadata"), row.get("expires_at"))


def rows_of(batch: pyarrow.RecordBatch) -> list[dict[str, Any] | Refused]:
    """Return the rows as Python values; a row that Python has no value for is refused alone."""
    try:
        return list(batch.to_pylist())
    except (pyarrow.ArrowException, UnicodeDecodeError):
        raise  # the file is damaged
    except (ValueError, OverflowError) as error:  # nanoseconds, or a date beyond the year 9999
        if len(batch) == 1:
            return [Refused(BAD, f"the row cannot be read: {error}")]
        return [row for number in range(len(batch)) for row in rows_of(batch.slice(number, 1))]


def damaged(path: Path, error: Exception) -> str:
    return f"{path} cannot be read as Parquet: {str(error).strip() or type(error).__name__}"
