"""Clients of a long run: each takes one step after the other until the time is over."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from bench.traffic.client_steps import Step, find_faults
from bench.traffic.connection import Pool

PATIENCE_S = 60.0
LEFT = "left"


class Tally:
    """Counts of steps by name, of statuses, and of everything that should not have happened."""

    def __init__(self) -> None:
        self.steps: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()

    def add(self, step: Step, status: str, faults: list[str]) -> None:
        self.steps[step.name] += 1
        self.statuses[status] += 1
        self.unexpected.update(faults)


async def run_clients(pool: Pool, steps: Iterator[Step], clients: int, seconds: float, tally: Tally) -> None:
    """Take steps for that long, in that many clients side by side."""
    end = time.perf_counter() + seconds

    async def run_one() -> None:
        while time.perf_counter() < end:
            await take_step(pool, next(steps), tally)

    await asyncio.gather(*(run_one() for _ in range(clients)))


async def take_step(pool: Pool, step: Step, tally: Tally) -> None:
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
    return {name: counts[name] for name in sorted(counts)}
