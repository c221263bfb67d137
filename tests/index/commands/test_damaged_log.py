"""A log that a killed process left and that is damaged: told by whatever reads first, and never passed over."""

import fcntl
from pathlib import Path

import pytest

from index.index import Index
from index.store.layout import LOCK_FILE
from index.store.log import FRAME_BYTES, HEADER_BYTES, examine_log
from tests.index.commands.running import DATABASE, content, fill, fill_and_kill, lines_of, run
from tests.index.harness import document, open_index

FRAME = FRAME_BYTES + 4096


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("killed")
    fill_and_kill(folder)
    return content(folder)


@pytest.fixture(params=["flipped", "cut off"])
def data(killed: dict[str, bytes], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A killed folder with a byte of its log flipped, or half of the log gone."""
    folder = tmp_path / "data"
    for name, found in killed.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(found)
    (folder / LOCK_FILE).touch()
    log = folder / f"{DATABASE}-wal"
    found = log.read_bytes()
    at = HEADER_BYTES + len(found) // FRAME // 2 * FRAME + 2000
    log.write_bytes(found[: len(found) // 2] if request.param == "cut off" else harmed(found, at))
    return folder


def harmed(found: bytes, at: int) -> bytes:
    return found[:at] + bytes([found[at] ^ 0xFF]) + found[at + 1 :]


@pytest.mark.parametrize("command", ["stats", "backup", "export"])
def test_it_is_told_by_who_reads_and_its_signs_stay(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    target = {"stats": [], "backup": [tmp_path / "copy"], "export": [tmp_path / "out.ndjson"]}[command]
    before = content(data)
    assert run(command, *target, "--data", data) == 1
    printed = capsys.readouterr()
    assert "the write-ahead log" in printed.out + printed.err
    assert content(data) == before
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert run("doctor", data) == 1


def test_it_is_not_restored_from_and_nothing_changes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "now", 3)
    before = content(tmp_path / "now")
    assert run("restore", data, "--data", tmp_path / "now", "--replace") == 1
    assert "nothing was changed. Take another backup" in capsys.readouterr().err
    assert content(tmp_path / "now") == before


def test_what_is_left_is_saved_when_that_is_asked_for_and_the_loss_is_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(data)
    assert run("export", "-", "--data", data, "--skip-damaged") == 1
    assert "left out: the write-ahead log" in capsys.readouterr().err
    assert content(data) == before


def test_a_folder_that_a_server_has_is_not_looked_into(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its log is being written: what looks damaged is a commit that is under way."""
    with (data / LOCK_FILE).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run("stats", "--data", data)
        assert lines_of(capsys)[0].startswith("default: ")
    assert "the write-ahead log" not in capsys.readouterr().out


def test_a_log_in_order_is_read_with_all_that_is_in_it(
    killed: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, found in killed.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(found)
    assert run("stats", "--data", tmp_path) == 0
    assert lines_of(capsys)[0].startswith("default: 38 documents")
    assert examine_log(tmp_path / DATABASE) == []
    index: Index = open_index(tmp_path)
    index.collection().put(document("new", 1)).result()
    assert run("stats", "--data", tmp_path) == 0
    assert lines_of(capsys)[0].startswith("default: 39 documents")
    index.close()
