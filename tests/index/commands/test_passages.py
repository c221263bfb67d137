"""What the commands make of documents of several passages: all of them are carried, counted and kept."""

import json
from pathlib import Path

import apsw
import numpy as np
import pyarrow.parquet
import pytest

from index import Entry, Include
from tests.index.commands.fake_server import fake_server
from tests.index.commands.running import DATABASE, lines_of, run
from tests.index.harness import entry, open_index, same_as_entry
from tests.index.vectors import NDIM

GIVEN: list[Entry] = [
    entry("whole", [1]),
    entry("three", [2, 3, 4], n=1),
    entry("another", [5]),
    entry("two", [6, 7], "naïve 東京 text", cutting=7),
    entry("long", list(range(10, 60)), "a long text, " * 40, cutting=7),
]
PASSAGES = 1 + 3 + 1 + 2 + 50


@pytest.fixture
def data(tmp_path: Path) -> Path:
    index = open_index(tmp_path / "data")
    index.collection().put_many(GIVEN).result()
    index.close()
    return tmp_path / "data"


def test_lines_carry_all_passages(data: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out.ndjson", "--data", data, "--vectors") == 0
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_bytes().splitlines()]
    check(lines)
    assert ["passages" in line for line in lines] == [len(given.passages) > 1 for given in GIVEN]


def test_tables_carry_all_passages(data: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out.parquet", "--data", data, "--vectors") == 0
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    passage = table.schema.field("passages").type.value_type
    assert [str(field.type) for field in passage] == ["int32", "int32", f"fixed_size_list<element: float>[{NDIM}]"]
    rows = table.to_pylist()
    check(rows)
    assert [row["passages"] is None for row in rows] == [len(given.passages) == 1 for given in GIVEN]


def check(found: list[dict[str, object]]) -> None:
    """Hold what was exported to what was put, bit for bit."""
    index = open_index(None)
    index.collection().put_many(GIVEN).result()
    assert [row["id"] for row in found] == [given.content.id for given in GIVEN]
    for row, given in zip(found, GIVEN, strict=True):
        put = index.collection().get(given.content.id, Include(vector=True, passages=True))
        assert put is not None
        assert put.passages is not None
        assert row["text"] == put.text
        assert (np.array(row["vector"], np.float32) == put.vector).all()
        passages = row.get("passages") or [{"start": 0, "end": len(put.text), "vector": row["vector"]}]
        assert isinstance(passages, list)
        assert [(one["start"], one["end"]) for one in passages] == [(one.start, one.end) for one in put.passages]
        for one, expected in zip(passages, put.passages, strict=True):
            assert (np.array(one["vector"], np.float32) == expected.vector).all()
    index.close()


@pytest.mark.parametrize("form", ["ndjson", "parquet"])
def test_an_import_leaves_out_what_a_server_computes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    file = tmp_path / f"out.{form}"
    assert run("export", file, "--data", data, "--vectors") == 0
    with fake_server() as server:
        assert run("import", file, "--url", server.url) == 0
        for given in GIVEN:
            expected = {"id": given.content.id, "text": given.content.text}
            assert server.kept[given.content.id] == expected | {"metadata": json.loads(given.content.metadata)}
    assert "no use for it: passages, vector\n" in capsys.readouterr().err


def test_a_table_of_documents_that_are_whole_has_no_passages(tmp_path: Path) -> None:
    for count in (0, 3):
        index = open_index(tmp_path / str(count))
        index.collection().put_many([entry(str(number), [number]) for number in range(count)]).result()
        index.close()
        assert run("export", tmp_path / "out.parquet", "--data", tmp_path / str(count), "--vectors") == 0
        assert pyarrow.parquet.read_table(tmp_path / "out.parquet")["passages"].to_pylist() == [None] * count


def test_backup_and_restore_keep_them(data: Path, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "copy", "--data", data) == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "new") == 0
    index = open_index(tmp_path / "new")
    collection = index.collection()
    for given in GIVEN:
        found = collection.get(given.content.id, Include(vector=True, passages=True))
        assert found is not None
        assert same_as_entry(found, given)
    stored = collection.unchanged({given.content.id: given.content.text for given in GIVEN})
    assert {id_ for id_, one in stored.items() if one.stale} == {"two", "long"}
    assert collection.health().problems == ()
    index.close()


def test_stats_and_the_doctor_count_them(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", data) == 0
    assert lines_of(capsys) == ["default: well; 5 documents, model model-a"]
    assert run("stats", "--data", data, "--json") == 0
    stats = json.loads(capsys.readouterr().out)["collections"]["default"]
    assert (stats["documents"], stats["passages"], stats["stale"]) == (5, PASSAGES, 2)


def test_a_document_whose_passages_are_damaged_is_left_out(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = apsw.Connection(str(data / DATABASE))
    connection.execute("UPDATE passages SET spans = zeroblob(24) WHERE parts = 3")
    connection.execute("DELETE FROM vectors WHERE key = (SELECT doc - 1 FROM passages WHERE parts = 50)")
    connection.close()
    assert run("doctor", data) == 1
    assert run("export", tmp_path / "out.ndjson", "--data", data, "--vectors") == 1
    assert not (tmp_path / "out.ndjson").exists()
    capsys.readouterr()
    assert run("export", tmp_path / "out.ndjson", "--data", data, "--vectors", "--skip-damaged") == 1
    lines = [json.loads(line)["id"] for line in (tmp_path / "out.ndjson").read_bytes().splitlines()]
    assert lines == ["whole", "another", "two"]
    told = capsys.readouterr().err
    assert "passages of the document with key 4 are damaged" in told
    assert "the document 'long' has no vector, or not all of its passages'" in told
    assert run("export", tmp_path / "texts.ndjson", "--data", data, "--skip-damaged") == 0  # texts are whole
