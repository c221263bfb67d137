"""Names of folders and files are on the disk before anything that is acknowledged rests on them."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from index import StorageFullError
from index.commands.restore import put_in_place
from index.store.departure import settle
from index.store.disk import Disk
from index.store.layout import DATABASE_FILE, DROPPED, LEAVING
from tests.index.commands.running import fill, fill_and_kill, ids, run
from tests.index.fakes import CountingDisk
from tests.index.harness import document, open_index


class NotingDisk(CountingDisk):
    """Notes what was there of the paths that are watched at each flush, and at each rename."""

    def __init__(self, *watched: Path) -> None:
        super().__init__()
        self._watched = watched
        self.steps: list[tuple[str, list[bool]]] = []

    def synchronize(self, path: Path) -> None:
        self._note(f"synchronize {path.name}")
        super().synchronize(path)

    def rename(self, path: Path, target: Path) -> None:
        self._note(f"rename {path.name}")
        super().rename(path, target)

    def _note(self, step: str) -> None:
        self.steps.append((step, [path.exists() for path in self._watched]))


class ForbiddenDisk(Disk):
    """May not flush the folder of this name."""

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number

    def synchronize(self, path: Path) -> None:
        if path.name == self._name:
            raise OSError(self._number, os.strerror(self._number))
        super().synchronize(path)


@pytest.mark.parametrize("made", [False, True])
def test_the_names_of_a_folder_and_of_all_above_it_are_on_the_disk(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "a" / "b" / "c"
    if made:
        folder.mkdir(parents=True)
    disk = CountingDisk()
    disk.make_durable_folder(folder)
    assert disk.synchronized[:5] == ["b", "a", tmp_path.name, tmp_path.parent.name, tmp_path.parent.parent.name]
    assert folder.is_dir()


@pytest.mark.parametrize("made", [False, True], ids=["first start", "made by a process that was killed"])
def test_the_names_of_a_data_folder_are_on_the_disk_before_a_collection_is_opened(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "data"
    other = folder / "collections" / "other"
    if made:
        other.mkdir(parents=True)
    disk = NotingDisk(other / DATABASE_FILE)
    index = open_index(folder, disk)
    before = [step for step, (opened,) in disk.steps if not opened]
    assert f"synchronize {tmp_path.name}" in before
    assert "synchronize data" in before
    assert "synchronize collections" in before
    assert index.names() == (["default", "other"] if made else ["default"])
    index.close()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL])
def test_a_folder_that_others_made_where_we_may_not_look_is_used_as_it_is(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "theirs" / "data"
    folder.mkdir(parents=True)
    open_index(folder, ForbiddenDisk("theirs", number)).close()


def test_a_start_that_cannot_bring_names_to_the_disk_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs" / "data"
    folder.mkdir(parents=True)
    with pytest.raises(StorageFullError, match="cannot be made: Input/output error"):
        open_index(folder, ForbiddenDisk("theirs", errno.EIO))
    with pytest.raises(StorageFullError, match="cannot be made: Permission denied"):
        open_index(folder.parent / "new", ForbiddenDisk("theirs", errno.EACCES))


def test_what_was_dropped_goes_once_its_new_name_is_on_the_disk(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    dropped = tmp_path / "collections" / f"{DROPPED}0123"
    shutil.copytree(tmp_path / "collections" / "default", dropped)
    disk = NotingDisk(dropped / DATABASE_FILE)
    settle(tmp_path, disk)
    assert disk.steps == [("synchronize collections", [True])]
    assert not dropped.exists()


def test_the_old_log_is_gone_for_good_before_the_copy_takes_the_place(tmp_path: Path) -> None:
    fill_and_kill(tmp_path / "data")
    fill(tmp_path / "old", 3)
    home = tmp_path / "data" / "collections" / "default"
    log = home / f"{DATABASE_FILE}-wal"
    assert log.stat().st_size
    disk = NotingDisk(log)
    put_in_place(tmp_path / "old" / "collections" / "default", home, disk)
    assert disk.steps[:2] == [("synchronize default", [False]), (f"rename {DATABASE_FILE}", [False])]
    assert [step for step, _ in disk.steps[2:]] == ["synchronize default", "synchronize collections"]
    assert len(ids(tmp_path / "data")) == 3


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_restored_beside_a_drop_that_was_cut_off_stays(tmp_path: Path, replace: bool) -> None:
    fill(tmp_path / "old", 3)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    index = open_index(tmp_path / "data")
    index.collection().put(document("on its way out", 1)).result()
    index.close()
    home = tmp_path / "data" / "collections" / "default"
    home.rename(home.with_name(f"{LEAVING}default.0123"))
    status = run("restore", tmp_path / "copy", "--data", tmp_path / "data", *(["--replace"] if replace else []))
    assert status == (0 if replace else 1)
    assert len(ids(tmp_path / "data")) == (3 if replace else 1)
    index = open_index(tmp_path / "data")
    assert index.collection().count() == (3 if replace else 1)
    index.close()
