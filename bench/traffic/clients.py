"""Clients of a long run: each takes a step, sees what comes of it, and takes the next, until the time is over."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from bench.traffic.client_steps import Step, find_faults
from bench.traffic.connection import Pool

PATIENCE_S = 60.0
LEFT = "left"


class Tally:
    """What the clients have seen: steps by name, statuses, and whatever should not have happened."""

    def __init__(self) -> None:
        self.steps: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()

    def add(self, step: Step, status: str, faults: list[str]) -> None:
        """Count a step and what came of it."""
        self.steps[step.name] += 1
        self.statuses[status] += 1
        self.unexpected.update(faults)


async def run_callers(pool: Pool, steps: Iterator[Step], callers: int, seconds: float, tally: Tally) -> None:
    """Take steps for so long, so many side by side."""
    end = time.perf_counter() + seconds

    async def call() -> None:
        while time.perf_counter() < end:
            await take_step(pool, next(steps), tally)

    await asyncio.gather(*(call() for _ in range(callers)))


async def take_step(pool: Pool, step: Step, tally: Tally) -> None:
    """Send the request, wait for its reply or leave, and count."""
    try:
        async with asyncio.timeout(step.leaves_s if step.leaves_s is not None else PATIENCE_S):
            reply = await pool.send(step.payload)
    except TimeoutError:
        silent = [] if step.leaves_s is not None else [f"{step.name}: no answer in {PATIENCE_S:g} s"]
        tally.add(step, LEFT, silent)
    except OSError as error:
        tally.add(step, "connection", [f"{step.name}: {type(error).__name__}"])
    else:
        tally.add(step, str(reply.status), list(find_faults(step, reply)))


def sorted_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts in the order of their names."""
    return {name: counts[name] for name in sorted(counts)}
