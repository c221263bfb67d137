"""The two ways to load a server.

Closed loop: each of a number of connections sends its next request when the last is answered; it measures capacity.
Open loop: requests leave when they are due whatever the server does, and latency counts from the moment a request was
due, so a server that stalls cannot hide it (Tene, "How NOT to Measure Latency": coordinated omission).
"""

import asyncio
import time
from collections.abc import Iterator

import msgspec

from bench.traffic.connection import Pool
from bench.traffic.recording import Answer, Recorder
from bench.traffic.requests import Prepared


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long to load; what is due before `warm_s` is sent but not recorded."""

    warm_s: float
    measured_s: float
    timeout_s: float = 60.0
    max_in_flight: int = 2000

    @property
    def end_s(self) -> float:
        return self.warm_s + self.measured_s


async def closed_loop(
    pool: Pool, requests: Iterator[Prepared], connections: int, plan: Plan, recorder: Recorder
) -> None:
    """Keep that many requests in flight until the time is over."""
    start = time.perf_counter()

    async def caller() -> None:
        while (now := time.perf_counter() - start) < plan.end_s:
            answer = await _ask(pool, next(requests), now, start, plan)
            # A request that is under way at the end is waited for, and counts by when it was answered.
            if plan.warm_s <= answer.done_s < plan.end_s:
                recorder.add(answer)

    await asyncio.gather(*(caller() for _ in range(connections)))


async def open_loop(pool: Pool, schedule: Iterator[tuple[float, Prepared]], plan: Plan, recorder: Recorder) -> None:
    """Send each request when it is due, in seconds from the start, whether or not those before are answered."""
    start = time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()

    async def caller(due_s: float, request: Prepared) -> None:
        answer = await _ask(pool, request, due_s, start, plan)
        if due_s >= plan.warm_s:
            recorder.add(answer)

    # The next request is built while the last one is on its way, not when it is due.
    for due_s, request in schedule:
        if due_s >= plan.end_s:
            break
        if (wait := start + due_s - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if len(under_way) < plan.max_in_flight:
            task = asyncio.create_task(caller(due_s, request))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        elif due_s >= plan.warm_s:
            recorder.add(Answer(request=request, kind="not sent", due_s=due_s, done_s=due_s))
    await asyncio.gather(*under_way)


async def _ask(pool: Pool, request: Prepared, due_s: float, start: float, plan: Plan) -> Answer:
    late_s = time.perf_counter() - start - due_s
    retry_after = None
    try:
        async with asyncio.timeout(plan.timeout_s):
            reply = await pool.send(request.payload)
        kind, retry_after = ("" if reply.status == 200 else str(reply.status)), reply.header(b"retry-after")
    except TimeoutError:
        kind = "timeout"
    except OSError:
        kind = "connection"
    done_s = time.perf_counter() - start
    return Answer(request=request, kind=kind, due_s=due_s, done_s=done_s, late_s=late_s, retry_after=retry_after)
