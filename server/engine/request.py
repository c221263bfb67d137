"""A request on its way through the engine: what it asks for, and the embeddings found so far."""

import time
from collections.abc import Mapping, Sequence

import msgspec

from server.contract.embedding import Demand, Input, Timing
from server.contract.errors import UnacceptableInputError
from server.engine.cache import CachedEmbedding
from server.engine.inflight import Flight
from server.engine.tokenization import Encoding


class Request(msgspec.Struct):
    """`found` has the embeddings known so far. Work that has not begun `timeout_s` after arrival is dropped.

    `flight` are the texts that others may wait for, while they are computed.
    """

    texts: Sequence[Input]
    demand: Demand
    timeout_s: float
    arrived_s: float
    found: dict[Input, CachedEmbedding]
    timing: Timing
    flight: Flight | None = None

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


def refuse_long(request: Request, max_tokens: int, known: Mapping[Input, CachedEmbedding | Encoding]) -> None:
    """Refuse a request that may not be truncated, where one of its texts of which that is known would be.

    Raises:
        UnacceptableInputError: the message names the first one.
    """
    if request.demand.truncate is not False:
        return
    for index, text in enumerate(request.texts):
        if text in known and known[text].truncated:
            message = f"text {index} is longer than the model's {max_tokens} tokens, and may not be truncated"
            raise UnacceptableInputError(message)
