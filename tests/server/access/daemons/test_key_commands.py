"""`python -m server keys`, run as a user runs it."""

import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from server.access.key_file import read_keys
from tests.running import clean_environment
from tests.server.daemon import key_command, make_key

SHOWN = re.compile(r"vecd_[0-9a-f]{12}_[0-9a-f]{64}\n")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_key_is_printed_once_alone_and_only_its_hash_is_kept(file: Path) -> None:
    made = key_command(file, "add", "a laptop")
    assert made.returncode == 0
    assert SHOWN.fullmatch(made.stdout)
    assert "not shown again" in made.stderr
    secret = made.stdout.strip().rsplit("_", 1)[1]
    assert secret not in file.read_text("utf-8") + made.stderr + key_command(file, "list").stdout
    assert file.stat().st_mode & 0o777 == 0o600


def test_keys_are_listed_and_revoked_by_their_id(file: Path) -> None:
    first, second = (make_key(file, scopes, name) for scopes, name in (("embed", "one"), ("search,admin", "two")))
    lines = key_command(file, "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [first.split("_")[1], second.split("_")[1]]
    assert "search,admin" in lines[1]
    gone = key_command(file, "revoke", first.split("_")[1])
    assert (gone.returncode, gone.stdout) == (0, "")
    assert [line.split()[-1] for line in key_command(file, "list").stdout.splitlines()] == ["two"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_file_is_an_empty_list(file: Path) -> None:
    found = key_command(file, "list")
    assert (found.returncode, found.stdout, file.exists()) == (0, "", False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "me", "--scopes", "root"], "'root'; there are embed, search, write, admin"),
        (["revoke", "000000000000"], "no key with the id '000000000000'"),
    ],
)
def test_what_cannot_be_done_ends_with_a_line_and_1(file: Path, arguments: list[str], said: str) -> None:
    failed = key_command(file, *arguments)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert said in failed.stderr
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["list"], ["add", "me"], ["revoke", "000000000000"]])
def test_a_damaged_file_is_refused_with_its_name_and_left_alone(file: Path, arguments: list[str]) -> None:
    file.write_text('{"format": 1, "keys": [')
    failed = key_command(file, *arguments)
    assert failed.returncode == 1
    assert str(file) in failed.stderr
    assert "Traceback" not in failed.stderr
    assert file.read_text() == '{"format": 1, "keys": ['


def test_commands_at_the_same_time_lose_no_key(file: Path) -> None:
    command = [sys.executable, "-m", "server", "keys", "add", "many", "--keys", str(file)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=clean_environment())
        for _ in range(6)
    ]
    shown = [process.communicate(timeout=60)[0].strip() for process in processes]
    kept = {key.id for key in read_keys(file) or ()}
    assert kept == {one.split("_")[1] for one in shown}
    assert len(kept) == 6


def test_killed_at_any_moment_there_is_the_old_file_or_the_new_one(file: Path) -> None:
    make_key(file)
    command = [sys.executable, "-m", "server", "keys", "add", "late", "--keys", str(file)]
    start_s = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=clean_environment())
    usual_s, counts = time.perf_counter() - start_s, [2]
    for share in (0.8, 0.9, 0.95, 1.0, 1.05):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment())
        time.sleep(usual_s * share)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        counts.append(len(read_keys(file) or ()))
    assert all(after - before in {0, 1} for before, after in pairwise(counts))
    make_key(file)  # and nobody holds the lock


def test_the_file_is_that_of_the_settings(file: Path) -> None:
    command = [sys.executable, "-m", "server", "keys", "add", "me"]
    environment = clean_environment(VECD_KEYS=str(file))
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
    assert len(read_keys(file) or ()) == 1
