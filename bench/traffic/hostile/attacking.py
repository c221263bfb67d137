"""Runs hostile clients beside a block: they are ready before it begins, and gone when it has ended."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from bench.environments import LOGS, ROOT, quiet_environment
from bench.errors import BenchError
from bench.traffic.hostile.orders import GO, READY, STOP, Orders

TIMEOUT_S = 60.0


@asynccontextmanager
async def attacked(orders: Orders, logs: Path = LOGS) -> AsyncIterator[dict[str, int]]:
    """Attack until the block ends; the dict is then what came of it, by status or kind.

    Raises:
        BenchError: the clients' process failed; its log tells why.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log, counts = logs / "hostile.log", dict[str, int]()
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.traffic.hostile"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env=quiet_environment(),
        )
    try:
        await _tell(process, msgspec.json.encode(orders).decode())
        if (await _line(process)).strip() != READY.encode():
            raise BenchError(_failed(orders, log))
        await _tell(process, GO)
        yield counts
        await _tell(process, STOP)
        told = await _line(process)
        if not told:
            raise BenchError(_failed(orders, log))
        counts.update(msgspec.json.decode(told, type=dict[str, int]))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _tell(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await process.stdout.readline()
    except TimeoutError:
        return b""


def _failed(orders: Orders, log: Path) -> str:
    return f"the clients of the attack {orders.attack!r} ended, or said nothing for {TIMEOUT_S:g} s ({log})"
