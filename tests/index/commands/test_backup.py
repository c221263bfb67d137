"""backup: of one commit, checked whole, and there when all of it is."""

import subprocess
import threading
from pathlib import Path

import pytest

from tests.index.commands.running import DATABASE, command, content, fill, fill_and_kill, ids, lines_of, run
from tests.index.harness import document, open_index


def test_what_is_backed_up_is_what_is_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, copy, new = tmp_path / "data", tmp_path / "copy", tmp_path / "new"
    fill(data)
    index = open_index(data)
    index.create("other").put(document("o")).result()
    index.close()
    assert run("backup", copy, "--data", data) == 0
    assert lines_of(capsys) == [f"{copy}: 2 collections, 41 documents, checked"]
    assert sorted(content(copy)) == ["collections/default/documents.sqlite", "collections/other/documents.sqlite"]
    assert run("restore", copy, "--data", new) == 0
    assert ids(new) == ids(data)
    assert ids(new, "other") == ["o"]


@pytest.mark.e2e
def test_a_backup_is_of_one_commit_while_a_server_writes(tmp_path: Path) -> None:
    """Documents are written in pairs, so both of a pair are there or none."""
    index = open_index(tmp_path / "data")
    collection, over = index.collection(), threading.Event()
    collection.put_many([document(f"{n}", n, "long " * 500) for n in range(2000)]).result()

    def write() -> None:
        number = 0
        while not over.is_set():
            collection.put_many([document(f"a{number}", 1), document(f"b{number}", 2)]).result()
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    outcome = subprocess.run(command("backup", tmp_path / "copy", "--data", tmp_path / "data"), check=False, timeout=60)
    over.set()
    writer.join()
    index.close()
    assert outcome.returncode == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "new") == 0
    found = open_index(tmp_path / "new")
    there = {one.id for one in found.collection().list_after(limit=100_000)}
    found.close()
    assert len({id_ for id_ in there if id_.isdecimal()}) == 2000
    assert {id_[1:] for id_ in there if id_[0] == "a"} == {id_[1:] for id_ in there if id_[0] == "b"}


def test_a_backup_of_what_a_killed_process_left_has_all_of_it(tmp_path: Path) -> None:
    fill_and_kill(tmp_path / "data")
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "new") == 0
    assert len(ids(tmp_path / "new")) == 38


def test_a_target_that_is_there_or_inside_the_data_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "data", 3)
    (tmp_path / "there").mkdir()
    for target in ("there", "data/collections/backup", "data/backup"):
        assert run("backup", tmp_path / target, "--data", tmp_path / "data") == 1
    assert "is there already" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "there"]


def test_damage_is_not_backed_up_and_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "data")
    database = tmp_path / "data" / DATABASE
    database.write_bytes(database.read_bytes().replace(b"the text of 3", b"the toxt of 3"))
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 1
    assert "checksum differs" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
