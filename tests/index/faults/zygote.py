"""A process that has loaded everything and forks a child for each case: `python -m tests.index.faults.zygote`.

A line of orders comes in, a line with the child's end goes out. A child that does not end in time is killed.
"""

import faulthandler
import importlib
import os
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Never

import msgspec

from tests.index.faults.acts import OF_THE_INDEX
from tests.index.faults.commands import OF_COMMANDS
from tests.index.faults.life import Life
from tests.index.faults.looking import look
from tests.index.faults.orders import Orders
from tests.syscalls.running import ROOT, Watch, environment

ACTS = OF_THE_INDEX | OF_COMMANDS
LOOK = "look"
LIMIT_S = 60


class End(msgspec.Struct, frozen=True):
    """How a child ended: as waitpid says, or not in time."""

    status: int
    hung: bool = False


class Zygote:
    """Runs children one at a time, until close; with a folder to watch, or watched by nobody."""

    def __init__(self, watched: Path | None) -> None:
        surroundings = dict(os.environ) if watched is None else environment(Watch(watched))
        surroundings |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # forking wants no other thread
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.index.faults.zygote"],
            cwd=ROOT, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip

    def run(self, orders: Orders) -> End:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(orders) + b"\n")
        line = self._process.stdout.readline()
        assert line, "the zygote has ended"
        return msgspec.json.decode(line, type=End)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LIMIT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


def child(orders: Orders) -> Never:
    """Do what the orders say, and never come back."""
    errors = os.open(f"{orders.log}.errors", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(errors, 2)
    os.dup2(errors, 1)
    faulthandler.dump_traceback_later(LIMIT_S - 5, file=errors)
    try:
        if orders.act == LOOK:
            look(orders)
        else:
            act = ACTS[orders.act]
            life = Life(orders)
            act.do(life)
            life.end(act.collection)
    except BaseException:  # noqa: BLE001 - the outermost frame
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def wait(process: int) -> End:
    descriptor = os.pidfd_open(process)
    hung = not select.select([descriptor], [], [], LIMIT_S)[0]
    os.close(descriptor)
    if hung:
        os.kill(process, signal.SIGKILL)
    return End(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), hung)


def main() -> None:
    for name in ("backup", "restore"):  # which a command would load in each child
        importlib.import_module(f"index.commands.{name}")
    for line in sys.stdin.buffer:
        orders = msgspec.json.decode(line, type=Orders)
        process = os.fork()
        if not process:
            child(orders)
        os.write(1, msgspec.json.encode(wait(process)) + b"\n")


if __name__ == "__main__":
    main()
