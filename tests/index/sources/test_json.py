"""NDJSON and JSON: rows, what is none, and vecd's own shape."""

from pathlib import Path

import pytest

from index.sources import ndjson_rows
from index.sources.forms import JSON, NDJSON
from index.sources.reader import is_own
from index.sources.records import BadRow, Reading, Record
from tests.index.sources.files import bad_rows, only, read_all, records, refusal, written


def test_each_line_is_a_row_numbered_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '\ufeff{"id": 1, "text": "a", "x": {"y": [1]}}\r\n\n{"text": "b"}\n')
    assert read_all(path) == [Record("a", {"x": {"y": [1]}}, "1", 1), Record("b", {}, None, 3)]


def test_bad_lines_are_told_with_their_numbers_and_the_others_are_read(tmp_path: Path) -> None:
    content = (
        b'nope\n{"text": "a", "n": 1}\n[1]\n{"text": "b\xff"}\n{"n": 2}\n{"text": "c", "big": 1e999}\n{"text": "d"}'
    )
    path = written(tmp_path, "a.ndjson", content)
    found = read_all(path)
    assert [one.text for one in found if isinstance(one, Record)] == ["a", "d"]
    assert [number for number, _ in bad_rows(path)] == [1, 3, 4, 5, 6]
    reasons = [reason for _, reason in bad_rows(path)]
    assert reasons[0].startswith("is no JSON")
    assert reasons[1].startswith("is no object of JSON")
    assert reasons[3] == "the text is missing (text)"


def test_fields_may_come_late_and_columns_are_those_of_the_first_hundred(tmp_path: Path) -> None:
    lines = ['{"a": 1}', '{"content": "x"}', '{"content": "y", "a": 2}']
    assert [type(one) for one in read_all(written(tmp_path, "a.ndjson", "\n".join(lines)))] == [BadRow, Record, Record]
    assert "columns are a, b" in refusal(written(tmp_path, "a.ndjson", '{"a": 1}\n{"b": 2}'))


def test_a_line_that_is_too_long_is_told_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    with path.open("wb") as file:
        file.write(b'{"text": "' + b"x" * (ndjson_rows.MAX_LINE_BYTES * 2 + 5) + b'"}\n{"text": "b"}\n')
    assert read_all(path) == [
        BadRow(1, f"the line is longer than {ndjson_rows.MAX_LINE_BYTES} bytes"),
        Record("b", {}, None, 2),
    ]


@pytest.mark.parametrize("content", ["", "\n \n", "{}\n{}", "nope"])
def test_lines_without_a_row_are_no_record(tmp_path: Path, content: str) -> None:
    assert not [one for one in read_all(written(tmp_path, "a.ndjson", content)) if isinstance(one, Record)]


ROWS = [Record("a", {"n": 1}, None, 1), Record("b", {}, None, 2)]


@pytest.mark.parametrize(
    "content",
    [
        '[{"text": "a", "n": 1}, {"text": "b"}]',
        '\ufeff {"version": 1, "data": [{"text": "a", "n": 1}, {"text": "b"}], "tags": ["x"], "none": []}',
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_an_array_of_objects_is_a_table_also_within_an_object(tmp_path: Path, content: str, codec: str) -> None:
    assert records(written(tmp_path, "a.json", content.removeprefix("\ufeff").encode(codec))) == ROWS


def test_an_object_is_a_row_where_it_has_a_text_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", '{"id": 3, "text": "a", "comments": [{"text": "b"}]}')
    assert read_all(path) == [Record("a", {"comments": [{"text": "b"}]}, "3", 1)]
    path = written(tmp_path, "a.json", '{"name": "a", "pages": [{"text": "b"}]}')
    assert only(path, Reading(text_fields=("name",))).text == "a"
    assert only(path).text == "b"


def test_an_object_of_two_tables_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", '{"a": [{"text": "x"}], "b": [{"text": "y"}]}')
    assert refusal(path).endswith("its columns are a, b")


def test_elements_that_are_no_objects_are_bad_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", '[{"text": "a"}, 3, {"text": null}, "x"]')
    assert [number for number, _ in bad_rows(path)] == [2, 3, 4]


@pytest.mark.parametrize("content", ["", " \n", "[]"])
def test_a_file_without_rows_has_no_records(tmp_path: Path, content: str) -> None:
    assert read_all(written(tmp_path, "a.json", content)) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("3", "is neither an array of objects nor an object"),
        ("nope", "cannot be read as JSON"),
        ('[{"text": "a"}', "cannot be read as JSON"),
        ('{"text": "a"} x', "cannot be read as JSON"),
        (b'{"text": "Caf\xe9"}', "is not UTF-8, as JSON is"),
        ("{}", "has no column that is known to hold text; say which with --text-field; it has none"),
    ],
)
def test_what_is_no_json_or_no_table_is_told(tmp_path: Path, content: str | bytes, reason: str) -> None:
    assert refusal(written(tmp_path, "a.json", content)).startswith(reason)


FULL = '{"id": "b", "text": "y", "metadata": {}, "vector": [1], "passages": [], "expires_at": "z"}'
OWN = '{"id": "a", "text": "x"}\n' + FULL


@pytest.mark.parametrize(
    ("content", "own"),
    [
        (OWN, True),
        (f"nope\n\n{OWN}", True),
        ('{"id": "a"}\n{"id": 5, "text": "x"}', True),
        (OWN + '\n{"id": "a", "text": "x", "lang": "de"}', False),
        ('{"text": "x"}\n{"id": "b", "text": "x"}', False),
        ('{"id": "a", "metadata": {}}', False),
        ('{"id": "a", "body": "x"}', False),
        ("", False),
        ("nope", False),
    ],
)
def test_lines_are_vecds_own_where_they_are_documents_and_nothing_else(tmp_path: Path, content: str, own: bool) -> None:
    path = written(tmp_path, "a.ndjson", content)
    assert is_own(path, NDJSON) is own
    assert not is_own(path, JSON)
