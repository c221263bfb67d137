"""A process that times its share of each round in an environment of its own, and talks over its standard streams.

Each request is one line of JSON on its input, and each answer one line on its output; its first line is a greeting that
says what it runs. It inherits the cores of the thread that starts it, so what disturbs one side disturbs the other.
"""

import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from bench.errors import BenchError

START_TIMEOUT_S, ANSWER_TIMEOUT_S, STOP_TIMEOUT_S = 180.0, 120.0, 20.0

Message = dict[str, Any]


class Child:
    """A started process. `greeting` is its first line."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._name, self._process, self._log = name, process, log
        self.greeting = self._read(START_TIMEOUT_S)

    def ask(self, request: Message) -> Message:
        """Send a request and wait for its answer.

        Raises:
            BenchError: the process ended, does not answer in time, or answers with something else.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._broken("took no request") from error
        return self._read(ANSWER_TIMEOUT_S)

    def _read(self, timeout_s: float) -> Message:
        output = self._process.stdout
        assert output is not None
        if not select.select([output], [], [], timeout_s)[0]:
            raise self._broken(f"said nothing for {timeout_s:g} s")
        line = output.readline()
        try:
            return msgspec.json.decode(line, type=Message)
        except msgspec.DecodeError as error:
            raise self._broken("ended" if not line else f"said {line[:80]!r}") from error

    def _broken(self, what: str) -> BenchError:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines() or ["its log is empty"]
        return BenchError(f"{self._name} {what}: {lines[-1]} ({self._log})")


@contextmanager
def run_child(name: str, command: Sequence[str], environment: Mapping[str, str] | None, logs: Path) -> Iterator[Child]:
    """Run a process until the block ends.

    Raises:
        BenchError: it does not greet.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
    with process:
        try:
            yield Child(name, process, log)
        finally:
            _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Close its input, which ends it; kill it where that does not."""
    assert process.stdin is not None
    try:
        process.stdin.close()
        process.wait(STOP_TIMEOUT_S)
    except (BrokenPipeError, subprocess.TimeoutExpired):
        process.kill()
