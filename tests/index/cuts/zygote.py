"""Forks a process for each order: all is imported, and a life begins in a millisecond.

Orders come in and answers go out as lines of JSON. A process that takes too long is killed, and that is said.
"""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.index.cuts.life import Found, Orders, end, live
from tests.syscalls.records import Record, read_records
from tests.syscalls.running import Watch, start_watched

LIMIT_S = 60.0


class Zygote:
    """From construction until close; all lives are below `base`, one after the other."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._record = base / "record"
        watched = base / "disks"
        watched.mkdir()
        command = [sys.executable, "-m", "tests.index.cuts.zygote"]
        self._process = start_watched(command, Watch(watched, record=self._record))

    def live(self, orders: Orders) -> tuple[Found, list[Record]]:
        """Have a process live, and return what it found and what it did."""
        self._record.write_bytes(b"")
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(orders) + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            piece = process.stdout.read(1 << 20)
            assert piece, "the process that forks has ended"
            answer += piece
        root = str(Path(orders.root).resolve())
        records = [
            record for record in read_records(self._record) if record.call == "mark" or record.path.startswith(root)
        ]
        return msgspec.json.decode(answer, type=Found), records

    def close(self) -> None:
        assert self._process.stdin is not None
        with self._process:
            self._process.stdin.close()
            try:
                self._process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()


def answer_of(orders: Orders) -> bytes:
    """Fork, and return the child's answer, or what became of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = msgspec.json.encode(live(orders))
        while answer:
            answer = answer[os.write(writer, answer) :]
        end()
    os.close(writer)
    content = b""
    while select.select([reader], [], [], LIMIT_S)[0]:
        piece = os.read(reader, 1 << 20)
        if not piece:
            break
        content += piece
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if status:
        return msgspec.json.encode(Found(error=f"the process ended with {status}, at {LIMIT_S} s if that is a kill"))
    return content


def main() -> None:
    for line in sys.stdin.buffer:
        answer = answer_of(msgspec.json.decode(line, type=Orders)) + b"\n"
        while answer:
            answer = answer[os.write(1, answer) :]


if __name__ == "__main__":
    main()
