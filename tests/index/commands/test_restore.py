"""restore: checked whole before anything changes, all or nothing, and never over documents unasked."""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from index import StorageFullError
from index.commands.errors import CommandError
from index.commands.reading import ReadDatabase
from index.commands.restore import empty_log
from tests.index.commands.running import DATABASE, content, fill, fill_and_kill, ids, run
from tests.index.harness import document, open_index


def test_a_damaged_backup_is_refused_before_anything_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "data")
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    before, whole = content(tmp_path / "data"), (tmp_path / "copy" / DATABASE).read_bytes()
    random_ = random.Random(1)
    damages = [whole.replace(b"the text of 3", b"the toxt of 3"), whole[:5000], b"", b"no database" * 1000]
    damages += [whole[:at] + random_.randbytes(64) + whole[at + 64 :] for at in range(4096, 20_000, 4096)]
    for damaged in damages:
        (tmp_path / "copy" / DATABASE).write_bytes(damaged)
        assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 1
        error = capsys.readouterr().err
        assert "is damaged" in error
        assert "nothing was changed" in error
        assert content(tmp_path / "data") == before


def test_documents_are_replaced_only_when_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "old", 5)
    fill(tmp_path / "data", 7)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data") == 1
    assert "has 7 documents; with --replace" in capsys.readouterr().err
    assert len(ids(tmp_path / "data")) == 7
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 0
    assert len(ids(tmp_path / "data")) == 5


def test_one_collection_is_restored_and_the_others_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "data", 5)
    index = open_index(tmp_path / "data")
    index.create("other").put(document("o")).result()
    index.close()
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    index = open_index(tmp_path / "data")
    index.drop("default")
    index.collection("other").delete("o").result()
    index.close()
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--collection", "default") == 0
    assert "left as they were: other" in capsys.readouterr().err
    assert len(ids(tmp_path / "data")) == 5
    assert ids(tmp_path / "data", "other") == []
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--collection", "no") == 1
    assert "there are default, other" in capsys.readouterr().err


def test_the_log_of_what_was_there_is_not_applied_to_what_comes(tmp_path: Path) -> None:
    fill(tmp_path / "old", 5)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    fill_and_kill(tmp_path / "data")
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 0
    assert run("doctor", tmp_path / "data") == 0
    assert len(ids(tmp_path / "data")) == 5


def test_a_server_starts_with_what_was_restored_while_somebody_reads_it(tmp_path: Path) -> None:
    fill(tmp_path / "old", 5)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data") == 0
    with ReadDatabase(tmp_path / "data" / DATABASE).reading(1000):
        assert len(ids(tmp_path / "data")) == 5


@pytest.mark.parametrize("what", ["apsw.FullError", "apsw.IOError", "StorageFullError"])
def test_a_log_that_cannot_be_moved_for_want_of_room_is_kept(tmp_path: Path, what: str) -> None:
    fill_and_kill(tmp_path / "data")
    before = content(tmp_path / "data")
    error = StorageFullError("no room") if what == "StorageFullError" else getattr(apsw, what.split(".")[1])("no room")

    def refuse(_: Path) -> bool:
        raise error

    with pytest.raises(CommandError, match="cannot be exchanged"):
        empty_log(tmp_path / "data" / DATABASE, refuse)
    assert content(tmp_path / "data") == before


@pytest.mark.e2e
def test_what_is_being_read_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "old", 5)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    fill_and_kill(tmp_path / "data")
    with ReadDatabase(tmp_path / "data" / DATABASE).reading(1000):
        assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 1
    assert "being read by another process" in capsys.readouterr().err
    assert run("doctor", tmp_path / "data") == 0
    assert len(ids(tmp_path / "data")) == 38


def test_a_damaged_collection_is_replaced(tmp_path: Path) -> None:
    fill(tmp_path / "data", 5)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    (tmp_path / "data" / DATABASE).write_bytes(b"rubbish" * 2000)
    (tmp_path / "data" / f"{DATABASE}-wal").write_bytes(b"rubbish" * 2000)
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data") == 1
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 0
    assert len(ids(tmp_path / "data")) == 5


def test_a_copy_of_a_whole_data_folder_is_a_backup_too(tmp_path: Path) -> None:
    fill_and_kill(tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    before = content(tmp_path / "copy")
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "new") == 0
    assert content(tmp_path / "copy") == before
    assert len(ids(tmp_path / "new")) == 38


def test_folders_in_use_are_refused_and_so_is_the_folder_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "copy", 5)
    index = open_index(tmp_path / "data")
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data") == 1
    assert "is in use by process" in capsys.readouterr().err
    assert run("restore", tmp_path / "data", "--data", tmp_path / "new") == 1
    assert "is in use by process" in capsys.readouterr().err
    index.close()
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "copy") == 1
    assert "is the data folder itself" in capsys.readouterr().err
    assert run("restore", tmp_path / "copy", "--data", ":memory:") == 1


KILLED_RESTORE = """
import os, sys
from index.__main__ import main
steps, events = int(sys.argv[3]), sys.argv[4].split()
def step(event, _):
    global steps
    steps -= event in events
    if steps == 0:
        steps = -1  # os.kill is told here too
        os.kill(os.getpid(), 9)
import index.commands.restore
sys.addaudithook(step)
sys.exit(main(["restore", sys.argv[1], "--data", sys.argv[2], "--replace"]))
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    "events", ["os.rename", pytest.param("os.rename os.remove os.mkdir os.rmdir open", marks=pytest.mark.e2e)]
)
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, events: str) -> None:
    fill(tmp_path / "old", 5)
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "old") == 0
    fill_and_kill(tmp_path / "was")
    left: list[int] = []
    for step in range(1, 100):
        data = Path(shutil.copytree(tmp_path / "was", tmp_path / f"data{step}"))
        arguments = [sys.executable, "-c", KILLED_RESTORE, str(tmp_path / "copy"), str(data), str(step), events]
        ended = subprocess.run(arguments, check=False, capture_output=True, timeout=60)
        assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr
        assert run("doctor", data) == 0
        left.append(len(ids(data)))
        if ended.returncode == 0:
            break
    assert left == [38] * left.count(38) + [5] * left.count(5)
    assert set(left) == {38, 5}
