"""import of Parquet: a row arrives as it is or is refused, whatever the file is."""

import random
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from index.commands.lines import PIECE_LINES
from tests.index.commands.fake_server import Answer, busy, fake_server
from tests.index.commands.running import run


def test_a_table_may_have_its_metadata_as_columns_within(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {
        "id": ["a", "b", None, "d"],
        "text": ["one", "", "three", "four"],
        "metadata": [{"n": 1, "deep": [1, 2]}, None, None, {"n": 2, "deep": None}],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet")
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
        assert server.kept["a"] == {"id": "a", "text": "one", "metadata": {"n": 1, "deep": [1, 2]}}
        assert server.kept["b"] == {"id": "b", "text": ""}
    out = capsys.readouterr().out
    assert out.splitlines() == ["line 3: 400 the id is missing, not text", "3 documents indexed, 1 line refused"]


def test_what_json_cannot_say_is_refused_and_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    structs = [("number", float("nan")), ("number", 1.5), ("day", date(2031, 5, 1)), ("price", Decimal("1.10"))]
    with fake_server() as server:
        for name, value in [*structs, ("bytes", b"\x00"), ("text", "as it is")]:
            pyarrow.parquet.write_table(
                pyarrow.table({"id": [f"{name} {value}"], "text": ["t"], "metadata": [{name: value}]}),
                tmp_path / "in.parquet",
            )
            run("import", tmp_path / "in.parquet", "--url", server.url)
        assert list(server.kept) == ["number 1.5", "text as it is"]
        assert server.kept["text as it is"]["metadata"] == {"text": "as it is"}
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("line")]
    assert len(told) == 4
    assert all(line.startswith("line 1: 400 the metadata are refused: metadata holds a") for line in told)


def test_a_row_that_python_cannot_hold_is_refused_and_the_others_arrive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = pyarrow.array([0, 1 << 50, 0], pyarrow.int64()).cast(pyarrow.timestamp("ms"))
    metadata = pyarrow.StructArray.from_arrays([far], ["at"], mask=pyarrow.array([True, False, True]))
    columns = {"id": ["a", "b", "c"], "text": ["t"] * 3, "metadata": metadata}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet")
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
        assert list(server.kept) == ["a", "c"]
    assert capsys.readouterr().out.startswith("line 2: 400 the row cannot be read: ")


def test_a_table_goes_on_where_it_stopped(tmp_path: Path) -> None:
    ids = [str(n) for n in range(2 * PIECE_LINES)]
    columns = {"id": ids, "text": ids, "metadata": ['{"n": 1}'] * len(ids)}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet", row_group_size=100)
    with fake_server(Answer(body={"indexed": PIECE_LINES}), busy(503)) as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url, "--patience", 0.1) == 1
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 0
        assert list(server.kept) == ids[PIECE_LINES:]


@pytest.mark.parametrize("found", [b"", b"PAR1", b"PAR1" + bytes(1000) + b"PAR1"])
def test_a_table_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], found: bytes) -> None:
    (tmp_path / "in.parquet").write_bytes(found)
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
    assert "cannot be read as Parquet" in capsys.readouterr().err


@pytest.mark.e2e
def test_a_damaged_table_never_ends_in_a_traceback(tmp_path: Path) -> None:
    columns = {"id": [str(n) for n in range(300)], "text": ["some text"] * 300}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet", compression="zstd")
    whole = (tmp_path / "in.parquet").read_bytes()
    random_ = random.Random(1)
    with fake_server() as server:
        for _ in range(20):
            at = random_.randrange(len(whole))
            (tmp_path / "in.parquet").write_bytes(whole[:at] + random_.randbytes(1) + whole[at + 1 :])
            assert run("import", tmp_path / "in.parquet", "--url", server.url) in {0, 1}


def test_a_table_without_texts_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), tmp_path / "in.parquet")
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
    assert "; its columns are id" in "".join(capsys.readouterr())


def test_the_package_for_parquet_is_named_where_it_is_missing(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from index.__main__ import main; sys.exit(main(sys.argv[1:]))"
    arguments = [sys.executable, "-c", code, "import", str(tmp_path / "in.parquet")]
    ended = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "the package pyarrow is missing; pip install" in ended.stderr
