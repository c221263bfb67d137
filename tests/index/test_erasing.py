"""What is deleted is gone from every file: the database, its log, snapshots, the index of words, what was dropped."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index import SettingsChange
from index.store.disk import Disk
from tests.index.erasing import HastyDisk, Secret, found_in_files, secrets, settle
from tests.index.fakes import SetClock
from tests.index.harness import document, open_index
from tests.index.store.test_expiry import INSTANT, NOW, until

SECRETS, OTHERS = 300, 300


class Open:
    """An index with secrets in a collection, among other documents."""

    def __init__(self, folder: Path, name: str, disk: Disk | None = None) -> None:
        self.folder, self.clock = folder, SetClock(NOW)
        self.index = open_index(folder, disk or HastyDisk(), clock=self.clock)
        self.secrets = secrets(SECRETS, seed=1)
        self.collection = self.index.create(name)
        self.collection.put_many([one_.document(INSTANT) for one_ in self.secrets]).result()
        self.collection.put_many([document(f"other/{n}", n, kind="other") for n in range(OTHERS)]).result()
        settle(self.index)
        self.is_there()

    def is_there(self) -> None:
        """Prove that the search for secrets finds them: in the database, and among the words."""
        # What is in the log moves to the database while both are read.
        until(lambda: any(path.endswith(("documents.sqlite", "-wal")) for path in self._found()))
        until(lambda: any("words-" in path for path in self._found()))

    def _found(self) -> set[str]:
        return found_in_files(self.folder, self.secrets)

    def is_gone(self) -> None:
        until(lambda: not found_in_files(self.folder, self.secrets))

    def others_are_there(self) -> None:
        collection = self.index.collection(self.collection.name)
        assert collection.count({"kind": "other"}) == OTHERS
        assert collection.wait_for_words(60)
        assert collection.health().problems == ()


def delete_by_id(open_: Open) -> None:
    open_.collection.delete_many([one_.id_ for one_ in open_.secrets]).result()


def delete_one_by_one(open_: Open) -> None:
    for one_ in open_.secrets:
        open_.collection.delete(one_.id_).result()


def delete_by_filter(open_: Open) -> None:
    open_.collection.delete_matching({"kind": "secret"}).result()


def let_expire(open_: Open) -> None:
    open_.clock.ms = INSTANT
    open_.collection.put(document("other/0", 0, kind="other")).result()


@pytest.mark.e2e
@pytest.mark.parametrize("way", [delete_by_id, delete_one_by_one, delete_by_filter, let_expire])
def test_deleted_documents_are_gone_from_every_file(tmp_path: Path, way: Callable[[Open], None]) -> None:
    open_ = Open(tmp_path, "notes")
    way(open_)
    open_.is_gone()
    open_.others_are_there()
    open_.index.close()
    assert found_in_files(tmp_path, open_.secrets) == set()


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["notes", "default"])
def test_a_dropped_collection_is_gone_from_every_file(tmp_path: Path, name: str) -> None:
    open_ = Open(tmp_path, name)
    open_.index.drop(name)
    open_.is_gone()
    open_.index.close()
    assert found_in_files(tmp_path, open_.secrets) == set()


@pytest.mark.e2e
def test_what_was_replaced_is_gone_from_every_file(tmp_path: Path) -> None:
    """The ids stay: of each the text, the metadata and the vector are others."""
    open_ = Open(tmp_path, "notes")
    old = [
        Secret(new.word, old.word, old.value, old.vector)
        for old, new in zip(open_.secrets, secrets(SECRETS, 2), strict=True)
    ]
    open_.collection.put_many([document(one_.id_, n, kind="new") for n, one_ in enumerate(open_.secrets)]).result()
    until(lambda: not found_in_files(tmp_path, old))
    open_.others_are_there()
    open_.index.close()


@pytest.mark.e2e
def test_what_metadata_were_is_gone_from_every_file(tmp_path: Path) -> None:
    open_ = Open(tmp_path, "notes")
    for one_ in open_.secrets:
        open_.collection.patch(one_.id_, {"field": "another"}).result()
    values = {one_.value[8:32].encode() for one_ in open_.secrets}
    until(lambda: not any(value in content for content in contents(tmp_path) for value in values))
    open_.index.close()


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.e2e
def test_deleted_documents_are_gone_after_a_change_of_language_meanwhile(tmp_path: Path) -> None:
    open_ = Open(tmp_path, "notes")
    open_.collection.configure(SettingsChange(language="german")).result()
    delete_by_id(open_)
    open_.collection.configure(SettingsChange(language="english")).result()
    open_.is_gone()
    open_.index.close()


@pytest.mark.e2e
def test_what_a_stop_leaves_is_gone_after_the_next_start(tmp_path: Path) -> None:
    open_ = Open(tmp_path, "notes")
    open_.index.close()
    index = open_index(tmp_path)  # too slow to erase anything
    index.collection("notes").delete_many([one_.id_ for one_ in open_.secrets]).result()
    assert index.collection("notes").wait_for_words(60)
    index.close()
    index = open_index(tmp_path, HastyDisk())
    open_.is_gone()
    index.close()


@pytest.mark.e2e
def test_a_reader_only_delays_it(tmp_path: Path) -> None:
    open_ = Open(tmp_path, "notes")
    reading = open_.collection.words.keeper.current()
    with open_.collection.store.readers.reading() as connection:
        assert connection.execute("SELECT count(*) FROM docs").fetchone() == (SECRETS + OTHERS,)
        delete_by_id(open_)
        open_.collection.put(document("more", 5)).result()  # is not held up
        assert open_.collection.count() == OTHERS + 1
    assert reading.keys().size == SECRETS + OTHERS
    del reading
    open_.is_gone()
    open_.index.close()


# Writes secrets, deletes them, and kills itself then or in the middle of erasing.
VICTIM = """
import os, pathlib, signal
from index.store.disk import Disk
from tests.index.erasing import HastyDisk
from tests.index.test_erasing import Open, delete_by_id

class Killing(HastyDisk):
    left = None
    def reach(self, point):
        if self.left is not None and point == {point!r}:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

disk = Killing()
open_ = Open(pathlib.Path({folder!r}), "notes", disk)
disk.left = {left}
delete_by_id(open_)
signal.pause()
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("point", "left"), [("after_commit", 0), ("before_words", 0), ("after_words", 0), ("before_words", 1)]
)
def test_what_a_kill_leaves_is_gone_after_the_next_start(tmp_path: Path, point: str, left: int) -> None:
    code = VICTIM.format(folder=str(tmp_path), point=point, left=left)
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == -9
    sought = secrets(SECRETS, seed=1)
    assert found_in_files(tmp_path, sought)
    index = open_index(tmp_path, HastyDisk())
    until(lambda: not found_in_files(tmp_path, sought))
    collection = index.collection("notes")
    assert collection.count() == OTHERS
    assert collection.wait_for_words(60)
    assert collection.health().problems == ()
    index.close()
