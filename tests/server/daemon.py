"""A daemon wherever it listens, with its log and its keys, seen as a client or whoever runs it sees them."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.running import START_TIMEOUT_S, STOP_TIMEOUT_S, clean_environment, launch_module
from tests.server.polling import until
from tests.tiny import TINY

PATIENCE_S = 20
REFUSE_TIMEOUT_S = 20
POLL_S = 0.01
LINES = 9


class Daemon:
    """A running server: `address` is what it printed, `log()` what it has logged."""

    def __init__(self, process: subprocess.Popen[str], address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self._log = log

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def client(self, key: str = "", **options: Any) -> httpx.Client:
        """Return a client that speaks as the holder of a key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if self.address.startswith("unix:"):
            transport = httpx.HTTPTransport(uds=self.address.removeprefix("unix:"))
            return httpx.Client(transport=transport, base_url="http://vecd", headers=headers, timeout=60)
        return httpx.Client(base_url=self.address, headers=headers, timeout=60, **options)

    def reload(self) -> None:
        """Have keys and certificates read again; when this returns, they were, or could not be: the log says so."""
        last = "the certificate" if self.address.startswith("https:") else "the keys"
        before = self.log().count(last)
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log().count(last) > before)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)


@contextmanager
def serving(models: Path, folder: Path, *arguments: str, **environment: str) -> Iterator[Daemon]:
    """Run `python -m server` over the tiny model until the block ends; `folder` gets its log."""
    path = folder / "log"
    flags = ["--models", str(models), "--model", TINY, *arguments]
    if "--uds" not in flags and "--port" not in flags:
        flags += ["--port", "0"]
    with (
        path.open("w", encoding="utf-8") as log,
        launch_module("server", flags, environment, log) as process,
    ):
        try:
            yield Daemon(process, _read_address(process, path), path)
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _read_address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    timer = threading.Timer(START_TIMEOUT_S, process.kill)
    timer.start()
    told = "".join(process.stdout.readline() for _ in range(LINES))
    timer.cancel()
    found = re.search(r"^address\s+(\S+)$", told, re.MULTILINE)
    assert found, f"the server did not start: {told}{log.read_text('utf-8')}"
    return found[1]


def refuse_to_start(models: Path, *arguments: str, **environment: str) -> str:
    """Run a server that must not start, and return what it says."""
    flags = ["--models", str(models), "--model", TINY, "--port", "0", *arguments]
    process = launch_module("server", flags, environment, subprocess.PIPE)
    try:
        out, error = process.communicate(timeout=REFUSE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
        message = f"it did not end: {out}{error}"
        raise AssertionError(message) from None
    assert process.returncode == 1, (process.returncode, out, error)
    assert "Traceback" not in error, error
    assert out == ""
    return error


def key_command(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m server keys` on a file."""
    return subprocess.run(
        [sys.executable, "-m", "server", "keys", *arguments, "--keys", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=clean_environment(),
    )


def make_key(file: Path, scopes: str = "embed", name: str = "somebody") -> str:
    """Make a key as a user does, and return it."""
    made = key_command(file, "add", name, "--scopes", scopes)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
