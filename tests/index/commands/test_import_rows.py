"""import of tables that are not vecd's own: each row is a document, known by what it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from index.commands.imports.documents import document_of, renamed, row_hash, time_of
from index.commands.imports.scanning import Found
from index.errors import DocumentError
from index.sources.records import Record
from tests.index.commands.fake_server import fake_server
from tests.index.commands.running import run

FILE = Found("/tables/t.ndjson", "t.ndjson", "ndjson", 1, 0)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [re.sub(r"; [0-9.,]+ s$", "", line) for line in capsys.readouterr().out.splitlines()]


def test_rows_have_their_own_ids_or_their_number_in_the_file(tmp_path: Path) -> None:
    table = write(tmp_path / "t.ndjson", {"id": "own", "text": "one", "n": 1}, {"text": "two", "n": 2})
    with fake_server() as server:
        assert run("import", table, "--url", server.url) == 0
        assert set(server.kept) == {"own", f"{table}#2"}
        metadata = server.kept["own"]["metadata"]
        assert {name: metadata[name] for name in ("n", "source", "path")} == {
            "n": 1,
            "source": str(table),
            "path": "t.ndjson",
        }
    assert list(tmp_path.iterdir()) == [table]  # nothing is left beside it


def test_only_rows_that_changed_are_sent_and_those_that_are_gone_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": str(n), "text": f"row {n}", "n": n} for n in range(10)]
    table = write(tmp_path / "t.ndjson", *rows)
    with fake_server() as server:
        assert run("import", table, "--url", server.url) == 0
        rows[3]["n"], rows[4]["text"] = 33, "other"
        write(table, *reversed(rows[:8]))
        assert run("import", table, "--url", server.url, "--prune", "--yes") == 0
        assert sorted(server.kept) == [str(n) for n in range(8)]
        assert server.kept["3"]["metadata"]["n"] == 33
    assert told(capsys)[1] == "0 new, 2 changed, 6 unchanged, 2 deleted, 0 refused, 0 cut"


def test_bad_rows_are_told_by_their_number_and_nothing_of_their_file_is_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "t.ndjson", *({"id": str(n), "text": "t", "n": n} for n in range(4)))
    with fake_server() as server:
        assert run("import", table, "--url", server.url) == 0
        table.write_text('{"id": "0", "text": "t", "n": 0}\nbroken\n{"id": "2", "n": 1}\n')
        assert run("import", table, "--url", server.url, "--prune", "--yes") == 1
        assert len(server.kept) == 4
    second, third, last = told(capsys)[1:]
    assert second.startswith(f"{table}, row 2: is no JSON")
    assert third.startswith(f"{table}, row 3: ")
    assert last == "0 new, 0 changed, 1 unchanged, 0 deleted, 2 refused, 0 cut"


def test_a_table_of_something_else_is_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.ndjson").write_text("no json\n" * 50_000)
    write(folder / "b.ndjson", {"id": "y", "text": "fine", "n": 1})
    with fake_server() as server:
        assert run("import", folder, "--url", server.url) == 1
        assert list(server.kept) == ["y"]
    lines = told(capsys)
    assert lines[-2] == f"{folder}/a.ndjson: its first 1,000 rows are bad, all of them; is this a file of documents?"
    assert len(lines) == 1_002


def test_an_id_that_comes_twice_is_refused_the_second_time_in_every_pass_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    write(folder / "a.ndjson", {"id": "x", "text": "first", "n": 1}, {"id": "x", "text": "second", "n": 1})
    write(folder / "b.ndjson", {"id": "x", "text": "third", "n": 1}, {"id": "y", "text": "fine", "n": 1})
    with fake_server() as server:
        for _ in range(2):
            assert run("import", folder, "--url", server.url) == 1
            assert server.kept["x"]["text"] == "first"
    lines = told(capsys)
    assert lines[0] == f"{folder}/a.ndjson, row 2: its id 'x' is that of another document of this source"
    assert lines[1] == f"{folder}/b.ndjson, row 1: its id 'x' is that of another document of this source"
    assert lines[-1] == "0 new, 0 changed, 2 unchanged, 0 deleted, 2 refused, 0 cut"


def test_a_row_does_not_take_the_place_of_one_of_another_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books = write(tmp_path / "books.ndjson", *({"id": str(n), "text": f"book {n}", "n": n} for n in range(3)))
    authors = write(tmp_path / "authors.ndjson", *({"id": str(n), "text": f"author {n}", "n": n} for n in range(4)))
    with fake_server() as server:
        for _ in range(2):
            assert run("import", books, authors, "--url", server.url, "--prune", "--yes") == 1
            texts = {id_: document["text"] for id_, document in server.kept.items()}
            assert texts == {"0": "book 0", "1": "book 1", "2": "book 2", "3": "author 3"}
    lines = told(capsys)
    assert lines[0] == f"{authors}, row 1: its id '0' is that of a document of {books}, whose place it would take"
    assert lines[-1] == "0 new, 0 changed, 4 unchanged, 0 deleted, 3 refused, 0 cut"


def test_a_row_that_moves_to_another_file_changes_its_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    write(folder / "a.ndjson", {"id": "x", "text": "t", "n": 1})
    with fake_server() as server:
        assert run("import", folder, "--url", server.url) == 0
        (folder / "a.ndjson").rename(folder / "b.ndjson")
        assert run("import", folder, "--url", server.url, "--prune", "--yes") == 0
        assert server.kept["x"]["metadata"]["path"] == "b.ndjson"
    assert told(capsys)[1] == "0 new, 1 changed, 0 unchanged, 0 deleted, 0 refused, 0 cut"


def test_a_column_that_is_called_as_ours_keeps_its_value_and_that_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(
        tmp_path / "t.ndjson", *({"id": str(n), "text": "t", "source": "web", "hash": n, "title": "T"} for n in (1, 2))
    )
    with fake_server() as server:
        assert run("import", table, "--url", server.url) == 0
        metadata = server.kept["2"]["metadata"]
        assert (metadata["column_source"], metadata["column_hash"], metadata["title"]) == ("web", 2, "T")
        assert metadata["source"] == str(table)
    error = capsys.readouterr().err
    assert error.count("the field source is kept as column_source") == 1
    assert error.count("kept as") == 2


def test_fields_for_tables_make_a_source_of_what_would_be_our_own_shape(tmp_path: Path) -> None:
    table = write(tmp_path / "t.ndjson", {"id": "1", "text": "one"}, {"id": "2", "text": "two"})
    with fake_server() as server:
        assert run("import", table, "--url", server.url) == 0
        assert server.kept["1"] == {"id": "1", "text": "one"}
        assert run("import", table, "--url", server.url, "--text-field", "text") == 0
        assert server.kept["1"]["metadata"]["source"] == str(table)
    folder = tmp_path / "folder"
    folder.mkdir()
    table.rename(folder / "t.ndjson")
    with fake_server() as server:
        assert run("import", folder, "--url", server.url) == 0
        assert server.kept["1"]["metadata"]["path"] == "t.ndjson"


@pytest.mark.parametrize(
    "other",
    [
        Record("other", {"a": 1, "b": 2}, "x", 1),
        Record("t", {"a": 1, "b": 3}, "x", 1),
        Record("t", {"a": 1}, "x", 1),
        Record("t", {"a": 1, "b": 2}, "x", 1, [0.5]),
        Record("t", {"a": 1, "b": 2}, "x", 1, None, "2031-05-01T00:00:00Z"),
    ],
)
def test_the_hash_of_a_row_is_of_all_that_it_says_and_of_nothing_else(other: Record) -> None:
    hash_ = row_hash(Record("t", {"a": 1, "b": 2}, "x", 1), "x")
    assert hash_ == row_hash(Record("t", {"b": 2, "a": 1}, None, 7), "x")
    assert hash_ != row_hash(other, "x")
    assert hash_ != row_hash(Record("t", {"a": 1, "b": 2}), "y")


@pytest.mark.parametrize("metadata", [{"x": float("nan")}, {"x": b"bytes"}, {"x": "y" * 70_000}, {"x": 2**64}])
def test_metadata_that_the_server_would_refuse_are_refused_by_name(metadata: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        row_hash(Record("t", metadata), "x")
    with pytest.raises(DocumentError):
        document_of(Record("t", metadata), "x", "/tables", FILE, "h")


def test_a_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(DocumentError, match="surrogate"):
        document_of(Record("\ud800"), "x", "/tables", FILE, "h")


def test_vectors_and_ends_of_rows_are_sent_along() -> None:
    record = Record("t", vector=[0.5, 0.25], expires_at="2031-05-01T00:00:00Z")
    found = json.loads(document_of(record, "x", "/tables", FILE, "h"))
    assert (found["vector"], found["expires_at"]) == ([0.5, 0.25], "2031-05-01T00:00:00Z")
    assert set(json.loads(document_of(Record("t"), "x", "/tables", FILE, "h"))) == {"id", "text", "metadata"}


def test_no_two_fields_get_one_name() -> None:
    names = ["hash", "column_hash", "column_column_hash", "column_other", "other", "title"]
    assert len({renamed(name) for name in names}) == len(names)
    assert [renamed(name) for name in names[3:]] == names[3:]


def test_a_time_that_no_calendar_has_is_left_out() -> None:
    assert time_of(0) == "1970-01-01T00:00:00Z"
    assert time_of(1_999_999_999) == "1970-01-01T00:00:01Z"
    assert time_of(2**63 - 1) == "2262-04-11T23:47:16Z"
    assert time_of(10**30) is None
