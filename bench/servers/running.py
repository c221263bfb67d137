"""Runs a server in a process of its own: starts it on a free port, waits for it, stops it with all its children.

Or takes one that runs already, by its address.
"""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.environments import LOGS, quiet_environment
from bench.errors import BenchError
from bench.machine import on_cores
from bench.traffic.connection import Reply, send_alone
from bench.traffic.dialects import DIALECTS, decode_rows, encode_request
from bench.traffic.target import HOST, Running, ServerSpec

START_TIMEOUT_S = 180.0
ANSWER_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
KEY_STATUSES = (401, 403)  # waiting would not help


def free_port() -> int:
    """Return a port that no process listens on at the moment."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def at_url(url: str, spec: ServerSpec, pid: int | None = None) -> Running:
    """Return a server that somebody else has started.

    Raises:
        BenchError: the address is not one on this machine.
    """
    parts = urlsplit(url)
    if parts.hostname != HOST or parts.port is None:
        message = f"--url {url}: only servers on http://{HOST}:PORT are loaded"
        raise BenchError(message)
    return Running(spec, parts.port, pid, 0.0)


@asynccontextmanager
async def run_server(spec: ServerSpec, logs: Path = LOGS) -> AsyncIterator[Running]:
    """Run a server until the block ends.

    Raises:
        BenchError: it ended, it gave no embedding within START_TIMEOUT_S, or it asks for another key. The message
            holds the last line of its log.
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
    request = encode_request(dialect, ["ready"], spec.model, spec.headers)
    while time.perf_counter() < end and process.poll() is None:
        reply = await _try(port, request, spec.tls)
        if reply is not None and reply.status == 200:
            decode_rows(dialect, reply, 1)
            return
        if reply is not None and reply.status in KEY_STATUSES:
            message = f"{spec.name} answered {reply.status}: it asks for another key ({log})"
            raise BenchError(message)
        await asyncio.sleep(0.05)  # a foreign process has no event to wait for
    lines = log.read_text("utf-8", "replace").strip().splitlines() or ["its log is empty"]
    message = f"{spec.name} gave no embedding: {lines[-1]} ({log})"
    raise BenchError(message)


async def _try(port: int, request: bytes, tls: ssl.SSLContext | None) -> Reply | None:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await send_alone(HOST, port, request, tls)
    except (OSError, TimeoutError):
        return None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it started: one process group."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(STOP_TIMEOUT_S)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
