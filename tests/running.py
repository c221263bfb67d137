"""A daemon in a process of its own, as a user runs it: started, found by the address it prints, stopped by its id."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 40


class RunningServer:
    """A started daemon: its address, its first lines, a client."""

    def __init__(self, process: subprocess.Popen[str], lines: list[str]) -> None:
        self.process = process
        self.lines = lines
        found = re.search(r"https?://([\d.]+):(\d+)", lines[-1])
        assert found, lines
        self.host, self.port = found[1], int(found[2])
        self.url = found[0]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def terminate(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)


def clean_environment(**extra: str) -> dict[str, str]:
    """Return an environment in which neither a variable nor a file of keys of whoever runs the tests counts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VECD_")}
    return kept | {"VECD_KEYS": str(Path(__file__).with_name("no-such-keys.json")), "VECD_DATA": ":memory:"} | extra


def launch(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return launch_module("server", arguments, environment, subprocess.PIPE)


def launch_module(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], stderr: int | IO[str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=clean_environment(**environment),
    )


@contextmanager
def start_server(*arguments: str, **environment: str) -> Iterator[RunningServer]:
    """Run `python -m server` on a free port until the block ends; it must say where it listens within a minute."""
    with started(launch("--port", "0", *arguments, **environment)) as server:
        yield server


def _announcement(output: IO[str]) -> Iterator[str]:
    """The lines that a daemon prints, the last of which is its address."""
    for line in output:
        yield line.rstrip("\n")
        if line.startswith("address"):
            return


@contextmanager
def started(launched: subprocess.Popen[str]) -> Iterator[RunningServer]:
    """Wait for a daemon to say where it listens, and stop it when the block ends."""
    with launched as process:
        timer = threading.Timer(START_TIMEOUT_S, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            lines = list(_announcement(process.stdout))
            timer.cancel()
            if not lines or not lines[-1].startswith("address"):
                process.kill()
                message = f"the server did not start: {process.communicate()[1]}"
                raise AssertionError(message)
            yield RunningServer(process, lines)
        finally:
            timer.cancel()
            if process.poll() is None:
                process.terminate()
            try:
                process.communicate(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise
