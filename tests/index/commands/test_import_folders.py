"""import of folders: what is new or changed arrives with where it came from, and nothing else is sent."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.index.commands.fake_server import Answer, FakeServer, fake_server
from tests.index.commands.running import command, run


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder of three notes."""
    folder = tmp_path / "notes"
    (folder / "projects" / "boiler").mkdir(parents=True)
    (folder / "a.md").write_text("# The boiler\n\nIt is serviced in May.\n")
    (folder / "b.txt").write_text("milk, bread")
    (folder / "projects" / "boiler" / "c.md").write_text("a part was ordered")
    return folder


def import_(server: FakeServer, *arguments: object) -> int:
    return run("import", *arguments, "--url", server.url)


def summary(capsys: pytest.CaptureFixture[str]) -> str:
    """The summary without its time."""
    return re.sub(r"; [0-9.,]+ s$", "", capsys.readouterr().out.splitlines()[-1])


def sent(server: FakeServer) -> list[str]:
    """The ids of all documents that were ever sent."""
    bodies = [one.body for one in server.asked if one.path.endswith("/index/batch")]
    return [json.loads(line)["id"] for body in bodies for line in body.splitlines()]


def test_each_file_is_a_document_that_says_where_it_came_from(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.utime(notes / "a.md", (1_927_489_200.9, 1_927_489_200.9))
    with fake_server() as server:
        assert import_(server, notes) == 0
        assert server.kept[str(notes / "a.md")] == {
            "id": str(notes / "a.md"),
            "text": "# The boiler\n\nIt is serviced in May.\n",
            "metadata": {
                "title": "The boiler",
                "source": str(notes),
                "path": "a.md",
                "modified": "2031-01-29T21:40:00Z",
                "hash": hashlib.sha256((notes / "a.md").read_bytes()).hexdigest(),
            },
        }
        assert {one["metadata"]["path"] for one in server.kept.values()} == {"a.md", "b.txt", "projects/boiler/c.md"}
    assert summary(capsys) == "3 new, 0 changed, 0 unchanged, 0 deleted, 0 refused, 0 cut"


def test_only_what_is_new_or_has_changed_is_sent(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert import_(server, notes) == 0
        (notes / "b.txt").write_text("milk, bread, tea")
        (notes / "d.md").write_text("new")
        os.utime(notes / "a.md", (1, 1))  # another time is no other content
        server.asked.clear()
        assert import_(server, notes) == 0
        assert sent(server) == [str(notes / "b.txt"), str(notes / "d.md")]
        assert server.kept[str(notes / "b.txt")]["text"] == "milk, bread, tea"
    assert summary(capsys) == "1 new, 1 changed, 2 unchanged, 0 deleted, 0 refused, 0 cut"


def test_a_pass_without_changes_sends_nothing(notes: Path) -> None:
    with fake_server() as server:
        assert import_(server, notes) == 0
        server.asked.clear()
        assert import_(server, notes) == 0
        assert {one.method for one in server.asked} == {"GET"}
        assert len(server.asked) == 2  # two pages


def test_the_folder_is_the_same_however_it_is_named(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notes.parent)
    with fake_server() as server:
        for name in ("notes", notes, "./notes/", "notes/../notes", "notes/."):
            assert import_(server, name) == 0
        assert len(sent(server)) == 3


def test_two_folders_in_one_collection_know_nothing_of_each_other(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(notes, other)
    with fake_server() as server:
        assert import_(server, notes) == 0
        assert import_(server, other, "--prune", "--yes") == 0
        assert len(server.kept) == 6
        (other / "a.md").unlink()
        (notes / "b.txt").unlink()
        assert import_(server, other, "--prune", "--yes") == 0
        assert str(other / "a.md") not in server.kept
        assert str(notes / "b.txt") in server.kept
        assert import_(server, notes, other, "--prune", "--yes") == 0
        assert len(server.kept) == 4
    assert summary(capsys) == "0 new, 0 changed, 4 unchanged, 1 deleted, 0 refused, 0 cut"


def test_a_path_inside_another_is_imported_once_with_it(notes: Path) -> None:
    with fake_server() as server:
        assert import_(server, notes / "projects", notes, notes / "a.md", notes) == 0
        assert {one["metadata"]["source"] for one in server.kept.values()} == {str(notes)}
        assert len(sent(server)) == 3


def test_hidden_files_other_kinds_pipes_and_loops_are_passed_over(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (".git/HEAD.md", ".hidden.md", "~$lock.md", "image.png", "archive.tar.gz"):
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_text("x")
    os.mkfifo(notes / "pipe.md")
    (notes / "loop").symlink_to(notes)
    (notes / "itself.md").symlink_to("itself.md")
    (notes / "itself").symlink_to("itself")
    (notes / "nowhere.md").symlink_to("/away/from/here.md")
    (notes / "link.md").symlink_to("a.md")
    with fake_server() as server:
        assert import_(server, notes) == 1
        names = {one["metadata"]["path"] for one in server.kept.values()}
        assert names == {"a.md", "b.txt", "projects/boiler/c.md", "link.md"}
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{notes}/itself.md: is a link to what is not there"
    assert out[1] == f"{notes}/nowhere.md: is a link to what is not there"
    assert out[2].startswith("4 new, 0 changed, 0 unchanged, 0 deleted, 2 refused, 0 cut; 4 files of other kinds")


def test_what_is_named_and_cannot_be_imported_is_refused_by_name_and_others_go_on(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (notes / "image.png").write_text("x")
    os.mkfifo(tmp_path / "pipe.md")
    paths = [notes / "image.png", tmp_path / "pipe.md", tmp_path / "away", notes]
    with fake_server() as server:
        assert import_(server, *paths) == 1
        assert len(server.kept) == 3
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{paths[0]}: its ending is none of those that are imported")
    assert told[1:3] == [f"{paths[1]}: is no regular file", f"{paths[2]}: is not there"]
    assert "3 new" in told[3]
    assert "3 refused" in told[3]


def test_a_bad_file_is_told_and_keeps_its_document(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert import_(server, notes) == 0
        (notes / "a.md").write_bytes(b"\xff\xfe\xfd")
        (notes / "d.md").write_text("new")
        assert import_(server, notes, "--prune", "--yes") == 1
        assert server.kept[str(notes / "a.md")]["text"].startswith("# The boiler")
        assert str(notes / "d.md") in server.kept
    assert f"{notes}/a.md: is not UTF-8" in capsys.readouterr().out


def test_names_that_no_id_can_hold_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "notes"
    (folder / os.fsdecode(b"caf\xe9")).mkdir(parents=True)
    (folder / os.fsdecode(b"caf\xe9") / "in.md").write_text("x")
    (folder / os.fsdecode(b"na\xefve.md")).write_text("x")
    (folder / ("long" * 50)).mkdir()
    (folder / ("long" * 50) / ("er" * 120 + ".md")).write_text("x" * 10)
    (folder / ("long" * 50) / "short.md").write_text("x" * 10)
    deep = folder / ("long" * 50) / ("deep" * 50)
    deep.mkdir()
    (deep / ("est" * 60 + ".md")).write_text("x")  # over 512 bytes, however short the path to it is
    with fake_server() as server:
        assert import_(server, folder) == 1
        assert all(len(id_.encode()) <= 512 for id_ in server.kept)
        assert len(server.kept) >= 1
    told = capsys.readouterr().out.splitlines()
    assert f"{folder}/caf\\xe9: its name is not UTF-8, as an id has to be; rename it" in told
    assert f"{folder}/na\\xefve.md: its name is not UTF-8, as an id has to be; rename it" in told
    assert any("an id takes 1 to 512 bytes of UTF-8; this one takes " in line for line in told)


def test_what_a_server_refuses_is_told_by_the_files_name(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        server.refusing = {str(notes / "b.txt")}
        assert import_(server, notes) == 1
        assert len(server.kept) == 2
    output = capsys.readouterr().out.splitlines()
    assert output[0] == f"{notes}/b.txt: no document"
    assert output[1].startswith("2 new, 0 changed, 0 unchanged, 0 deleted, 1 refused, 0 cut")


def test_a_name_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "\x1b[2J\r.md").write_bytes(b"\xff")
    with fake_server() as server:
        assert import_(server, tmp_path / "notes") == 1
    assert "/notes/\\x1b[2J\\r.md: is not UTF-8" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [("-", "notes"), ("",), ("notes", "--resume-from", 3), ("notes", "--watch", "--dry-run")]
)
def test_what_does_not_go_together_is_told(
    notes: Path, wrong: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(notes.parent)
    with fake_server() as server:
        assert import_(server, *wrong) == 1
        assert server.asked == []
    assert capsys.readouterr().err.startswith("python -m index import: ")


def test_a_collection_that_is_not_there_is_told_with_what_makes_it(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_server(Answer(404, {"detail": "no such collection"})) as server:
        assert import_(server, notes) == 1
        assert server.kept == {}
    assert "`import --create` makes one" in capsys.readouterr().err
    with fake_server() as server:
        assert import_(server, notes, "--create") == 0
        assert server.asked[0].method == "PUT"


def test_a_server_that_does_not_filter_is_never_taken_at_its_word(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_server() as server:
        server.filters = False
        server.kept["stranger"] = {"id": "stranger", "text": "t", "metadata": {}}
        assert import_(server, notes, "--prune", "--yes") == 1
        assert list(server.kept) == ["stranger"]
    assert "lists documents of other sources too" in capsys.readouterr().err


def test_a_dry_run_tells_all_and_does_nothing(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert import_(server, notes) == 0
        (notes / "a.md").unlink()
        (notes / "b.txt").write_text("other")
        (notes / "d.md").write_text("new")
        before = dict(server.kept)
        server.asked.clear()
        capsys.readouterr()
        assert import_(server, notes, "--dry-run", "--prune", "--create") == 0
        assert server.kept == before
        assert {one.method for one in server.asked} == {"GET"}
    *told, last = capsys.readouterr().out.splitlines()
    assert told == [f"changed: {notes}/b.txt", f"new: {notes}/d.md", f"gone: {notes}/a.md"]
    assert last.startswith("1 new, 1 changed, 1 unchanged, 1 deleted, 0 refused, 0 cut")
    assert last.endswith("; this was a dry run: nothing was sent or deleted")


def test_before_a_collection_is_made_a_dry_run_tells_that_all_is_new(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_server(Answer(404, {"detail": "no such collection"})) as server:
        assert import_(server, notes, "--dry-run", "--create") == 0
        assert len(server.asked) == 1
    assert "3 new" in capsys.readouterr().out


@pytest.mark.e2e
def test_killed_midway_the_same_command_sends_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(5_000):
        (folder / f"{number:04}.md").write_text(f"note {number}")
    with fake_server() as server:
        server.page_documents = 1_000
        with subprocess.Popen(command("import", folder, "--url", server.url), stderr=subprocess.DEVNULL) as process:
            while len(server.kept) < 1_000:
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        assert len(server.kept) < 5_000
        assert import_(server, folder) == 0
        assert len(server.kept) == 5_000
        assert len(sent(server)) <= 5_512  # a piece may come twice, since it was not acknowledged


@pytest.mark.e2e
def test_interrupted_it_says_how_far_it_came_and_what_does_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number:04}.md").write_text(f"note {number}")
    with (
        fake_server() as server,
        subprocess.Popen(command("import", folder, "--url", server.url), stderr=subprocess.PIPE, text=True) as process,
    ):
        while len(server.kept) < 1_000:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    assert re.search(r"stopped after [0-9,]+ of 10,000 files, with [0-9,]+ documents sent; the same command", told)
    assert "Traceback" not in told
