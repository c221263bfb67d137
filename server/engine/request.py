"""A request on its way through the engine: what it asks for, and what is known of its texts so far."""

import time
from collections.abc import Sequence

import msgspec

from server.contract.embedding import Demand, Input, Timing
from server.engine.cache import CachedEmbedding


class Work(msgspec.Struct):
    """`found` has the texts that are known so far. Work that has not begun after `timeout_s` is not begun."""

    texts: Sequence[Input]
    demand: Demand
    timeout_s: float
    arrived_s: float
    found: dict[Input, CachedEmbedding]
    timing: Timing

    @property
    def left_s(self) -> float:
        """Seconds left until its deadline; below zero when that has passed."""
        return self.arrived_s + self.timeout_s - time.perf_counter()


def output_of(demand: Demand) -> str:
    """Return the name of the graph's output that a demand asks for."""
    if demand.every_token:
        return "token_embeddings"
    return "sentence_embedding" if demand.normalize else "pooled"


def kind_of(demand: Demand) -> str:
    """Return what the row of a text depends on besides the text, in at most 12 characters."""
    return ("unit" if demand.normalize else "pooled") + (" end" if demand.truncation_side == "left" else "")
