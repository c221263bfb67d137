"""compact: the room of what was deleted is given back, and neither a kill nor a full disk costs a document."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from index.store.queries import single
from tests.disks import small_disk
from tests.index.commands.running import DATABASE, content, fill, fill_and_kill, ids, run
from tests.index.erasing import found_in_files, secrets
from tests.index.harness import document, open_index

MANY, TEXT = 400, "room " * 1_000


def emptied(folder: Path) -> int:
    """Write much and delete nearly all of it; return the bytes of the database."""
    index = open_index(folder)
    collection = index.collection()
    collection.put_many([document(str(n), n, f"the text of {n} {TEXT}", n=n) for n in range(MANY)]).result()
    collection.delete_matching({"n": {"$gte": 10}}).result()
    assert collection.wait_for_words(60)
    index.close()
    return (folder / DATABASE).stat().st_size


def test_the_disk_is_given_back_and_the_documents_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = emptied(tmp_path / "data")
    assert run("compact", "--data", tmp_path / "data") == 0
    after = (tmp_path / "data" / DATABASE).stat().st_size
    assert after < before / 10
    assert capsys.readouterr().out.startswith(f"default: {before:,} bytes before, {after:,} bytes now: ")
    assert run("doctor", tmp_path / "data") == 0
    assert ids(tmp_path / "data") == sorted(str(n) for n in range(10))
    index = open_index(tmp_path / "data")
    assert index.collection().put(document("new", 1)).result() == 1
    assert index.collection().health().problems == ()
    with index.collection().store.readers.reading() as connection:  # no key is used twice
        assert single(connection, "SELECT key FROM docs WHERE id = 'new'") > MANY
    index.close()


def test_what_an_earlier_version_left_is_gone(tmp_path: Path) -> None:
    """It did not overwrite what it deleted."""
    sought = secrets(200, seed=5)
    index = open_index(tmp_path)
    index.collection().put_many([one.document() for one in sought]).result()
    index.close()
    connection = apsw.Connection(str(tmp_path / DATABASE))
    for table in ("docs", "attr", "vectors"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM meta WHERE name = 'words'")
    connection.close()
    for words in (tmp_path / DATABASE).parent.glob("words-*"):
        shutil.rmtree(words)
    assert found_in_files(tmp_path, sought) == {str(DATABASE)}
    assert run("compact", "--data", tmp_path) == 0
    assert found_in_files(tmp_path, sought) == set()


def test_what_a_killed_server_left_in_the_log_is_kept(tmp_path: Path) -> None:
    fill_and_kill(tmp_path)
    assert run("compact", "--data", tmp_path, "--collection", "default") == 0
    assert len(ids(tmp_path)) == 38
    assert run("doctor", tmp_path) == 0


def test_a_folder_in_use_is_refused_and_so_is_one_that_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path)
    index = open_index(tmp_path)
    assert run("compact", "--data", tmp_path) == 1
    assert "is in use by process" in capsys.readouterr().err
    index.close()
    whole = (tmp_path / DATABASE).read_bytes()
    (tmp_path / DATABASE).write_bytes(whole.replace(b"the text of 3", b"the toxt of 3"))
    before = content(tmp_path)
    assert run("compact", "--data", tmp_path) == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert content(tmp_path) == before


KILLED_COMPACT = """
import os, sys
from index.__main__ import main
steps, events = int(sys.argv[2]), {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "open"}
def step(event, _):
    global steps
    steps -= event in events
    if steps == 0:
        steps = -1  # os.kill is told here too
        os.kill(os.getpid(), 9)
import index.commands.compact
sys.addaudithook(step)
sys.exit(main(["compact", "--data", sys.argv[1]]))
"""


@pytest.mark.e2e
def test_killed_at_any_step_it_leaves_every_document(tmp_path: Path) -> None:
    fill_and_kill(tmp_path / "was")
    for step in range(1, 100):
        data = Path(shutil.copytree(tmp_path / "was", tmp_path / f"data{step}"))
        arguments = [sys.executable, "-c", KILLED_COMPACT, str(data), str(step)]
        ended = subprocess.run(arguments, check=False, capture_output=True, timeout=60)
        assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr
        assert run("doctor", data) == 0
        assert len(ids(data)) == 38
        if ended.returncode == 0:
            break
        assert run("compact", "--data", data) == 0  # and nothing is left of the first one
        assert not list((data / "collections").glob(".*"))
    assert step > 10


def test_a_full_disk_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        emptied(disk.folder / "data")
        before = (disk.folder / "data" / DATABASE).read_bytes()
        disk.fill()
        assert run("compact", "--data", disk.folder / "data") == 1
        assert "nothing was changed" in capsys.readouterr().err
        disk.make_room()
        assert (disk.folder / "data" / DATABASE).read_bytes() == before
        assert not list((disk.folder / "data" / "collections").glob(".*"))
        assert run("compact", "--data", disk.folder / "data") == 0
        assert len(ids(disk.folder / "data")) == 10
