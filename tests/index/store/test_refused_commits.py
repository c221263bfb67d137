"""What is refused as not written is not there afterwards, neither now nor after a kill; or its error says otherwise."""

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from index import StorageFullError
from index.documents.document import entry_of
from index.store.group import Changes
from index.store.store import Store
from tests.index.fakes import RefusingDisk
from tests.index.harness import document, open_index
from tests.index.vectors import NDIM

# Every commit of this process ends in the log whole, and its flush fails; nothing gets from there to the database.
REFUSED = """
import os, pathlib, sys
import apsw
from index import StorageFullError
from tests.index.fakes import RefusingDisk
from tests.index.harness import document, open_index

class File(apsw.VFSFile):
    def __init__(self, base, name, flags):
        super().__init__(base, name, flags)
        self.log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)
        self.failing = False

    def xSync(self, flags):
        if self.log and armed:
            raise apsw.IOError
        super().xSync(flags)

    def xWrite(self, data, offset):
        if not self.log and armed:
            raise apsw.FullError
        super().xWrite(data, offset)

class FileSystem(apsw.VFS):
    def __init__(self):
        super().__init__("failing", "unix", makedefault=True)

    def xOpen(self, name, flags):
        return File("unix", name, flags)

armed = False
file_system = FileSystem()
disk = RefusingDisk()
index = open_index(pathlib.Path(sys.argv[1]), disk)
collection = index.collection()
collection.put(document("kept", 1)).result()
assert collection.wait_for_words(20)
armed = True
disk.refused |= set(sys.argv[2:])
for number in range(3):
    told = collection.put(document(f"refused {number}", number)).exception()
    assert isinstance(told, StorageFullError), told
    print(told)
assert [found.id for found in collection.documents()] == ["kept"]
os.kill(os.getpid(), 9)
"""


def refused(folder: Path, *operations: str) -> str:
    command = [sys.executable, "-c", REFUSED, str(folder), *operations]
    done = subprocess.run(command, check=False, timeout=120, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    return done.stdout


@pytest.mark.e2e
def test_a_commit_whose_flush_failed_is_not_there_after_a_kill(tmp_path: Path) -> None:
    told = refused(tmp_path)
    assert "not known" not in told
    for _ in range(2):
        index = open_index(tmp_path)
        assert [found.id for found in index.collection().documents()] == ["kept"]
        assert index.collection().health().problems == ()
        index.close()


@pytest.mark.e2e
def test_where_it_may_be_there_after_a_kill_the_error_says_so(tmp_path: Path) -> None:
    assert refused(tmp_path, "synchronize").count("not known") == 3
    index = open_index(tmp_path)
    assert index.collection().health().problems == ()
    index.close()


class Unready:
    """Refuses to follow."""

    def admit(self, before: Changes, changes: Changes) -> None:
        """Do nothing."""

    def expect(self, _: Changes) -> None:
        raise StorageFullError("no room")

    def applied(self, _: Changes) -> None:
        raise AssertionError

    def abandoned(self, _: Changes) -> None:
        """Do nothing."""


class Ready(Unready):
    """Follows."""

    def expect(self, _: Changes) -> None:
        """Do nothing."""

    def applied(self, _: Changes) -> None:
        """Do nothing."""


def no_room(_: apsw.Connection, __: Changes) -> None:
    raise StorageFullError("no room")


def test_what_is_refused_while_a_drop_is_under_way_leaves_the_log_of_the_next_collection_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    leaving = Store(tmp_path / "home" / "documents.sqlite", "", Ready(), RefusingDisk())
    leaving.readers.move(tmp_path / "leaving")
    (tmp_path / "home").mkdir()
    fresh = Store(tmp_path / "home" / "documents.sqlite", "", Ready(), RefusingDisk())
    fresh.put_many([entry_of(document("a", 1), NDIM)]).result(10)
    log = tmp_path / "home" / "documents.sqlite-wal"
    size_bytes = log.stat().st_size
    assert str(leaving.writer.submit(no_room).exception(10)) == "no room"
    assert log.stat().st_size == size_bytes > 0
    leaving.close()
    fresh.close()


def test_what_failed_before_its_commit_is_certainly_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "documents.sqlite", "", Unready(), RefusingDisk("synchronize"))
    reader = apsw.Connection(str(tmp_path / "documents.sqlite"))
    reader.execute("BEGIN; SELECT 1 FROM meta").fetchall()  # so that the log cannot begin anew
    refusal = store.put_many([entry_of(document("a", 1), NDIM)]).exception(10)
    assert str(refusal) == "no room"
    reader.close()
    store.close()
