"""A server under load: a process of its own, started on a free port, waited for, and stopped with all its children."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from bench.environments import quiet_environment
from bench.errors import BenchError
from bench.machine import on_cores
from bench.traffic.connection import Pool
from bench.traffic.dialects import DIALECTS, decode_rows, encode_request

HOST = "127.0.0.1"
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 20.0
KEY_STATUSES = (401, 403)  # waiting would not help


class ServerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a server, and how to speak to it: `headers` go with every request for embeddings.

    `{port}` in the command stands for the port. It runs on these cores alone, if any are named.
    """

    name: str
    command: Sequence[str]
    dialect: str
    model: str
    environment: dict[str, str] = {}
    folder: Path | None = None
    headers: Mapping[str, str] = {}
    cores: Set[int] | None = None


class Running(msgspec.Struct, frozen=True):
    """A server that answers; `cold_start_s` from the start of its process to its first embedding."""

    spec: ServerSpec
    port: int
    pid: int | None
    cold_start_s: float


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def run_server(spec: ServerSpec, logs: Path) -> AsyncIterator[Running]:
    """Run a server until the block ends.

    Raises:
        BenchError: it ended, or gave no embedding within START_TIMEOUT_S; the message holds its log's last line. Or it
            asks for another key.
    """
    port = free_port()
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{spec.name}.log"
    command = [word.replace("{port}", str(port)) for word in spec.command]
    start = time.perf_counter()
    with log.open("wb") as output, on_cores(spec.cores or os.sched_getaffinity(0)):
        process = subprocess.Popen(  # noqa: S603 - our own words; nothing else runs on this loop yet
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=spec.folder,
            env=quiet_environment() | spec.environment,
            start_new_session=True,
        )
    try:
        await _first_answer(spec, port, process, log)
        yield Running(spec, port, process.pid, time.perf_counter() - start)
    finally:
        _stop(process)


async def _first_answer(spec: ServerSpec, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    dialect, end = DIALECTS[spec.dialect], time.perf_counter() + START_TIMEOUT_S
    request = encode_request(dialect, ["ready"], spec.model, HOST, spec.headers)
    while time.perf_counter() < end and process.poll() is None:
        pool = Pool(HOST, port)
        try:
            async with asyncio.timeout(30):
                reply = await pool.send(request)
        except (OSError, TimeoutError):
            reply = None
        pool.close()
        if reply is not None and reply.status == 200:
            decode_rows(dialect, reply, 1)
            return
        if reply is not None and reply.status in KEY_STATUSES:
            message = f"{spec.name} answered {reply.status}: it asks for another key ({log})"
            raise BenchError(message)
        await asyncio.sleep(0.05)  # a foreign process has no event to wait for
    lines = log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    message = f"{spec.name} gave no embedding: {lines[-1]} ({log})"
    raise BenchError(message)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process and what it started, all in one process group of their own."""
    for how, patience in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, STOP_TIMEOUT_S)):
        try:
            os.killpg(process.pid, how)
            process.wait(patience)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
