"""export: every document as it is, of one commit, under the file's name only when whole."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from index.commands.lines import Line
from index.commands.ndjson import LineSource
from index.commands.parquet import TableSource
from tests.index.commands.running import DATABASE, ODD, command, content, fill, fill_and_kill, lines_of, run
from tests.index.harness import document, open_index
from tests.index.vectors import one


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    fill(folder, 3, ODD)
    return folder


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "data"))


EXPECTED = [{"id": str(n), "text": f"the text of {n}", "metadata": {"n": n}} for n in range(3)] + [
    {"id": one.id, "text": one.text, "metadata": one.metadata} for one in ODD
]


def test_every_document_is_a_line_of_json(data: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out.ndjson", "--data", data) == 0
    lines = (tmp_path / "out.ndjson").read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == EXPECTED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.ndjson"]


def test_every_document_is_a_row_of_a_table(data: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out.parquet", "--data", data, "--vectors") == 0
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert str(table.schema.field("vector").type) == "fixed_size_list<element: float>[32]"
    rows = table.to_pylist()
    found = [{"id": row["id"], "text": row["text"], "metadata": json.loads(row["metadata"])} for row in rows]
    assert found == EXPECTED
    assert (np.array(rows[2]["vector"], np.float32) == one(2)).all()


def test_vectors_in_lines_are_exact(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "-", "--data", data, "--vectors") == 0
    for number, line in enumerate(lines_of(capsys)[:3]):
        assert (np.array(json.loads(line)["vector"], np.float32) == one(number)).all()


def documents_of(source: LineSource | TableSource) -> list[dict[str, object]]:
    lines: list[Line] = list(source.lines(0))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [json.loads(line.content) for line in lines]


@pytest.mark.parametrize("vectors", [(), ("--vectors",)])
def test_what_is_exported_is_what_an_import_reads(data: Path, tmp_path: Path, vectors: tuple[str, ...]) -> None:
    assert run("export", tmp_path / "out.ndjson", "--data", data, *vectors) == 0
    assert run("export", tmp_path / "out.parquet", "--data", data, *vectors) == 0
    with (tmp_path / "out.ndjson").open("rb") as file:
        source = LineSource(file, None)
        assert documents_of(source) == EXPECTED
        assert source.ignored == ({"vector"} if vectors else set())
    assert documents_of(TableSource(tmp_path / "out.parquet")) == EXPECTED


def test_an_empty_collection_is_a_table_too(tmp_path: Path) -> None:
    open_index(tmp_path / "data").close()
    for name in ("out.parquet", "out.ndjson"):
        assert run("export", tmp_path / name, "--data", tmp_path / "data", "--vectors") == 0
    assert (tmp_path / "out.ndjson").read_bytes() == b""
    assert documents_of(TableSource(tmp_path / "out.parquet")) == []


@pytest.mark.e2e
def test_an_export_is_of_one_commit_while_another_process_writes(tmp_path: Path) -> None:
    index = open_index(tmp_path / "data")
    collection = index.collection()
    collection.put_many([document(str(n), n, "x" * 100_000) for n in range(40)]).result()
    with subprocess.Popen(command("export", "-", "--data", tmp_path / "data"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # more follows than a pipe holds: the rest is read after what comes now
        collection.delete_many([str(n) for n in range(40)]).result()
        collection.put_many([document(f"new {n}", n) for n in range(40)]).result()
        index.drop("default")
        rest = process.stdout.readlines()
    index.close()
    assert [json.loads(line)["id"] for line in [first, *rest]] == [str(n) for n in range(40)]
    assert process.returncode == 0


def test_what_a_killed_process_left_in_its_log_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill_and_kill(tmp_path)
    before = content(tmp_path)
    assert run("export", "-", "--data", tmp_path) == 0
    assert len(lines_of(capsys)) == 38
    assert content(tmp_path)[str(DATABASE)] == before[str(DATABASE)]
    assert content(tmp_path)[f"{DATABASE}-wal"] == before[f"{DATABASE}-wal"]


def test_an_export_that_fails_leaves_the_earlier_one(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.ndjson"
    out.write_text("earlier")
    database = data / DATABASE
    database.write_bytes(database.read_bytes().replace(b"the text of 1", b"the toxt of 1"))
    assert run("export", out, "--data", data) == 1
    assert "'1' is damaged" in capsys.readouterr().err
    assert out.read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.ndjson"]


def test_what_is_damaged_is_left_out_when_that_is_asked_for(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = data / DATABASE
    found = database.read_bytes().replace(b"the text of 1", b"the t\xffxt of 1").replace(one(0).tobytes(), bytes(128))
    database.write_bytes(found)
    assert run("export", "-", "--data", data, "--skip-damaged") == 1
    output = capsys.readouterr()
    assert output.out.count("\n") == len(EXPECTED) - 1
    assert "left out: key 2:" in output.err
    assert run("export", "-", "--data", data, "--skip-damaged", "--vectors") == 1
    assert capsys.readouterr().out.count("\n") == len(EXPECTED) - 2


def test_documents_beyond_a_damaged_page_are_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path, 500)
    database = tmp_path / DATABASE
    found = bytearray(database.read_bytes())
    at = found.index(b"the text of 250") // 4096 * 4096
    found[at : at + 4096] = bytes(4096)
    database.write_bytes(found)
    assert run("export", "-", "--data", tmp_path, "--skip-damaged") == 1
    saved = [json.loads(line)["metadata"]["n"] for line in lines_of(capsys)]
    assert len(saved) > 300
    assert min(saved) == 0
    assert max(saved) == 499


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(str(n), n, "x" * 100_000) for n in range(20)]).result()
    index.close()
    with subprocess.Popen(
        command("export", "-", "--data", tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


ASKED_TO_END = """
import os, signal, sys
from index.__main__ import live
def ask(event, arguments):
    if event == "open" and ".partial-" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGTERM)
sys.addaudithook(ask)
live()
"""


def test_asked_to_end_it_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", ASKED_TO_END, "export", str(tmp_path / "out.ndjson"), "--data", str(data)]
    ended = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 130
    assert ended.stderr == "python -m index export: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_full_disk_is_told(data: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command("export", "-", "--data", data), check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_device_is_written_to_and_stays_one(data: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ndjson"
    link.symlink_to(tmp_path / "target.ndjson")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as process:
        assert run("export", tmp_path / "pipe", "--format", "ndjson", "--data", data) == 0
        assert process.stdout is not None
        assert len(process.stdout.readlines()) == len(EXPECTED)
    assert (tmp_path / "pipe").is_fifo()
    assert run("export", link, "--data", data) == 0
    assert link.is_symlink()
    assert (tmp_path / "target.ndjson").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["out.txt"], "say --format"),
        (["-", "--format", "parquet"], "Parquet needs a file"),
        (["out.ndjson", "--collection", "no"], "has no collection 'no'"),
        (["out.ndjson", "--collection", "../x"], "a-z"),
        (["no/out.ndjson"], "No such file or directory"),
        (["data/collections/out.ndjson"], "inside the data folder"),
        (["data/out.ndjson"], "inside the data folder"),
        (["circle/out.ndjson"], "its links lead in a circle"),
    ],
)
def test_what_cannot_be_done_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    before = content(data)
    file, *rest = arguments
    assert run("export", file if file == "-" else tmp_path / file, *rest, "--data", data) == 1
    assert told in capsys.readouterr().err
    assert {name: found for name, found in content(data).items() if not name.endswith(("-shm", "-wal"))} == before
