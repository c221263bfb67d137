"""The write-ahead log: what SQLite would pass over in silence is told, what a kill leaves is not."""

import os
import struct
from pathlib import Path

import apsw
import pytest

from index import DamagedError, FolderInUseError
from index.store.layout import LOCK_FILE
from index.store.lock import FolderLock, boot_in, outlived_a_boot, present_boot
from index.store.log import FRAME_BYTES, HEADER_BYTES, WORD, Sums, added, examine_log
from tests.index.commands.running import DATABASE, fill, fill_and_kill
from tests.index.harness import open_index

PAGE = 4096
FRAME = FRAME_BYTES + PAGE


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    fill_and_kill(folder)
    return folder / DATABASE


@pytest.fixture
def database(killed: Path, tmp_path: Path) -> Path:
    for path in killed.parent.glob(f"{killed.name}*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / killed.name


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def change(path: Path, at: int, count: int = 1) -> None:
    found = bytearray(path.read_bytes())
    for position in range(at, at + count):
        found[position] ^= 0xFF
    path.write_bytes(found)


def forget_index(database: Path) -> None:
    database.with_name(f"{database.name}-shm").unlink()


def test_what_a_kill_leaves_is_well(database: Path) -> None:
    assert examine_log(database) == []
    forget_index(database)
    assert examine_log(database) == []


def test_no_log_at_all_is_well(tmp_path: Path) -> None:
    fill(tmp_path)
    assert examine_log(tmp_path / DATABASE) == []


@pytest.mark.parametrize("at", [HEADER_BYTES, HEADER_BYTES + 8, HEADER_BYTES + FRAME + 2000, HEADER_BYTES + 5 * FRAME])
def test_a_changed_byte_before_a_commit_is_damage_even_without_the_index(database: Path, at: int) -> None:
    forget_index(database)
    change(log_of(database), at)
    assert "commits that follow cannot be read" in examine_log(database)[0]


def test_a_changed_header_is_damage(database: Path) -> None:
    forget_index(database)
    change(log_of(database), 17)
    assert "header is damaged" in examine_log(database)[0]


@pytest.mark.parametrize("lost", [1, FRAME, 3 * FRAME])
def test_a_log_cut_short_is_told_by_its_index(database: Path, lost: int) -> None:
    log = log_of(database)
    log.write_bytes(log.read_bytes()[: -(log.stat().st_size - HEADER_BYTES) % FRAME or None][:-lost])
    assert "what was committed last is lost" in examine_log(database)[0]
    log.unlink()
    assert "has 0 of" in examine_log(database)[0]


def test_a_commit_that_was_not_finished_is_no_damage(database: Path) -> None:
    """A kill between a frame's header and its page: the frame is the last, and says that a commit ends with it."""
    forget_index(database)
    log = log_of(database)
    frames = (log.stat().st_size - HEADER_BYTES) // FRAME
    torn = log.read_bytes()[HEADER_BYTES + (frames - 1) * FRAME :][:FRAME_BYTES]
    log.write_bytes(log.read_bytes() + torn)
    assert examine_log(database) == []
    log.write_bytes(log.read_bytes() + bytes(PAGE))
    assert examine_log(database) == []


def test_an_index_that_is_damaged_itself_says_nothing(database: Path) -> None:
    index = database.with_name(f"{database.name}-shm")
    change(index, 16)
    assert examine_log(database) == []
    index.write_bytes(b"short")
    assert examine_log(database) == []


def test_an_index_over_a_damaged_log_does_not_open_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    fill_and_kill(tmp_path)
    log = next(tmp_path.rglob("*-wal"))
    change(log, HEADER_BYTES + FRAME + 2000)
    before = log.read_bytes()
    for _ in range(2):
        with pytest.raises(DamagedError, match=r"commits that follow cannot be read\. Restore a backup"):
            open_index(tmp_path)
    assert log.read_bytes() == before


def plainly(sums: Sums, content: bytes, order: str) -> Sums:
    """The checksum as SQLite's documentation has it, word by word."""
    first, second = sums
    for even, odd in struct.iter_unpack(f"{order}2I", content):
        first = (first + even + second) % WORD
        second = (second + odd + first) % WORD
    return first, second


@pytest.mark.parametrize("order", ["<", ">", "="])
@pytest.mark.parametrize("size", [8, 24, 40, PAGE])
def test_the_sum_of_many_words_is_that_of_one_after_the_other(order: str, size: int) -> None:
    content, sums = os.urandom(size), (2**32 - 1, 12345)
    assert added(sums, content, order) == plainly(sums, content, order)


def test_commits_that_the_disk_refused_are_no_damage_where_the_index_counts_what_is_whole(database: Path) -> None:
    """Two commits that failed one after the other, the second shorter: its end, then what is left of the first."""
    log = log_of(database)
    content = log.read_bytes()
    header, last = content[:HEADER_BYTES], content[-FRAME:]
    assert last[4:8] != bytes(4)  # a commit
    refused = last[:16] + bytes(8) + last[24:]
    assert (len(content) - len(header)) % FRAME == 0
    log.write_bytes(content + refused + refused)
    assert examine_log(database) == []
    forget_index(database)
    assert "commits that follow cannot be read" in examine_log(database)[0]


def test_an_index_that_was_made_of_what_could_be_read_excuses_nothing(database: Path) -> None:
    log = log_of(database)
    change(log, HEADER_BYTES + (log.stat().st_size - HEADER_BYTES) // FRAME // 2 * FRAME + 2000)
    forget_index(database)
    connection = apsw.Connection(str(database))
    connection.execute("SELECT count(*) FROM docs").fetchall()
    assert database.with_name(f"{database.name}-shm").is_file()
    assert "commits that follow cannot be read" in examine_log(database)[0]
    connection.close()


def test_an_index_from_before_the_machine_was_started_anew_says_nothing(tmp_path: Path) -> None:
    """Of what is mapped into memory a power cut may leave any earlier state, beside a log that was emptied since."""
    fill_and_kill(tmp_path)
    lock = tmp_path / LOCK_FILE
    log_of(tmp_path / DATABASE).write_bytes(b"")
    for boot in ("", present_boot()):
        lock.write_text(f"1\n{boot}\n")
        assert "has 0 of" in examine_log(tmp_path / DATABASE)[0]
        with pytest.raises(DamagedError, match="has 0 of"):
            open_index(tmp_path)
    lock.write_text("1\nan earlier start\n")
    assert examine_log(tmp_path / DATABASE) == []
    for _ in range(2):
        open_index(tmp_path).close()


def test_a_folder_names_the_start_of_the_machine_once_all_is_open(tmp_path: Path) -> None:
    lock = tmp_path / LOCK_FILE
    open_index(tmp_path).close()
    assert boot_in(lock) == present_boot()
    assert not outlived_a_boot(tmp_path)
    lock.write_text("1234567890\nan earlier start\n")
    with FolderLock(tmp_path):
        assert outlived_a_boot(tmp_path)
        with pytest.raises(FolderInUseError, match=f"by process {os.getpid()};"):
            FolderLock(tmp_path)
    open_index(tmp_path).close()
    assert not outlived_a_boot(tmp_path)
