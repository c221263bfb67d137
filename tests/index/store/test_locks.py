"""The locks by which other processes know that a database is open: without them they would take its log away.

In POSIX a process loses its locks on a file as soon as it closes that file in any way but SQLite's.
"""

from pathlib import Path

import pytest

from index import Index
from tests.index.fakes import PointedDisk
from tests.index.harness import document, open_index
from tests.index.test_mending import Faults
from tests.server.polling import until


def database_of(folder: Path) -> Path:
    return folder / "collections" / "default" / "documents.sqlite"


def check_locked(folder: Path) -> None:
    locks = Path("/proc/locks").read_text("ascii")
    database = database_of(folder)
    for path in (database, database.with_name(f"{database.name}-shm")):
        assert f":{path.stat().st_ino} " in locks, path.name


def read_at_once(index: Index, connections: int) -> None:
    if connections:
        with index.collection().store.readers.reading():
            read_at_once(index, connections - 1)


def test_a_database_stays_locked_as_long_as_it_is_open(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put(document("a", 1)).result()
    check_locked(tmp_path)
    read_at_once(index, 20)
    check_locked(tmp_path)
    index.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_database_that_is_opened_anew_beside_its_readers_stays_locked(tmp_path: Path) -> None:
    faults = Faults()
    index = open_index(tmp_path, PointedDisk(faults.at))
    first = index.collection()
    first.put(document("a", 1)).result()
    with first.store.readers.reading():
        faults.arm("after_commit", RuntimeError("a fault"))
        first.put(document("b", 2)).result()
        until(lambda: index.collection() is not first)
        check_locked(tmp_path)
    index.collection().put(document("c", 3)).result()
    check_locked(tmp_path)
    index.close()
