"""The log is emptied and pages are cleared a while after a commit, and no writer or reader is kept from its work."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from index import Collection
from index.store.connections import Database
from index.store.disk import Disk
from index.store.emptying import Emptying
from index.store.scrubbing import Piece
from tests.index.erasing import HastyDisk
from tests.index.harness import document, open_index
from tests.index.store.test_expiry import until

PAGE = 4096


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    index = open_index(tmp_path, HastyDisk())
    yield index.collection()
    index.close()


def log_bytes(collection: Collection) -> int:
    path = collection.store.database.path
    assert path is not None
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_the_log_is_emptied_without_another_commit(collection: Collection) -> None:
    for n in range(3):
        collection.put(document(str(n), n)).result()
        assert log_bytes(collection) > 0
        until(lambda: log_bytes(collection) == 0)
    assert collection.count() == 3


def test_a_reader_keeps_its_commit_and_writers_go_on_until_it_ends(collection: Collection) -> None:
    collection.put(document("before", 1)).result()
    with collection.store.readers.reading() as connection:
        until(lambda: collection.store.writer.commits >= 1)
        for n in range(30):
            collection.put(document(str(n), n)).result()
        assert connection.execute("SELECT count(*) FROM docs").fetchone() == (1,)
        assert log_bytes(collection) > 0
    until(lambda: log_bytes(collection) == 0)
    assert collection.count() == 31


def residues(path: Path, tokens: list[bytes]) -> int:
    content = path.read_bytes()
    return sum(token in content for token in tokens)


def database_with_residues(path: Path) -> tuple[list[bytes], list[str]]:
    """A database from which rows were deleted with secure_delete; return their tokens, and the rows that are left."""
    draw, tokens = random.Random(1), []
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    connection.execute("CREATE TABLE t (key INTEGER PRIMARY KEY, id TEXT UNIQUE, text)")
    for turn in range(10):
        ids = ["".join(draw.choices("bcdfghjklmnp", k=40)) for _ in range(300)]
        others = [f"other/{turn}/{n}" for n in range(30)]
        with connection:
            connection.executemany("INSERT INTO t (id, text) VALUES (?, ?)", [(i, "x" * 100) for i in ids + others])
        with connection:
            connection.executemany("DELETE FROM t WHERE id = ?", [(i,) for i in ids])
        tokens += [i[8:].encode() for i in ids]
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    kept = [str(i) for (i,) in connection.execute("SELECT id FROM t ORDER BY id")]
    connection.close()
    return tokens, kept


def test_pages_that_cannot_be_cleared_at_once_are_cleared_later(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    tokens, _ = database_with_residues(home / "d.sqlite")
    connection = apsw.Connection(str(home / "d.sqlite"))
    connection.execute("SELECT 1 FROM t").fetchall()  # opens the log too
    disk = Disk()
    disk.erased_s = 0.0
    emptying = Emptying(Database(home / "d.sqlite", disk), disk)
    emptying.note(removed=True)
    home.rename(away)
    emptying.step(connection)
    away.rename(home)
    while emptying.rest_s is not None:
        time.sleep(emptying.rest_s)
        emptying.step(connection)
    connection.close()
    assert residues(home / "d.sqlite", tokens) == 0


@pytest.mark.parametrize("pages", [1, 7, 10_000])
def test_what_secure_delete_leaves_in_pages_is_overwritten_and_every_row_stays(tmp_path: Path, pages: int) -> None:
    (tmp_path / "plain").mkdir()
    tokens, kept = database_with_residues(tmp_path / "plain" / "d.sqlite")
    odd = (tmp_path / "plain").rename(tmp_path / "of \udcff bytes")
    path = odd / "d.sqlite"
    assert residues(path, tokens) > 0  # or there were no reason for any of this
    size_bytes = path.stat().st_size
    cleared = sum(Piece(path, PAGE, first, pages).scrub() for first in range(0, size_bytes // PAGE, pages))
    assert cleared > 0
    assert residues(path, tokens) == 0
    assert path.stat().st_size == size_bytes
    assert Piece(path, PAGE, 0, 10_000).scrub() == 0
    odd.rename(tmp_path / "plain")
    connection = apsw.Connection(str(tmp_path / "plain" / "d.sqlite"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [str(i) for (i,) in connection.execute("SELECT id FROM t ORDER BY id")] == kept
    connection.close()


def test_the_locks_of_those_who_have_the_file_open_stay(tmp_path: Path) -> None:
    """In POSIX a process loses its locks on a file where it closes it in any way but SQLite's."""
    database_with_residues(tmp_path / "d.sqlite")
    holder = apsw.Connection(str(tmp_path / "d.sqlite"))
    holder.execute("BEGIN IMMEDIATE; SELECT 1 FROM t").fetchall()
    Piece(tmp_path / "d.sqlite", PAGE, 0, 10).scrub()
    locks = Path("/proc/locks").read_text("ascii")
    inode = (tmp_path / "d.sqlite").stat().st_ino
    assert f":{inode} " in locks
    holder.execute("ROLLBACK")
    holder.close()
