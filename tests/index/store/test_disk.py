"""Files that are made closed to others, beside the locks that SQLite holds on them."""

import fcntl
import subprocess
import sys
from pathlib import Path

from index.store.disk import FILE_MODE, make_closed

TAKE = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


def test_a_file_is_made_for_its_user_alone(tmp_path: Path) -> None:
    make_closed(tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode & 0o777 == FILE_MODE


def test_a_file_that_is_there_keeps_its_content_and_the_locks_that_this_process_has_on_it(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_bytes(b"kept")
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        make_closed(path)
        other = subprocess.run([sys.executable, "-c", TAKE, path], capture_output=True, check=False, timeout=60)
        assert b"BlockingIOError" in other.stderr
    assert path.read_bytes() == b"kept"
