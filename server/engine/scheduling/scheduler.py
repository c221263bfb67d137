"""Which texts run together: the queue of waiting texts, and the rule that takes a run from it.

The text whose turn it is (fairness.py) leads the run. A ragged variant gets the texts behind it, of any length, up to a
token budget and a share of the work; a padded one the run that holds the leader in the cheapest split of the waiting
texts; any other, texts of the leader's length. No clock of its own, no thread, no I/O.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from server.engine.scheduling.cost import Cost
from server.engine.scheduling.fairness import CHUNK_TOKENS, Chunk, FairOrder
from server.engine.scheduling.job import Job, QueuedText
from server.engine.scheduling.splitting import cheapest_split, share_of_work

# A request of which no text was taken for longer leads every second run, whoever else's turn it is.
PASSED_OVER_S = 1.0
# A text that takes less does not delay others enough to deserve a run of its own.
LONG_TEXT_S = 0.002
# So many of the oldest texts are considered for a padded run: the split takes some microseconds for each.
WINDOW_TEXTS = 512


Candidate = tuple[Chunk, QueuedText]


class Limits(msgspec.Struct, frozen=True):
    """What one run may take: tokens with padding, and seconds of work; it always takes at least one text."""

    max_tokens: int
    share_s: float


class Queue:
    """Waiting texts, and their sums. `layout` is the variant's: ragged, padded or equal-length."""

    def __init__(self, layout: str) -> None:
        self.texts = 0
        self.tokens = 0
        self.squares = 0
        self._layout = layout
        self._order = FairOrder()
        self._arrived: deque[Chunk] = deque()
        self._by_job: dict[Job, list[Chunk]] = {}
        self._aged_last = False

    def __bool__(self) -> bool:
        return self.texts > 0

    @property
    def jobs(self) -> int:
        return len(self._by_job)

    def push(self, job: Job, encodings: Sequence[list[int]]) -> None:
        chunks = list(_cut(job, encodings))
        self._by_job[job] = chunks
        self._arrived.extend(chunks)
        self._order.push(chunks)
        self._count(encodings, 1)

    def share_s(self, cost: Cost, others_busy_s: Sequence[float]) -> float:
        """Return the seconds of work for an idle worker, so that all finish together; see `share_of_work`."""
        return share_of_work(cost.of_texts(self.tokens, self.squares), others_busy_s)

    def take(self, cost: Cost, limits: Limits, now_s: float) -> list[QueuedText]:
        """Remove and return the next run: at least one text, all for the same output."""
        leader = self._leader(now_s)
        if self._layout == "ragged":
            return self._take_in_order(leader, cost, limits)
        return self._take_matching(leader, cost, limits)

    def _leader(self, now_s: float) -> Chunk:
        oldest = self._oldest()
        self._aged_last = not self._aged_last and now_s - oldest.job.served_s > PASSED_OVER_S
        if self._aged_last:
            return oldest
        first = self._order.first()
        assert first is not None
        return first

    def _oldest(self) -> Chunk:
        while not self._arrived[0].texts:
            self._arrived.popleft()
        return self._arrived[0]

    def _take_in_order(self, leader: Chunk, cost: Cost, limits: Limits) -> list[QueuedText]:
        run: list[QueuedText] = []
        tokens, seconds = 0, 0.0
        chunk: Chunk | None = leader
        while chunk is not None and chunk.job.output == leader.job.output:
            before, full = len(run), False
            while chunk.texts and not full:
                length = len(chunk.texts[0].ids)
                text_s = cost.of_text(length)
                full = bool(run) and (
                    tokens + length > limits.max_tokens
                    # Half a text over the share is as good as half under.
                    or seconds + text_s / 2 > limits.share_s
                    # A text that would delay all before it for longer than they take gets its own run.
                    or text_s > max(seconds, LONG_TEXT_S)
                )
                if not full:
                    run.append(chunk.texts.popleft())
                    tokens += length
                    seconds += text_s
            if len(run) > before:
                self._account(chunk, run[before:])
            chunk = None if full else self._order.first()
        return run

    def _take_matching(self, leader: Chunk, cost: Cost, limits: Limits) -> list[QueuedText]:
        first = leader.texts[0]
        length = len(first.ids)
        budget = int(min(limits.max_tokens, limits.share_s * length / cost.of_text(length)))
        others = (
            (chunk, text)
            for chunk in self._arrived
            if chunk.job.output == leader.job.output
            for text in chunk.texts
            if text is not first and (self._layout == "padded" or len(text.ids) == length)
        )
        if self._layout == "padded":
            run = _cheapest_run([(leader, first), *islice(others, WINDOW_TEXTS - 1)], cost, budget)
        else:
            run = [(leader, first), *islice(others, max(0, budget // length - 1))]
        by_chunk: dict[Chunk, list[QueuedText]] = {}
        for chunk, text in run:
            by_chunk.setdefault(chunk, []).append(text)
        for chunk, texts in by_chunk.items():
            gone = {text.index for text in texts}
            chunk.texts = deque(text for text in chunk.texts if text.index not in gone)
            self._account(chunk, texts)
        return [text for _, text in run]

    def _account(self, chunk: Chunk, gone: list[QueuedText]) -> None:
        """Charge texts that were taken from a chunk to its client, its job and the sums."""
        encodings = [text.ids for text in gone]
        tokens = sum(map(len, encodings))
        chunk.tokens -= tokens
        self._count(encodings, -1)
        self._order.charge(chunk, tokens)
        if not chunk.texts:
            left = self._by_job[chunk.job]
            left.remove(chunk)
            if not left:
                del self._by_job[chunk.job]

    def discard(self, job: Job) -> None:
        """Remove the waiting texts of a job."""
        for chunk in self._by_job.pop(job, ()):
            self._count([text.ids for text in chunk.texts], -1)
            chunk.texts.clear()

    def clear(self) -> set[Job]:
        """Remove all texts; return the jobs that waited."""
        jobs = set(self._by_job)
        for job in jobs:
            self.discard(job)
        return jobs

    def _count(self, encodings: Sequence[list[int]], sign: int) -> None:
        lengths = [len(ids) for ids in encodings]
        self.texts += sign * len(lengths)
        self.tokens += sign * sum(lengths)
        self.squares += sign * sum(length * length for length in lengths)


def _cheapest_run(window: list[Candidate], cost: Cost, max_tokens: int) -> list[Candidate]:
    """Return the run, of the cheapest split of the window, that holds its first text."""
    leader = window[0]
    ordered = sorted(window, key=lambda one: len(one[1].ids))
    start, place = 0, ordered.index(leader)
    for size in cheapest_split([len(text.ids) for _, text in ordered], cost, max_tokens):
        if place < start + size:
            return ordered[start : start + size]
        start += size
    raise AssertionError


def _cut(job: Job, encodings: Sequence[list[int]]) -> Iterator[Chunk]:
    """Cut a job into chunks of about CHUNK_TOKENS, at least one text each."""
    texts, tokens = deque[QueuedText](), 0
    for index, ids in enumerate(encodings):
        if texts and tokens + len(ids) > CHUNK_TOKENS:
            yield Chunk(job, texts, tokens)
            texts, tokens = deque(), 0
        texts.append(QueuedText(ids, job, index))
        tokens += len(ids)
    yield Chunk(job, texts, tokens)


def count_computed(run: Sequence[QueuedText], layout: str) -> tuple[int, int]:
    """Return the tokens that a run computes and the sum of the squared lengths of its texts, both with padding."""
    lengths = [len(text.ids) for text in run]
    if layout == "padded":
        lengths = [max(lengths)] * len(lengths)
    return sum(lengths), sum(length * length for length in lengths)
