"""What vecd makes in a data folder is its user's alone, whatever the umask; what somebody else made stays as it is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.index.commands.running import run
from tests.index.harness import document, open_index


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fill(folder: Path) -> None:
    index = open_index(folder)
    for name in ("default", "other"):
        collection = index.create(name)
        collection.put_many([document(str(n), n) for n in range(50)]).result()
        assert collection.wait_until_viewed(60)
        assert collection.wait_for_words(60)
        collection.snapshot()
        assert collection.wait_until_viewed(60)
    log = folder / "collections" / "other" / "documents.sqlite-wal"
    assert mode(log) == 0o600
    index.close()


def test_folders_are_closed_and_so_are_files(tmp_path: Path) -> None:
    fill(tmp_path / "above" / "data")
    for path in (tmp_path / "above").rglob("*"):
        if path.is_dir():
            assert mode(path) == 0o700, path
        elif not path.parent.name.startswith("words-"):  # tantivy's own, in a folder that is closed
            assert mode(path) == 0o600, path
    assert list((tmp_path / "above").rglob("*.usearch"))


def test_backups_are_closed_and_so_is_what_comes_of_them(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "again") == 0
    assert run("compact", "--data", tmp_path / "again") == 0
    for folder in (tmp_path / "copy", tmp_path / "again"):
        for path in (folder, *folder.rglob("*")):
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(0o755)
    fill(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o755
    assert mode(tmp_path / "data" / "collections") == 0o700
