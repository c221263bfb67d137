"""doctor: well is well, whatever is damaged is found, nothing ends it early, and nothing is changed."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.index.commands.running import DATABASE, command, content, fill, fill_and_kill, lines_of, run
from tests.index.harness import open_index
from tests.index.vectors import one


def test_a_folder_in_order_is_well_and_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    before = content(tmp_path)
    assert run("doctor", tmp_path) == 0
    assert lines_of(capsys) == ["default: well; 40 documents, model model-a"]
    assert run("doctor", "--data", tmp_path, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["collections"]["default"]["documents"] == 40
    assert content(tmp_path) == before


def test_what_a_killed_process_left_in_its_log_counts_and_stays_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_and_kill(tmp_path)
    before = content(tmp_path)
    assert len(before[f"{DATABASE}-wal"]) > len(before[str(DATABASE)])
    assert run("doctor", tmp_path) == 0
    assert lines_of(capsys) == ["default: well; 38 documents, model model-a"]
    assert content(tmp_path) == before


def test_a_collection_without_documents_is_well(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    assert run("doctor", tmp_path) == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"the text of 3", b"the toxt of 3", "the document '3' (key 4) is damaged: its checksum differs"),
        (b"the text of 3", b"the te\xfft of 3", "the document '3' (key 4) is damaged: its checksum differs"),
        (b'{"n":7}', b'{"n":8}', "the document '7' (key 8) is damaged: its checksum differs"),
        (one(3).tobytes(), bytes(128), "the vector with key 4 is damaged: its checksum or its length differs"),
        (b"CREATE TABLE meta (name", b"CREATE TABLE meta (nome", "the definition of 'meta' is not vecd's"),
    ],
)
def test_damage_is_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: bytes, new: bytes, told: str
) -> None:
    fill(tmp_path)
    found = (tmp_path / DATABASE).read_bytes()
    assert old in found
    (tmp_path / DATABASE).write_bytes(found.replace(old, new))
    assert run("doctor", tmp_path) == 1
    lines = lines_of(capsys)
    assert lines[0] == "default: damaged"
    assert f"  {told}" in lines
    assert "index restore BACKUP" in lines[-1]


def test_a_damaged_view_is_told_apart_since_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    (view,) = tmp_path.rglob("view-*")
    view.write_bytes(view.read_bytes()[:-1])
    assert run("doctor", tmp_path) == 1
    assert "nothing is lost; start the server" in lines_of(capsys)[-1]
    view.unlink()
    assert run("doctor", tmp_path) == 1
    assert "is not there" in capsys.readouterr().out


def test_damaged_words_are_told_apart_since_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    index = open_index(tmp_path)
    assert index.collection().wait_for_words(60)
    index.close()
    before = content(tmp_path)
    assert run("doctor", tmp_path) == 0
    assert content(tmp_path) == before
    for words in sorted(tmp_path.rglob("words-*/*.idx")):
        words.write_bytes(words.read_bytes()[:-1])
    assert run("doctor", tmp_path) == 1
    lines = lines_of(capsys)
    assert "is damaged: its checksum differs" in "".join(lines)
    assert "nothing is lost; start the server" in lines[-1]
    shutil.rmtree(words.parent)
    assert run("doctor", tmp_path) == 1
    assert "is not there" in capsys.readouterr().out


def test_a_newer_schema_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    connection = apsw.Connection(str(tmp_path / DATABASE))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert run("doctor", tmp_path) == 1
    lines = lines_of(capsys)
    assert lines[0] == "default: newer"
    assert lines[-1] == "  what to do: use the newer vecd"


@pytest.mark.parametrize("left", [0, 1, 100, 4096, 50_000])
def test_a_truncated_database_is_damaged(tmp_path: Path, left: int) -> None:
    fill(tmp_path)
    (tmp_path / DATABASE).write_bytes((tmp_path / DATABASE).read_bytes()[:left])
    assert run("doctor", tmp_path) == 1


def test_a_database_that_is_gone_is_damage_and_the_others_are_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path)
    index = open_index(tmp_path)
    index.create("other")
    index.close()
    (tmp_path / DATABASE).unlink()
    assert run("doctor", tmp_path) == 1
    lines = lines_of(capsys)
    assert "is not there" in lines[1]
    assert lines[-1] == "other: well; 0 documents, model model-a"


def test_folders_that_are_not_vecds_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for folder, what in ((tmp_path, "no data folder of vecd"), (tmp_path / "no", "not there"), (tmp_path / "file", "")):
        assert run("doctor", folder) == 1
        assert what in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert run("doctor", ":memory:") == 1
    assert "not on the disk" in capsys.readouterr().err


def test_what_does_not_belong_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    (tmp_path / "collections" / "Stranger \x1b[31m").mkdir()
    assert run("doctor", tmp_path) == 1
    assert r"'Stranger \x1b[31m': no collection of vecd" in capsys.readouterr().out


def test_a_change_that_was_cut_off_in_its_journal_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    code = f"""
import apsw, os
connection = apsw.Connection({str(tmp_path / DATABASE)!r})
connection.execute("PRAGMA journal_mode=DELETE; PRAGMA cache_size=1; BEGIN").fetchall()
connection.execute("UPDATE docs SET text = 'x' || text")
connection.cache_flush()
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    before = content(tmp_path)
    assert f"{DATABASE}-journal" in before
    assert run("doctor", tmp_path) == 1
    assert "taken back when the server starts" in capsys.readouterr().out
    assert content(tmp_path) == before


def test_a_folder_may_be_a_link(tmp_path: Path) -> None:
    fill_and_kill(tmp_path / "data")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert run("doctor", tmp_path / "link") == 0
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "link") == 0
    assert run("restore", tmp_path / "link", "--data", tmp_path / "new") == 0
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "link", "--replace") == 0
    assert run("doctor", tmp_path / "link") == 0
    assert (tmp_path / "link").is_symlink()


def test_a_backup_can_be_looked_at_and_gets_no_lock(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    assert run("doctor", tmp_path / "copy") == 0
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["collections"]


def test_a_folder_in_use_by_another_process_is_refused(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    second = subprocess.run(command("doctor", tmp_path), check=False, capture_output=True, text=True, timeout=60)
    index.close()
    assert second.returncode == 3
    assert "is in use by process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("killed", [False, True])
def test_any_damage_is_found_or_harmless_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], killed: bool
) -> None:
    """Well after damage means that every document and every vector can be read as it was."""
    fill_and_kill(tmp_path) if killed else fill(tmp_path)
    files = content(tmp_path)
    assert run("export", "-", "--data", tmp_path, "--vectors") == 0
    truth = capsys.readouterr().out
    random_ = random.Random(2)
    for _ in range(60):
        name = random_.choices(list(files), [len(found) for found in files.values()])[0]
        damaged = damage(files[name], random_)
        for other, found in files.items():
            (tmp_path / other).write_bytes(damaged if other == name else found)
        before = content(tmp_path)
        status = run("doctor", tmp_path)
        assert content(tmp_path) == before
        capsys.readouterr()
        if status == 0:
            assert run("export", "-", "--data", tmp_path, "--vectors") == 0
            assert capsys.readouterr().out == truth


def damage(found: bytes, random_: random.Random) -> bytes:
    at = random_.randrange(len(found))
    match random_.randrange(8):
        case 0:
            return found[:at]
        case 1:
            return found[:at] + bytes(min(512, len(found) - at)) + found[at + 512 :]
    return found[:at] + bytes([found[at] ^ 1 << random_.randrange(8)]) + found[at + 1 :]


@pytest.mark.e2e
@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.e2e)])
def test_a_folder_killed_at_any_moment_is_well(tmp_path: Path, kills: int) -> None:
    code = f"""
import pathlib, random
from tests.index.harness import document, open_index
collection = open_index(pathlib.Path({str(tmp_path)!r})).collection()
print("open", flush=True)
while True:
    n = random.randrange(300)
    collection.put_many([document(str(n), n, "text " * random.randrange(3000)), document(str(n + 1), n)]).result()
    collection.delete(str(random.randrange(300))).result()
    if n < 10:
        collection.snapshot()
"""
    for seed in range(kills):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(random.Random(seed).random() * 0.4)
            process.kill()
        assert run("doctor", tmp_path) == 0
