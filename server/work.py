"""A request on its way through the engine: what is asked for, what is known so far, and what is given back."""

import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.cache import CachedEmbedding
from server.inputs import Input, Kept

Rows = NDArray[np.float32]


class Timing(msgspec.Struct):
    """Where a request's time went, in seconds; inference is summed over its texts, shared by those of one run."""

    tokenize_s: float = 0.0
    queue_s: float = 0.0
    inference_s: float = 0.0


class Embeddings(msgspec.Struct):
    """Rows (texts, dimensions) float32 in the order of the texts, and what is known of each.

    Where every token was asked for there is a row for each, text after text: (tokens, dimensions).
    """

    rows: Rows
    tokens: list[int]
    truncated: list[bool]
    cached_count: int
    timing: Timing


class Demand(msgspec.Struct, frozen=True):
    """What is asked for besides the texts. The client shares the server fairly with others, by tokens.

    Work that has not begun `timeout_s` seconds after the texts came is not begun any more. What is `admitted` has
    a place among the requests in work already.
    """

    normalize: bool = True
    every_token: bool = False
    cache: bool = True
    truncate: bool = True
    kept: Kept = "start"
    client: str = ""
    timeout_s: float = 60.0
    admitted: bool = False

    @property
    def output(self) -> str:
        """Return the name of the graph's output that is asked for."""
        if self.every_token:
            return "token_embeddings"
        return "sentence_embedding" if self.normalize else "pooled"

    @property
    def kind(self) -> str:
        """Return what the row of a text depends on besides the text, in at most 12 characters."""
        return ("unit" if self.normalize else "pooled") + (" end" if self.kept == "end" else "")


class Work(msgspec.Struct):
    """A request on its way: what is known of its texts so far."""

    texts: Sequence[Input]
    demand: Demand
    arrived_s: float
    found: dict[Input, CachedEmbedding]
    timing: Timing

    @property
    def left_s(self) -> float:
        """Seconds left until its deadline; below zero when that has passed."""
        return self.arrived_s + self.demand.timeout_s - time.perf_counter()
