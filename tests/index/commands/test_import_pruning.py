"""import --prune: documents of files that are gone are deleted, and nothing where something may only be away."""

import contextlib
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from index.commands.imports.given import Source
from index.commands.imports.known import Known
from index.commands.imports.pruning import Here, gone
from index.commands.imports.scanning import Scan, scan
from tests.index.commands.fake_server import FakeServer, fake_server
from tests.index.commands.running import command, run


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.md", "b.md", "c.md", "sub/d.md", "sub/e.md"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def server(notes: Path) -> Iterator[FakeServer]:
    """A server that has the notes."""
    with fake_server() as running:
        assert run("import", notes, "--url", running.url) == 0
        yield running


def prune(server: FakeServer, *arguments: object) -> int:
    return run("import", *arguments, "--url", server.url, "--prune")


def paths(server: FakeServer) -> str:
    return " ".join(sorted(one["metadata"]["path"] for one in server.kept.values()))


def test_documents_of_files_that_are_gone_are_deleted_in_pieces_and_no_others(
    notes: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.kept["stranger"] = {"id": "stranger", "text": "t", "metadata": {"source": "/elsewhere", "path": "a.md"}}
    for name in ("a.md", "b.md", "sub/d.md"):
        (notes / name).unlink()
    assert run("import", notes, "--url", server.url) == 0
    assert f"3 documents of {notes} came from what is gone; --prune deletes them" in capsys.readouterr().err
    assert len(server.kept) == 6
    assert prune(server, notes, "--yes") == 0
    assert paths(server) == "a.md c.md sub/e.md"
    assert server.kept["stranger"]["metadata"]["source"] == "/elsewhere"
    assert " 3 deleted, 0 refused" in capsys.readouterr().out
    assert len([one for one in server.asked if one.path.endswith("/delete")]) == 2


def test_a_renamed_file_is_sent_before_its_old_document_is_deleted(notes: Path, server: FakeServer) -> None:
    (notes / "a.md").rename(notes / "z.md")
    server.asked.clear()
    assert prune(server, notes, "--yes") == 0
    assert paths(server) == "b.md c.md sub/d.md sub/e.md z.md"
    posts = [one.path.rpartition("/")[2] for one in server.asked if one.method == "POST"]
    assert posts == ["batch", "delete"]


def test_without_a_terminal_it_wants_to_be_told_yes(
    notes: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (notes / "a.md").unlink()
    (notes / "n.md").write_text("new")
    assert prune(server, notes) == 1
    assert paths(server) == "a.md b.md c.md n.md sub/d.md sub/e.md"
    output = capsys.readouterr()
    assert f"1 document of {notes} came from what is gone; they stay, unless --yes" in output.err
    assert output.out.splitlines()[-1].startswith("1 new, 0 changed, 4 unchanged, 0 deleted")


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", 4), (b"n\n", 5), (b"\n", 5), (b"\x04", 5)])
def test_on_a_terminal_it_asks(notes: Path, server: FakeServer, answer: bytes, left: int) -> None:
    (notes / "a.md").unlink()
    ours, its = pty.openpty()
    arguments = command("import", notes, "--url", server.url, "--prune")
    with subprocess.Popen(arguments, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(ours, 1_000)
        assert f"delete 1 document of {notes}? [y/N]".encode() in seen
        os.write(ours, answer)
        with contextlib.suppress(OSError):  # the terminal ends with the process
            while piece := os.read(ours, 1_000):
                seen += piece
    os.close(ours)
    assert process.returncode == 0
    assert len(server.kept) == left
    assert b"\x1b" not in re.sub(rb"\x1b\[[AK]", b"", seen)


def test_what_another_source_took_while_the_question_waited_stays(notes: Path, server: FakeServer) -> None:
    (notes / "a.md").unlink()
    ours, its = pty.openpty()
    arguments = command("import", notes, "--url", server.url, "--prune")
    with subprocess.Popen(arguments, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(ours, 1_000)
        server.kept[str(notes / "a.md")]["metadata"]["source"] = "/elsewhere"
        os.write(ours, b"y\n")
        with contextlib.suppress(OSError):  # the terminal ends with the process
            while os.read(ours, 1_000):
                pass
    os.close(ours)
    assert process.returncode == 0
    assert len(server.kept) == 5


def test_a_source_that_is_not_there_keeps_everything(
    notes: Path, tmp_path: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    notes.rename(tmp_path / "away")
    assert prune(server, notes, "--yes") == 1
    assert len(server.kept) == 5
    assert f"{notes}: is not there; nothing of it is deleted" in capsys.readouterr().out


def test_an_empty_source_keeps_everything(notes: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(notes)
    notes.mkdir()
    (notes / "image.png").write_text("x")
    assert prune(server, notes, "--yes") == 1
    assert len(server.kept) == 5
    assert f"{notes} has no file to import, though 5 documents came from it" in capsys.readouterr().err


def test_an_empty_source_that_was_never_imported_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with fake_server() as server:
        assert prune(server, tmp_path / "empty", "--yes") == 0


def test_an_empty_folder_keeps_its_documents_and_the_rest_is_deleted(
    notes: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(notes / "sub")
    (notes / "sub").mkdir()
    (notes / "a.md").unlink()
    assert prune(server, notes, "--yes") == 1
    assert paths(server) == "b.md c.md sub/d.md sub/e.md"
    assert f"{notes}/sub is empty, though 2 documents came from it" in capsys.readouterr().err
    (notes / "sub").rmdir()
    assert prune(server, notes, "--yes") == 0
    assert paths(server) == "b.md c.md"


def unreadable(name: str) -> object:
    """Return a scandir that fails on a folder, as one does whose disk is broken."""

    def scandir(path: str) -> AbstractContextManager[Iterator["os.DirEntry[str]"]]:
        if path.endswith(f"/{name}"):
            raise PermissionError(13, "Permission denied", path)
        return os.scandir(path)

    return scandir


def known_from(source: Source, found: Scan) -> Known:
    known = Known()
    for file in found.files:
        known.add(file.path, {"source": source.path, "path": file.relative, "hash": "0" * 64})
    return known


def test_a_folder_that_cannot_be_read_keeps_everything(notes: Path) -> None:
    source = Source("notes", str(notes))
    whole = scan(source)
    assert whole is not None
    known = known_from(source, whole)
    (notes / "a.md").unlink()
    found = scan(source, unreadable("sub"))  # type: ignore[arg-type]
    assert found is not None
    assert [file.relative for file in found.files] == ["b.md", "c.md"]
    seen = Here(seen={file.path for file in found.files}, read={file.relative for file in found.files})
    left = gone(source, found, known, seen)
    assert left.ids == ()
    assert left.refusals == ("notes/sub cannot be read: Permission denied, so nothing of notes is deleted",)
    again = scan(source)
    assert again is not None
    seen = Here(seen={file.path for file in again.files}, read={file.relative for file in again.files})
    assert gone(source, again, known, seen).ids == (f"{notes}/a.md",)


def test_a_path_too_deep_to_be_read_keeps_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "notes"
    source.mkdir()
    (source / "a.md").write_text("a")
    (source / "b.md").write_text("b")
    with fake_server() as server:
        assert run("import", source, "--url", server.url) == 0
        (source / "a.md").unlink()
        deepen(source)
        assert prune(server, source, "--yes") == 1
        assert len(server.kept) == 2
    output = capsys.readouterr()
    assert "cannot be read: File name too long" in output.out
    assert f"so nothing of {source} is deleted" in output.err
    subprocess.run(["rm", "-rf", str(source)], check=True)


def deepen(folder: Path) -> None:
    """Make folders in folders until no path names the last."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def test_a_file_that_came_back_meanwhile_keeps_its_document(notes: Path) -> None:
    source = Source("notes", str(notes))
    whole = scan(source)
    assert whole is not None
    known = known_from(source, whole)
    (notes / "a.md").unlink()
    found = scan(source)
    assert found is not None
    (notes / "a.md").write_text("saved by an editor")
    assert gone(source, found, known, Here(seen={file.path for file in found.files})).ids == ()


def test_documents_of_no_file_are_left_alone(notes: Path) -> None:
    source = Source("notes", str(notes))
    found = scan(source)
    assert found is not None
    known = known_from(source, found)
    known.add("by hand", {"source": str(notes)})
    known.add("odd", {"source": str(notes), "path": 7})
    assert gone(source, found, known, Here(seen={file.path for file in found.files})).ids == ()
