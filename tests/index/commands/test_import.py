"""import: everything arrives once acknowledged, whatever the server and the network do, and what is refused is told."""

import json
import signal
import subprocess
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from index.commands.lines import PIECE_LINES
from tests.index.commands.fake_server import Answer, busy, fake_server
from tests.index.commands.running import ODD, command, fill, run


def write(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps({"id": str(n), "text": f"text {n}"}) + "\n" for n in range(count)), "utf-8")
    return path


def test_lines_arrive_and_nothing_is_left_beside_the_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 3 * PIECE_LINES)
    with fake_server() as server:
        assert run("import", file, "--url", server.url + "/", "--collection", "other") == 0
        assert len(server.kept) == 3 * PIECE_LINES
        assert {one.path for one in server.asked} == {"/collections/other/index/batch"}
        assert {one.headers["Content-Type"] for one in server.asked} == {"application/x-ndjson"}
    assert capsys.readouterr().out == "1,536 documents indexed, 0 lines refused\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("form", ["ndjson", "parquet"])
def test_what_was_exported_arrives_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    fill(tmp_path / "data", 3, ODD)
    file = tmp_path / f"out.{form}"
    assert run("export", file, "--data", tmp_path / "data", "--vectors") == 0
    with fake_server() as server:
        assert run("import", file, "--url", server.url) == 0
        for one in ODD:
            assert server.kept[one.id] == {"id": one.id, "text": one.text, "metadata": one.metadata}
        assert len(server.kept) == 3 + len(ODD)
    columns = "passages, vector" if form == "parquet" else "vector"
    assert capsys.readouterr().err.count(f"no use for it: {columns}\n") == 1


def test_refused_lines_are_told_by_their_number_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.ndjson"
    good = b'{"id": "%d", "text": "t"}'
    lines = [b"\xef\xbb\xbf" + good % 1, b"", b"{broken", good % 4 + b"\r", b"\xff\xfe", b"[]", b'{"id": 1}', good % 8]
    file.write_bytes(b"\n".join(lines))
    with fake_server() as server:
        assert run("import", file, "--url", server.url) == 1
        assert sorted(server.kept) == ["1", "4", "8"]
    *told, last = capsys.readouterr().out.splitlines()
    assert told == [f"line {number}: 400 no document" for number in (3, 5, 6, 7)]
    assert last == "3 documents indexed, 4 lines refused"


def test_lines_made_to_break_a_reader_are_left_to_the_server(tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    deep = b'{"vector": 1, "metadata": ' + b"[" * 200_000
    closed = b'{"id": "a", "text": "t", "metadata": {"m": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    file.write_bytes(b"\n".join([deep, closed, b'{"vector": ', b"\x00", b'{"id": "good", "text": "t"}']))
    with fake_server() as server:
        assert run("import", file, "--url", server.url) == 1
        assert list(server.kept) == ["good"]
    metadata = ["[" * 200_000, '{"a":' * 200_000, "", "null", "1"]
    columns = {"id": [str(n) for n in range(5)], "text": ["t"] * 5, "metadata": metadata}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet")
    with fake_server() as server:
        assert run("import", tmp_path / "in.parquet", "--url", server.url) == 1
        assert not server.kept


def test_what_a_server_says_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"line": 1, "status": 400, "detail": "\x1b[2J\rno\n"}
    with fake_server(Answer(body={"indexed": 0, "errors": [error]})) as server:
        assert run("import", write(tmp_path / "in.ndjson", 1), "--url", server.url) == 1
    assert "line 1: 400 \\x1b[2J\\rno\\n\n" in capsys.readouterr().out


def test_a_piece_refused_whole_is_sent_in_halves_down_to_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "in.ndjson", 4)
    too_large = Answer(413, {"detail": "too large"})
    with fake_server(too_large, Answer(body={"indexed": 2, "errors": []}), too_large, too_large) as server:
        assert run("import", file, "--url", server.url) == 1
        assert list(server.kept) == ["3"]
    assert capsys.readouterr().out.splitlines() == [
        "line 3: 413 too large",
        "3 documents indexed, 1 line refused",
    ]


@pytest.mark.e2e
def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 2)
    again = {"retry-after": "0"}
    with fake_server(busy(429, **again), busy(503, **again), Answer(leave=True), busy(502)) as server:
        assert run("import", file, "--url", server.url) == 0
        assert len(server.kept) == 2
        assert len({one.body for one in server.asked}) == 1
    assert "429: not now; trying again in 0.0 s" in capsys.readouterr().err


def test_patience_ends_and_the_same_command_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 3 * PIECE_LINES)
    with fake_server() as server:
        arguments = ("import", file, "--url", server.url, "--patience", 0.1)
        kept = Answer(body={"indexed": PIECE_LINES, "errors": []})
        server.script = [kept, busy(503)]
        assert run(*arguments) == 1
        output = capsys.readouterr()
        assert output.out == ""
        assert f"everything up to line {PIECE_LINES} is done" in output.err
        assert run(*arguments) == 0
        assert sorted(map(int, server.kept)) == list(range(PIECE_LINES, 3 * PIECE_LINES))
        output = capsys.readouterr()
        assert f"going on after line {PIECE_LINES}" in output.err
        assert output.out == "1,536 documents indexed, 0 lines refused\n"
        assert list(tmp_path.iterdir()) == [file]


def test_a_line_to_begin_with_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 10)
    with fake_server() as server:
        assert run("import", file, "--url", server.url, "--resume-from", 8) == 0
        assert sorted(server.kept) == ["7", "8", "9"]
        assert run("import", file, "--url", server.url, "--resume-from", 0) == 1
    assert "counts from 1" in capsys.readouterr().err


def test_a_changed_input_is_read_from_its_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 2 * PIECE_LINES)
    with fake_server(Answer(body={"indexed": PIECE_LINES}), busy(503)) as server:
        assert run("import", file, "--url", server.url, "--patience", 0.1) == 1
        write(file, 3)
        assert run("import", file, "--url", server.url) == 0
        assert sorted(server.kept) == ["0", "1", "2"]
    assert "the input has changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "--key-file"),
        (403, "scope"),
        (404, "--create"),
        (409, "index reindex --url"),
        (507, "make room"),
        (405, "not as a server of vecd does"),
        (200, "not as a server of vecd does"),
    ],
)
def test_what_trying_again_does_not_mend_stops_it_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, told: str
) -> None:
    file = write(tmp_path / "in.ndjson", 3)
    with fake_server(Answer(status, {"detail": "for a reason"})) as server:
        assert run("import", file, "--url", server.url) == 1
        assert len(server.asked) == 1
    assert told in capsys.readouterr().err


def test_a_file_of_something_else_is_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.ndjson"
    file.write_text("no json\n" * 50_000)
    with fake_server() as server:
        assert run("import", file, "--url", server.url) == 1
        assert len(server.asked) < 5
    assert "is this a file of documents?" in "".join(capsys.readouterr())


def test_a_key_comes_from_a_file_or_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 1)
    (tmp_path / "key").write_text("vecd_abc\nmore\n")
    (tmp_path / "empty").write_text("\n")
    with fake_server() as server:
        assert run("import", file, "--url", server.url, "--key-file", tmp_path / "key") == 0
        assert run("import", file, "--url", server.url, "--key", "vecd_def") == 0
        assert [one.headers["Authorization"] for one in server.asked] == ["Bearer vecd_abc", "Bearer vecd_def"]
        assert run("import", file, "--url", server.url, "--key-file", tmp_path / "empty") == 1
        assert run("import", file, "--url", server.url, "--key", "é") == 1
        assert run("import", "-", "--url", server.url, "--key-file", "-") == 1
    assert "vecd_" not in capsys.readouterr().err


def test_documents_may_come_from_stdin(tmp_path: Path) -> None:
    file = write(tmp_path / "in.ndjson", 3)
    with fake_server() as server:
        with file.open("rb") as stdin:
            subprocess.run(command("import", "-", "--url", server.url), stdin=stdin, check=True, timeout=60)
        assert len(server.kept) == 3
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://a b", "http://h/?q=1"])
def test_what_is_no_address_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert run("import", write(tmp_path / "in.ndjson", 1), "--url", url) == 1
    assert "it looks like http://127.0.0.1:8000" in capsys.readouterr().err


@pytest.mark.parametrize("patience", ["nan", "-1", "soon"])
def test_patience_is_a_time(tmp_path: Path, patience: str) -> None:
    assert run("import", write(tmp_path / "in.ndjson", 1), f"--patience={patience}") == 2


def test_a_server_that_is_not_there_is_told_soon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        url = server.url
    assert run("import", write(tmp_path / "in.ndjson", 1), "--url", url, "--patience", 0.1) == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.e2e
def test_killed_midway_it_goes_on_and_every_document_arrives(tmp_path: Path) -> None:
    count = 20 * PIECE_LINES
    file = write(tmp_path / "in.ndjson", count)
    with fake_server() as server:
        with subprocess.Popen(command("import", file, "--url", server.url), stderr=subprocess.DEVNULL) as process:
            while len(server.asked) < 5:
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        first = len(server.asked)
        assert run("import", file, "--url", server.url) == 0
        assert len(server.kept) == count
        assert len(server.asked) < first + 20


@pytest.mark.e2e
def test_interrupted_it_says_how_far_it_came(tmp_path: Path) -> None:
    file = write(tmp_path / "in.ndjson", 100 * PIECE_LINES)
    with (
        fake_server() as server,
        subprocess.Popen(command("import", file, "--url", server.url), stderr=subprocess.PIPE, text=True) as process,
    ):
        while len(server.asked) < 3:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    assert "is done" in told
    assert "Traceback" not in told


def test_texts_that_the_server_cut_are_told_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 2 * PIECE_LINES)
    cut = {"indexed": PIECE_LINES, "failed": 0, "errors": [], "truncated": 7}
    with fake_server(Answer(body=cut), Answer(body=cut | {"truncated": 3})) as server:
        assert run("import", file, "--url", server.url) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "1,024 documents indexed, 0 lines refused, 10 texts cut to what the model reads"
