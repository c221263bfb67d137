"""Samples a figure while a block runs, on the event loop of the load."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Sample(msgspec.Struct, Generic[T], frozen=True):
    """A value, and when it was read, in seconds from the start of the block."""

    at_s: float
    value: T


@asynccontextmanager
async def sampled(read: Callable[[], T], every_s: float) -> AsyncIterator[list[Sample[T]]]:
    """Read at once, then every `every_s` seconds, and once more at the end; yield the list that grows meanwhile."""
    start = time.perf_counter()
    samples: list[Sample[T]] = []

    def take() -> None:
        samples.append(Sample(time.perf_counter() - start, read()))

    async def keep_taking() -> None:
        while True:
            take()
            await asyncio.sleep(every_s)

    task = asyncio.create_task(keep_taking())
    try:
        yield samples
    finally:
        task.cancel()
    take()
