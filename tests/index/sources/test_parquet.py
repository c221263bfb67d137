"""Parquet: types of columns, vecd's own shape, damage."""

import datetime
import decimal
import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from index.sources.forms import PARQUET
from index.sources.reader import is_own, read
from index.sources.records import BadRow, Reading, Record, SourceError
from tests.index.sources.files import only, read_all, records, refusal, written


def table(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "a.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_rows_of_all_groups_are_read_in_order(tmp_path: Path) -> None:
    path = table(tmp_path, {"id": range(1000), "content": [f"t{n}" for n in range(1000)]}, row_group_size=300)
    assert [(one.id, one.text, one.number) for one in records(path)] == [(str(n), f"t{n}", n + 1) for n in range(1000)]


def test_columns_of_every_type_become_json(tmp_path: Path) -> None:
    when = datetime.datetime(2026, 11, 29, 21, 40)
    path = table(
        tmp_path,
        {
            "text": ["x"],
            "nanoseconds": pa.array([1_764_452_400_123_456_789], pa.timestamp("ns", "UTC")),
            "naive": pa.array([when], pa.timestamp("s")),
            "day": pa.array([when.date()]),
            "clock": pa.array([1_001], pa.time64("ns")),
            "span": pa.array([1_500_000_001], pa.duration("ns")),
            "price": pa.array([decimal.Decimal("1.50")]),
            "binary": [b"\xff\0"],
            "large": pa.array([b"x"], pa.large_binary()),
            "nan": [float("nan")],
            "none": pa.array([None], pa.string()),
            "small": pa.array([1.5], pa.float16()),
            "list": [[1, None]],
            "object": [{"a": 1, "b": None}],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "choice": pa.array(["red"]).dictionary_encode(),
            "embedding": [[0.5] * 384],
        },
    )
    assert only(path).metadata == {
        "nanoseconds": "2025-11-29T21:40:00.123456Z",
        "naive": "2026-11-29T21:40:00",
        "day": "2026-11-29",
        "clock": "00:00:00.000001",
        "span": 1.5,
        "price": 1.5,
        "small": 1.5,
        "list": [1, None],
        "object": {"a": 1, "b": None},
        "map": [["k", 1]],
        "choice": "red",
    }


def test_vectors_of_a_named_column_are_read(tmp_path: Path) -> None:
    vectors = pa.array([[0.5, 0.25], [1.0, 0.0]], pa.list_(pa.float32(), 2))
    path = table(tmp_path, {"text": ["a", "b"], "emb": vectors})
    assert [one.vector for one in records(path, Reading(vector_field="emb"))] == [[0.5, 0.25], [1.0, 0.0]]


def test_bytes_of_utf_8_are_text_and_others_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, {"text": ["é".encode(), b"\xff"], "n": [1, 2]})
    assert read_all(path) == [Record("é", {"n": 1}, None, 1), BadRow(2, "text holds bytes that are not UTF-8")]


def test_a_row_that_python_has_no_value_for_is_bad_alone(tmp_path: Path) -> None:
    times = pa.array([0, 10**17, 0], pa.timestamp("ms"))
    found = read_all(table(tmp_path, {"text": ["a", "b", "c"], "time": times}))
    assert [type(one) for one in found] == [Record, BadRow, Record]


def test_what_is_exported_is_vecds_own_and_gives_its_metadata(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "id": ["a"],
        "text": ["x"],
        "metadata": ['{"k": [1]}'],
        "vector": [[0.5] * 4],
        "passages": [[{"start": 0, "end": 1, "vector": [0.5] * 4}]],
    }
    path = table(tmp_path, columns)
    assert is_own(path, PARQUET)
    assert read_all(path) == [Record("x", {"k": [1]}, "a", 1)]
    assert not is_own(table(tmp_path, {**columns, "lang": ["de"]}), PARQUET)
    assert not is_own(table(tmp_path, {"text": ["x"]}), PARQUET)


def test_a_table_without_text_is_told_with_its_columns(tmp_path: Path) -> None:
    assert refusal(table(tmp_path, {"a": [1], "b": ["x"]})).endswith("its columns are a, b")


def test_a_table_without_rows_has_no_records(tmp_path: Path) -> None:
    assert read_all(table(tmp_path, {"text": pa.array([], pa.string())})) == []


@pytest.mark.parametrize("cut", [0, 3, 100, -1, -9])
def test_a_truncated_file_is_told(tmp_path: Path, cut: int) -> None:
    whole = table(tmp_path, {"text": ["x" * 50, "y"]}).read_bytes()
    assert "cannot be read" in refusal(written(tmp_path, "b.parquet", whole[:cut]))


def test_damage_within_a_group_is_told_after_the_rows_before_it(tmp_path: Path) -> None:
    path = table(tmp_path, {"text": [f"{n} {n * n}" for n in range(2000)]}, row_group_size=1000, compression="zstd")
    content = bytearray(path.read_bytes())
    begin = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    assert begin is not None
    content[begin : begin + 200] = b"\xaa" * 200
    damaged = written(tmp_path, "b.parquet", bytes(content))
    rows = read(damaged, PARQUET, Reading())
    assert [row.number for row in itertools.islice(rows, 1000)] == [*range(1, 1001)]
    with pytest.raises(SourceError, match="cannot be read"):
        next(rows)
