"""The file of keys under many hands: written whole or not at all, by one at a time, and what the commands say."""

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from server.access.key_commands import run
from server.access.key_file import changing, read_keys
from server.contract.errors import SettingsError
from tests.server.access.test_keys import SHOWN, add, id_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_what_fails_in_between_changes_nothing(file: Path) -> None:
    add(file)
    before = file.read_bytes()
    with suppress(ZeroDivisionError), changing(file) as keys:
        keys.clear()
        raise ZeroDivisionError
    assert file.read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {"keys.json", "keys.json.lock"}


@pytest.mark.e2e
def test_a_reader_never_sees_half_a_file(file: Path) -> None:
    for _ in range(20):
        add(file)
    done, seen = threading.Event(), list[int]()

    def read() -> None:
        while not done.is_set():
            seen.append(len(read_keys(file) or ()))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(40):
            add(file)
    finally:
        done.set()
        reader.join()
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert seen[0] >= 20


ADDED = """
import sys
from pathlib import Path
from server.access.key import new_key
from server.access.key_file import changing
for _ in range(15):
    with changing(Path(sys.argv[1])) as keys:
        keys.append(new_key("many", ["embed"])[0])
"""


@pytest.mark.e2e
def test_several_processes_that_add_at_once_lose_nothing(file: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", ADDED, str(file)]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert len(read_keys(file) or ()) == 60


KILLED = """
import os, signal, sys
from pathlib import Path
from server.access.key import new_key
from server.access.key_file import changing
moment = sys.argv[2]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "before it is renamed":
    Path.replace = die
else:
    os.fsync = die
with changing(Path(sys.argv[1])) as keys:
    keys.append(new_key("late", ["embed"])[0])
"""


@pytest.mark.parametrize("moment", ["before it is on disk", "before it is renamed"])
def test_killed_in_the_middle_of_writing_the_old_file_stays(file: Path, moment: str) -> None:
    shown = add(file)
    before = file.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file), moment], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert file.read_bytes() == before
    assert add(file) != shown  # and the lock died with its holder
    assert len(read_keys(file) or ()) == 2


WATCHED = """
import os, sys
from pathlib import Path
from server.access.key_commands import run
sync, rename = os.fsync, Path.replace
def synced(descriptor):
    sync(descriptor)
    print("synced", os.readlink(f"/proc/self/fd/{descriptor}"), file=sys.stderr)
def renamed(path, target):
    rename(path, target)
    print("renamed", path, target, file=sys.stderr)
os.fsync, Path.replace = synced, renamed
run(sys.argv[2:], Path(sys.argv[1]))
"""


def disk_calls(file: Path, *arguments: str) -> list[list[str]]:
    """Run a command on the file, and return what it synced and renamed, in order."""
    command = [sys.executable, "-c", WATCHED, str(file), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [line.split() for line in done.stderr.splitlines() if line.startswith(("synced", "renamed"))]


def test_a_revoked_key_is_gone_from_the_disk_before_the_command_ends(file: Path) -> None:
    shown = add(file)
    *_, content, name, folder = disk_calls(file, "revoke", id_of(shown))
    assert content[0] == "synced"
    assert name == ["renamed", content[1], str(file)]
    assert folder == ["synced", str(file.parent)]


def test_the_folders_that_the_first_key_makes_are_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "keys.json"
    synced = [call[1] for call in disk_calls(file, "add", "me") if call[0] == "synced"]
    assert synced[:3] == [str(tmp_path / "a"), str(tmp_path), str(tmp_path.parent)]
    assert synced[-1] == str(file.parent)


def test_a_folder_that_cannot_be_synced_is_told_and_the_file_is_the_new_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = add(file)
    true, folder = os.fsync, file.parent.stat()

    def failing(descriptor: int) -> None:
        if (os.fstat(descriptor).st_dev, os.fstat(descriptor).st_ino) == (folder.st_dev, folder.st_ino):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        true(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(SettingsError, match=r"keys\.json is written, but a power cut may undo that"):
        run(["revoke", id_of(shown)], file)
    assert read_keys(file) == ()


@pytest.mark.parametrize("scopes", ["root", "embed,root", "", "embed,", "EMBED", "any"])
def test_a_scope_that_there_is_not_is_refused_and_nothing_written(file: Path, scopes: str) -> None:
    with pytest.raises(SettingsError, match="embed, search, write, admin"):
        run(["add", "me", "--scopes", scopes], file)
    assert not file.exists()


def test_an_id_that_there_is_not_is_refused_and_nothing_changed(file: Path) -> None:
    add(file)
    before = file.read_bytes()
    with pytest.raises(SettingsError, match=r"keys\.json.*'000000000000'"):
        run(["revoke", "000000000000"], file)
    assert file.read_bytes() == before


def test_revoking_without_a_file_makes_none(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"keys\.json"):
        run(["revoke", "000000000000"], file)
    assert not file.exists()


def test_a_key_is_printed_once_and_never_listed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["add", "a laptop", "--scopes", "search, embed,search"], file)
    printed = capsys.readouterr()
    shown = printed.out.strip()
    assert SHOWN.fullmatch(shown)
    assert shown not in printed.err
    run(["list"], file)
    (line,) = capsys.readouterr().out.splitlines()
    assert id_of(shown) in line
    assert "search,embed " in line
    assert "a laptop" in line
    assert shown.rsplit("_", 1)[1] not in line


def test_a_name_cannot_write_a_line_of_the_list(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="name"):
        run(["add", "me\n000000000000  2026-01-01 00:00  admin  root"], file)
    assert not file.exists()
