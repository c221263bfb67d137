"""A job: the texts that one caller waits for together, filled in row by row by whichever worker computes them."""

import asyncio

import numpy as np
from numpy.typing import NDArray


class Job:
    """Rows still to come for `size` texts, and the future that is done when they are all there."""

    __slots__ = ("future", "inference_s", "loop", "missing", "output", "queue_s", "rows", "submitted_s")

    def __init__(self, size: int, output: str, submitted_s: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()
        self.output = output
        self.rows: list[NDArray[np.float32] | None] = [None] * size
        self.missing = size
        self.submitted_s = submitted_s
        self.queue_s = 0.0  # until the first of its runs began
        self.inference_s = 0.0  # of all its runs together

    def resolve(self) -> None:
        """Wake the caller; runs in the event loop. A caller that left has cancelled the future."""
        if not self.future.done():
            self.future.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Wake the caller with the cause; runs in the event loop."""
        if not self.future.done():
            self.future.set_exception(error)
