"""Files that change, vanish or fail while they are read; what a walk and a command line make of odd places."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.commands.errors import CommandError
from index.commands.imports.changes import MAX_FILE_BYTES, Change, Changes, Outlet
from index.commands.imports.given import Source, covers, sources_of
from index.commands.imports.known import Known
from index.commands.imports.memory import Memory
from index.commands.imports.pruning import gone
from index.commands.imports.scanning import Scan, scan
from index.commands.lines import MAX_LINE_BYTES
from index.sources.reader import read
from index.sources.records import BadRow, Reading, Record, SourceError


class Trial:
    """A folder that is read by a reader which meddles with it."""

    def __init__(self, folder: Path, meddle: Callable[[Path], None]) -> None:
        self.folder, self.told = folder, list[str]()
        self.source = Source("notes", str(folder))
        self.known = Known()

        def meddling(path: Path, form: str, reading: Reading) -> Iterator[Record | BadRow]:
            found = list(read(path, form, reading))
            meddle(path)
            yield from found

        def refuse(label: str, reason: str) -> bool:
            self.told.append(f"{label}: {reason}")
            return True

        self.changes = Changes(self.source, self.known, Reading(), Outlet(refuse, lambda _: None), meddling)

    def read(self) -> list[Change]:
        self.scan = scan(self.source) or Scan()
        for file in self.scan.files:
            self.known.add(file.path, {"source": str(self.folder), "path": file.relative, "hash": "0" * 64})
        return list(self.changes.of(self.scan.files, Memory()))

    def gone(self) -> tuple[str, ...]:
        return gone(self.source, self.scan, self.known, self.changes.here).ids


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("before")
    (folder / "b.md").write_text("b")
    return folder


def test_a_file_saved_while_it_is_read_is_read_again_and_has_the_hash_of_what_was_read(notes: Path) -> None:
    def save(path: Path) -> None:
        if path.name == "a.md" and path.read_text() == "before":
            path.write_text("after")

    trial = Trial(notes, save)
    first, _ = [json.loads(one.content) for one in trial.read()]
    assert first["text"] == "after"
    assert first["metadata"]["hash"] == hashlib.sha256(b"after").hexdigest()
    assert trial.told == []


def test_a_file_that_never_rests_is_told_and_keeps_its_document(notes: Path) -> None:
    def save(path: Path) -> None:
        if path.name == "a.md":
            path.write_text(path.read_text() + "!")

    trial = Trial(notes, save)
    assert [one.label for one in trial.read()] == ["notes/b.md"]
    assert trial.told == ["notes/a.md: changes while it is read; import it again when it is whole"]
    assert trial.gone() == ()


def test_a_file_that_vanishes_while_it_is_read_is_gone_and_not_bad(notes: Path) -> None:
    trial = Trial(notes, lambda path: path.unlink() if path.name == "a.md" else None)
    assert [one.label for one in trial.read()] == ["notes/b.md"]
    assert trial.told == []
    assert trial.gone() == (str(notes / "a.md"),)


def test_a_file_that_fails_while_it_is_read_is_bad_unless_it_has_vanished(notes: Path) -> None:
    def fail(path: Path) -> None:
        if path.name == "b.md":
            path.unlink()
        raise SourceError("is encrypted") if path.name != "c.md" else OSError(5, os.strerror(5))

    (notes / "c.md").write_text("c")
    trial = Trial(notes, fail)
    assert trial.read() == []
    assert trial.told == ["notes/a.md: is encrypted", "notes/c.md: cannot be read: Input/output error"]
    assert trial.gone() == (str(notes / "b.md"),)


def test_a_table_that_changes_while_it_is_read_keeps_all_its_documents(notes: Path) -> None:
    table = notes / "t.ndjson"
    table.write_text('{"text": "one"}\n')

    def save(path: Path) -> None:
        if path == table:
            path.write_text('{"text": "two", "n": 2}\n')

    trial = Trial(notes, save)
    trial.known.add("row that was", {"source": str(notes), "path": "t.ndjson"})
    assert [one.label for one in trial.read()] == ["notes/a.md", "notes/b.md", "notes/t.ndjson, row 1"]
    assert trial.told == ["notes/t.ndjson: changes while it is read; import it again when it is whole"]
    assert "row that was" not in trial.gone()
    quiet = Trial(notes, lambda _: None)
    quiet.known.add("row that was", {"source": str(notes), "path": "t.ndjson"})
    quiet.read()
    assert "row that was" in quiet.gone()


def test_a_document_that_no_server_takes_is_told_before_it_is_sent(notes: Path) -> None:
    (notes / "long.md").write_text("\x01" * (MAX_LINE_BYTES // 6))  # each letter takes six in JSON
    trial = Trial(notes, lambda _: None)
    assert [one.label for one in trial.read()] == ["notes/a.md", "notes/b.md"]
    assert trial.told[0].startswith("notes/long.md: is a document of 33,554,")
    (notes / "huge.md").touch()
    os.truncate(notes / "huge.md", MAX_FILE_BYTES + 1)
    trial = Trial(notes, lambda _: None)
    trial.read()
    assert trial.told[0] == "notes/huge.md: is larger than 256 MB; split it"


def test_a_source_that_vanishes_while_it_is_walked_is_known_by_nothing(notes: Path) -> None:
    def scandir(path: str) -> object:
        raise FileNotFoundError(2, os.strerror(2), path)

    found = scan(Source("notes", str(notes)), scandir)  # type: ignore[arg-type]
    assert found is not None
    assert [one.relative for one in found.unseen] == [""]
    known = Known()
    known.add("x", {"source": str(notes), "path": "gone.md"})
    left = gone(Source("notes", str(notes)), found, known, Trial(notes, lambda _: None).changes.here)
    assert left.ids == ()
    assert left.refusals[0].startswith("notes cannot be read: No such file or directory")


def test_a_walk_notes_folders_that_are_empty_or_hold_hidden_files_alone(notes: Path) -> None:
    for name in ("empty", "hidden", "full"):
        (notes / name).mkdir()
    (notes / "hidden" / ".keep").touch()
    (notes / "full" / "image.png").touch()
    found = scan(Source("notes", str(notes)))
    assert found is not None
    assert found.empty == {"empty", "hidden"}
    assert found.folders == {"", "empty", "hidden", "full"}


def test_what_a_walk_comes_to_is_covered_and_nothing_else(notes: Path) -> None:
    (notes / "sub" / ".hidden").mkdir(parents=True)
    (notes / "link").symlink_to("sub")
    for name in ("image.png", "sub/c.md", "sub/.hidden/d.md"):
        (notes / name).touch()
    covered = {
        name
        for name in ("", "a.md", "image.png", "away.md", "sub", "sub/c.md", "link", "link/c.md", "sub/.hidden/d.md")
        if covers(str(notes), str(notes / name))
    }
    assert covered == {"a.md", "sub", "sub/c.md"}
    assert not covers(str(notes), f"{notes}2/a.md")


def test_a_source_has_to_have_a_name_that_metadata_can_hold() -> None:
    with pytest.raises(CommandError, match=r"caf\\xe9 is not UTF-8"):
        sources_of([os.fsdecode(b"/tmp/caf\xe9")], None)
    with pytest.raises(CommandError, match="a path is empty"):
        sources_of(["notes", ""], None)
