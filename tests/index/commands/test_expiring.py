"""Documents that expire go through files: with their instant, and not at all once it has come."""

import json
import time
from pathlib import Path

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from index.commands.instants import written
from index.documents.document import MAX_EXPIRES_MS
from tests.index.commands.fake_server import fake_server
from tests.index.commands.running import DATABASE, lines_of, run
from tests.index.fakes import SetClock
from tests.index.harness import document, open_index

LATER = 4_102_444_800_123  # of the year 2100
LATER_WRITTEN = "2100-01-01T00:00:00.123Z"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A document that lasts, one that expires in 2100, and one that has expired and is stored still."""
    index = open_index(tmp_path / "data", clock=SetClock(1_000))
    made = [("lasting", None), ("later", LATER), ("expired", 2_000)]
    index.collection().put_many(
        [msgspec.structs.replace(document(id_, n, n=n), expires_ms=at) for n, (id_, at) in enumerate(made)]
    ).result()
    index.close()
    return tmp_path / "data"


@pytest.mark.parametrize("skip", [(), ("--skip-damaged",)])
def test_lines_say_when_documents_expire(data: Path, capsys: pytest.CaptureFixture[str], skip: tuple[str, ...]) -> None:
    assert run("export", "-", "--data", data, "--vectors", *skip) == 0
    found = [json.loads(line) for line in lines_of(capsys)]
    assert [(one["id"], one.get("expires_at"), "vector" in one) for one in found] == [
        ("lasting", None, True),
        ("later", LATER_WRITTEN, True),
    ]
    assert "expires_at" not in found[0]
    assert run("doctor", data) == 0


def test_tables_have_a_column_for_it(data: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out.parquet", "--data", data) == 0
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert table.schema.field("expires_at").type == pyarrow.string()
    assert table.column("expires_at").to_pylist() == [None, LATER_WRITTEN]


@pytest.mark.parametrize("name", ["out.ndjson", "out.parquet"])
def test_an_import_brings_it_as_it_is(data: Path, tmp_path: Path, name: str) -> None:
    assert run("export", tmp_path / name, "--data", data) == 0
    with fake_server() as server:
        assert run("import", tmp_path / name, "--url", server.url) == 0
        assert server.kept["later"]["expires_at"] == LATER_WRITTEN
        assert "expires_at" not in server.kept["lasting"]


def test_a_table_whose_instants_are_no_text_is_refused_by_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {"id": ["a", "b"], "text": ["one", "two"], "expires_at": [None, 5]}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet")
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
        assert list(server.kept) == ["a"]
    assert "line 2: 400 expires_at is a int, not text" in lines_of(capsys)


def test_what_is_damaged_and_has_an_instant_is_left_out_by_name(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = open_index(data, clock=SetClock(1_000))
    index.collection().store.writer.submit(
        lambda connection, _: connection.execute("UPDATE docs SET expires = expires + 1 WHERE id = 'later'"), 0
    ).result()
    index.close()
    assert (data / DATABASE).exists()
    assert run("export", tmp_path / "out.ndjson", "--data", data) == 1
    assert run("export", tmp_path / "out.ndjson", "--data", data, "--skip-damaged") == 1
    assert "'later' is damaged" in capsys.readouterr().err
    assert [json.loads(line)["id"] for line in (tmp_path / "out.ndjson").read_bytes().splitlines()] == ["lasting"]


def test_instants_are_written_to_the_millisecond() -> None:
    assert written(0) == "1970-01-01T00:00:00.000Z"
    assert written(1_796_000_000_007) == "2026-11-30T00:53:20.007Z"
    assert written(MAX_EXPIRES_MS) == "9999-12-31T23:59:59.999Z"
    assert written(int(time.time() * 1000)).endswith("Z")
