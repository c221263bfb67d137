"""A request on its way through the engine: what it asks for, and the embeddings found so far."""

import time
from collections.abc import Sequence

import msgspec

from server.contract.embedding import Demand, Input, Timing
from server.engine.cache import CachedEmbedding


class Request(msgspec.Struct):
    """`found` has the embeddings known so far. Work that has not begun `timeout_s` after arrival is dropped."""

    texts: Sequence[Input]
    demand: Demand
    timeout_s: float
    arrived_s: float
    found: dict[Input, CachedEmbedding]
    timing: Timing

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; below zero after it."""
        return self.arrived_s + self.timeout_s - time.perf_counter()


def output_of(demand: Demand) -> str:
    """Return the name of the graph's output for a demand."""
    if demand.every_token:
        return "token_embeddings"
    return "sentence_embedding" if demand.normalize else "pooled"


def kind_of(demand: Demand) -> str:
    """Return what a text's row depends on besides the text, for the cache's key; at most 12 characters."""
    return ("unit" if demand.normalize else "pooled") + (" end" if demand.truncation_side == "left" else "")
