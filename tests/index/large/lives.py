"""One folder of many documents: what is known of it, the lives in it, and the kills."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from tests.index.large.victim import Found, Orders, Writing

PATIENCE_S = 3_600
LONGEST_LIFE_S = 12.0


class WrongError(Exception):
    """Something is not as it has to be."""


class Folder:
    """A data folder, and what has to be in it."""

    def __init__(self, base: Path, documents: int, seed: int) -> None:
        self.data, self._log = base / "data", base / "log"
        self._random = random.Random(seed)
        self.next, self.model = documents, 0
        self.dead: set[int] = set()
        self.doubtful: tuple[Writing, ...] = ()
        self.acknowledged = 0

    def orders(self, act: str, *, every: bool = False, folder: Path | None = None) -> Orders:
        return Orders(
            folder=str(folder or self.data),
            log=str(self._log),
            act=act,
            next=self.next,
            dead=tuple(sorted(self.dead)),
            doubtful=self.doubtful,
            model=self.model,
            seed=self._random.randrange(1 << 30),
            every=every,
        )

    def live(self, act: str, *, every: bool = False, folder: Path | None = None) -> Found:
        """Have a process live to its end; raises WrongError where it found any."""
        with started(self.orders(act, every=every, folder=folder)) as process:
            out, _ = process.communicate(timeout=PATIENCE_S)
        if process.returncode:
            raise WrongError(f"{act} ended with {process.returncode}")
        found = msgspec.json.decode(out.splitlines()[-1], type=Found)
        self._take(found)
        self._log.unlink(missing_ok=True)
        return found

    def kill(self, act: str = "live", after_s: float | None = None) -> Found | None:
        """Kill a process at a random moment; return what it had found, if it had come to look."""
        with started(self.orders(act)) as process:
            time.sleep(self._random.uniform(0, LONGEST_LIFE_S) if after_s is None else after_s)
            process.kill()
            out, _ = process.communicate()
        if process.returncode != -signal.SIGKILL and not (act == "reindex" and process.returncode == 0):
            raise WrongError(f"the process ended with {process.returncode} before it was killed")
        found = msgspec.json.decode(out.splitlines()[-1], type=Found) if out.endswith(b"\n") else None
        if found is not None:
            self._take(found)
            self.doubtful = self._read_log()
        return found

    def _take(self, found: Found) -> None:
        """Take in which of the doubtful writings are there."""
        if found.problems:
            raise WrongError("; ".join(found.problems[:5]))
        for one in self.doubtful[: found.done]:
            self._add(one)
        self.doubtful = ()

    def _add(self, one: Writing) -> None:
        self.next += one.put
        self.dead |= {*one.deleted}

    def _read_log(self) -> tuple[Writing, ...]:
        """Take in what was acknowledged, and return what was only begun."""
        doubtful: list[Writing] = []
        for line in self._log.read_bytes().splitlines(keepends=True) if self._log.exists() else ():
            what, one = msgspec.json.decode(line, type=tuple[str, Writing])
            if what == "begun":
                doubtful.append(one)
            else:
                assert one == doubtful.pop(0)
                self._add(one)
                self.acknowledged += 1
        self._log.unlink(missing_ok=True)
        return tuple(doubtful)


def started(orders: Orders) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.index.large.victim"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(orders))
    process.stdin.close()
    process.stdin = None
    return process
