"""First in, first out, padded to the longest: how most servers make batches, computed on vecd's own session.

In: token ids in order of arrival, all waiting from the start. Out: how long a number of threads take, and how many
tokens they compute. The graph gets padding and no mask; a graph that needs a mask would pay for that too.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.artifacts import OUTPUT, Encodings
from server.engine.sessions import Session

# Any id costs the same.
PADDING_ID = 0
# The most padded tokens of a batch in text-embeddings-inference, by default (its --max-batch-tokens).
PEER_MAX_TOKENS = 16_384


class FifoRuns(msgspec.Struct, frozen=True):
    """The seconds, the runs, and the tokens with their padding that a queue of texts took."""

    seconds: float
    runs: int
    computed_tokens: int


def drive_fifo(session: Session, texts: Sequence[list[int]], threads: int, max_tokens: int) -> FifoRuns:
    """Compute all texts: each thread takes the next batch from the head of the queue whenever it is idle."""
    waiting, lock = deque(texts), threading.Lock()

    def work(_: int) -> list[int]:
        computed: list[int] = []
        while True:
            with lock:
                batch = take_batch(waiting, max_tokens)
            if not batch:
                return computed
            session.run(batch, OUTPUT)
            computed.append(sum(map(len, batch)))

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        computed = [tokens for found in pool.map(work, range(threads)) for tokens in found]
    return FifoRuns(time.perf_counter() - start, len(computed), sum(computed))


def take_batch(waiting: deque[list[int]], max_tokens: int) -> Encodings:
    """Remove texts from the head for as long as the padded batch fits, but at least one; return them padded."""
    batch: Encodings = []
    longest = 0
    while waiting and (not batch or (len(batch) + 1) * max(longest, len(waiting[0])) <= max_tokens):
        batch.append(waiting.popleft())
        longest = max(longest, len(batch[-1]))
    return pad(batch)


def pad(batch: Encodings) -> Encodings:
    """Return the batch with every text padded to its longest."""
    longest = max(map(len, batch), default=0)
    return [ids + [PADDING_ID] * (longest - len(ids)) for ids in batch]
