"""The two ways to load a server.

Closed loop: so many connections, each sending its next request when the last is answered; measures capacity. Open loop:
requests leave at a constant rate whatever the server does, and latency counts from the moment a request was due, so a
server that stalls cannot hide it (Tene, "How NOT to Measure Latency": coordinated omission).
"""

import asyncio
import time
from collections.abc import Callable, Iterator

import msgspec

from bench.connection import Pool
from bench.recording import Recording

Clock = Callable[[], float]


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A request's bytes, and how many texts and tokens it asks for."""

    payload: bytes
    texts: int
    tokens: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long to load; what is due before `warm_s` is sent but not recorded."""

    warm_s: float
    measured_s: float
    timeout_s: float = 60.0
    max_in_flight: int = 2000


async def closed_loop(
    pool: Pool, requests: Iterator[Prepared], connections: int, plan: Plan, recording: Recording
) -> None:
    """Keep that many requests in flight until the time is over."""
    start = time.perf_counter()
    begin, end = start + plan.warm_s, start + plan.warm_s + plan.measured_s

    async def caller() -> None:
        while (now := time.perf_counter()) < end:
            # What is under way at the end is waited for and counted by when it was answered.
            await _send(pool, next(requests), now, recording, plan, lambda done: begin <= done < end)

    await asyncio.gather(*(caller() for _ in range(connections)))


async def open_loop(pool: Pool, requests: Iterator[Prepared], per_s: float, plan: Plan, recording: Recording) -> None:
    """Send a request every 1/per_s seconds, answered or not."""
    start = time.perf_counter()
    begin, end = start + plan.warm_s, start + plan.warm_s + plan.measured_s
    flying: set[asyncio.Task[None]] = set()
    due, sent = start, 0
    while due < end:
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        measured = due >= begin
        if len(flying) < plan.max_in_flight:
            task = asyncio.create_task(
                _send(pool, next(requests), due, recording, plan, lambda _, measured=measured: measured)  # type: ignore[misc]
            )
            flying.add(task)
            task.add_done_callback(flying.discard)
        elif measured:
            recording.failed("not sent")
        sent += 1
        due = start + sent / per_s
    await asyncio.gather(*flying)


async def _send(
    pool: Pool, request: Prepared, due: float, recording: Recording, plan: Plan, counts: Callable[[float], bool]
) -> None:
    kind = ""
    try:
        async with asyncio.timeout(plan.timeout_s):
            reply = await pool.send(request.payload)
        kind = "" if reply.status == 200 else str(reply.status)
    except TimeoutError:
        kind = "timeout"
    except OSError:
        kind = "connection"
    done = time.perf_counter()
    if not counts(done):
        return
    if kind:
        recording.failed(kind)
    else:
        recording.answered(done - due, request.texts, request.tokens)
