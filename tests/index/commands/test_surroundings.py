"""Trouble around the data is told as what it is: nothing good is called damaged."""

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from index.commands.doctor import advice, lines, require
from index.commands.errors import CommandError, UnexaminedError
from index.commands.examination import Examined
from index.store.checks import attempt
from index.store.connections import is_of_surroundings
from tests.index.commands.running import fill, fill_and_kill, run

# Runs a piece of Python in which no file can grow, or only so many more can be opened.
LIMITED = """
import os, pathlib, resource, signal
from index.__main__ import main
from index.commands import doctor, examination, restore
from tests.index.harness import open_index
folder = pathlib.Path({folder!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
{limit}
{act}
"""
NO_FILE_GROWS = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
FEW_MORE_FILES = (
    "resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir('/proc/self/fd'))) + {more}, 4096))"
)


def limited(folder: Path, limit: str, act: str) -> subprocess.CompletedProcess[str]:
    code = LIMITED.format(folder=str(folder), limit=limit, act=act)
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("killed", [False, True])
def test_no_room_for_temporary_files_is_no_damage(tmp_path: Path, killed: bool) -> None:
    (fill_and_kill if killed else fill)(tmp_path)
    done = limited(tmp_path, NO_FILE_GROWS, "raise SystemExit(main(['doctor', str(folder)]))")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("default: well; ")


@pytest.mark.parametrize("more", [0, 1])
def test_no_descriptors_left_is_no_damage(tmp_path: Path, more: int) -> None:
    fill(tmp_path)
    limit = FEW_MORE_FILES.format(more=more)
    done = limited(tmp_path, limit, "raise SystemExit(main(['doctor', str(folder)]))")
    assert done.returncode == 3
    assert "Too many open files" in done.stdout + done.stderr
    assert "damaged" not in (done.stdout + done.stderr).replace("nothing is known to be damaged", "")


def test_a_log_that_cannot_be_read_just_now_is_no_damaged_one(tmp_path: Path) -> None:
    fill_and_kill(tmp_path)
    database = "folder / 'collections' / 'default' / 'documents.sqlite'"
    act = f"from index.store.log import check_log\ncheck_log({database})"
    done = limited(tmp_path, FEW_MORE_FILES.format(more=0), act)
    assert "UnreadableError: the write-ahead log of " in done.stderr
    assert done.stderr.rstrip().endswith("cannot be read: Too many open files")


def test_a_snapshot_that_cannot_be_read_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path, count=600)
    for snapshot in (tmp_path / "collections" / "default").glob("view-*.usearch"):
        snapshot.unlink()
        snapshot.symlink_to("/proc/self/mem")  # which gives nothing at its beginning but an error
    assert run("doctor", tmp_path) == 3
    printed = capsys.readouterr().out
    assert printed.startswith("default: could not be examined\n")
    assert os.strerror(5) in printed


@pytest.mark.parametrize("error", [apsw.FullError("x"), apsw.CantOpenError("x"), apsw.NoMemError("x"), OSError(5, "x")])
def test_checks_that_are_stopped_from_outside_find_nothing(error: Exception) -> None:
    def stopped(_: apsw.Connection) -> list[str]:
        raise error

    connection = apsw.Connection(":memory:")
    with pytest.raises(type(error)):
        attempt(stopped, connection)
    connection.close()


def test_a_file_that_is_too_short_is_damaged_all_the_same() -> None:
    error = apsw.IOError("disk I/O error")
    assert is_of_surroundings(error)
    error.__dict__["extendedresult"] = apsw.SQLITE_IOERR_SHORT_READ  # as apsw sets it
    assert not is_of_surroundings(error)
    assert not is_of_surroundings(apsw.CorruptError("x"))


def test_what_could_not_be_examined_is_told_apart_from_damage() -> None:
    unknown = Examined(unexamined="it cannot be read: Permission denied")
    assert lines(Path("data"), {"notes": unknown})[:2] == [
        "notes: could not be examined",
        "  it cannot be read: Permission denied",
    ]
    assert advice(Path("data"), "notes", unknown).startswith("nothing is known to be damaged")
    with pytest.raises(UnexaminedError, match="could not be examined: it cannot be read: Permission denied"):
        require(unknown, "the backup's collection 'notes'", "take another")
    both = Examined(problems=("a page is gone",), unexamined="a snapshot cannot be read")
    with pytest.raises(CommandError, match="is damaged: a page is gone"):
        require(both, "the backup's collection 'notes'", "take another")
    assert lines(Path("data"), {"notes": both})[0] == "notes: damaged"
