"""What a process leaves in the log behind its last commit is not taken for commits of the next one."""

import subprocess
import sys
from pathlib import Path

from index.store.log import FRAME_BYTES, HEADER_BYTES, Frame, frames
from tests.index.commands.running import DATABASE
from tests.index.harness import open_index

FRAME = FRAME_BYTES + 4096
# Writes a document, then much of a batch that it never commits, and is killed.
IN_A_BATCH = """
import os, pathlib, sys
import apsw
from tests.index.harness import document, open_index
folder = pathlib.Path(sys.argv[1])
index = open_index(folder)
index.collection().put(document("first", 1)).result()
batch = apsw.Connection(str(folder / sys.argv[2]))
batch.execute("PRAGMA cache_size=10; BEGIN IMMEDIATE; CREATE TABLE batch (content BLOB)")
for _ in range(50):
    batch.execute("INSERT INTO batch VALUES (randomblob(200000))")
os.kill(os.getpid(), 9)
"""
ONE_MORE = """
import os, pathlib, sys
from tests.index.harness import document, open_index
open_index(pathlib.Path(sys.argv[1])).collection().put(document("second", 2)).result()
os.kill(os.getpid(), 9)
"""


def killed_by_itself(script: str, folder: Path) -> list[Frame]:
    """Run a script, and return the frames of the log that it leaves."""
    command = [sys.executable, "-c", script, str(folder), str(DATABASE)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    with (folder / DATABASE).with_name(f"{DATABASE.name}-wal").open("rb") as file:
        return list(frames(file, file.read(HEADER_BYTES)))


def test_a_commit_that_is_cut_short_after_a_killed_batch_keeps_nobody_from_starting(tmp_path: Path) -> None:
    left = killed_by_itself(IN_A_BATCH, tmp_path)
    assert not left[-1].commit  # a batch lies behind the last commit
    after = killed_by_itself(ONE_MORE, tmp_path)
    last = max(place for place, frame in enumerate(after) if frame.whole and frame.commit)
    log = (tmp_path / DATABASE).with_name(f"{DATABASE.name}-wal")
    content = bytearray(log.read_bytes())
    content[HEADER_BYTES + (last + 1) * FRAME - 1] ^= 0xFF  # its last page did not get to the disk whole
    log.write_bytes(content)
    log.with_name(f"{DATABASE.name}-shm").unlink()
    index = open_index(tmp_path)
    assert [one.id for one in index.collection().documents()] == ["first"]
    index.close()
