"""Parquet tables, read a few rows at a time. Needs pyarrow.

Nanoseconds are cut to microseconds; bytes and embeddings that are not asked for are no metadata.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from index.sources.foreign import foreign_errors
from index.sources.records import BadRow, Reading, Record
from index.sources.tables import ID, Plan, is_own_shape, plan_of, record_of

BATCH_ROWS, READ_BYTES = 256, 1 << 20
PARQUET = "Parquet"


def read(path: Path, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield a record for each row."""
    with path.open("rb") as stream:  # a path could be taken for an address
        with foreign_errors(PARQUET):
            file = pyarrow.parquet.ParquetFile(stream, buffer_size=READ_BYTES)
            schema = file.schema_arrow
        plan = plan_of(schema.names, reading)
        wanted = [field.name for field in schema if is_wanted(field, plan, own=is_own_shape(schema.names))]
        number = 0
        for batch in batches(file, wanted):
            for row in rows_of(batch):
                number += 1
                yield BadRow(number, row) if isinstance(row, str) else record_of(row, number, plan)


def is_own(path: Path) -> bool:
    """Whether the columns are those of documents."""
    with path.open("rb") as stream, foreign_errors(PARQUET):
        names = pyarrow.parquet.read_schema(stream).names
    return is_own_shape(names) and ID in names


def is_wanted(field: pyarrow.Field, plan: Plan, own: bool) -> bool:
    """Whether a column is read: what a server computes and what is no metadata is not."""
    if field.name in plan.taken:
        return True
    if own:
        return field.name not in {"vector", "passages"}
    return not pyarrow.types.is_binary(field.type) and not pyarrow.types.is_large_binary(field.type)


def batches(file: pyarrow.parquet.ParquetFile, names: list[str]) -> Iterator[pyarrow.RecordBatch]:
    """Yield the rows in batches, one group in memory at a time."""
    for group in range(file.metadata.num_row_groups):
        found = file.iter_batches(BATCH_ROWS, row_groups=[group], columns=names)
        while True:
            with foreign_errors(PARQUET):
                batch = next(found, None)
                if batch is not None:
                    batch = in_microseconds(batch)
            if batch is None:
                break
            yield batch


def in_microseconds(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Return a batch whose times Python has values for."""
    types = pyarrow.types
    for number, field in enumerate(batch.schema):
        kind = field.type
        if types.is_timestamp(kind) and kind.unit == "ns":
            finer = pyarrow.timestamp("us", kind.tz)
        elif types.is_time64(kind) and kind.unit == "ns":
            finer = pyarrow.time64("us")
        elif types.is_duration(kind) and kind.unit == "ns":
            finer = pyarrow.duration("us")
        else:
            continue
        batch = batch.set_column(number, field.name, batch.column(number).cast(finer, safe=False))
    return batch


def rows_of(batch: pyarrow.RecordBatch) -> list[dict[str, Any] | str]:
    """Return the rows as Python values; for one that Python has no value for, why."""
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError, pyarrow.ArrowException) as error:  # not UTF-8, or a date beyond the year 9999
        if len(batch) == 1:
            return [f"cannot be read: {error}"]
        half = len(batch) // 2
        return [*rows_of(batch.slice(0, half)), *rows_of(batch.slice(half))]
