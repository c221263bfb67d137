"""Texts in, embeddings out: the one place that states the order of the stages.

admission, cache look-up, in-flight join, tokenization, queue, workers, cache fill. The same text gives the same bits
whatever it was batched with, from the cache or not.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec
import numpy as np

from server.contract.embedding import Demand, Embeddings, Input, Rows, Timing
from server.contract.errors import DeadlineError, InferenceError, ServerError, UnacceptableInputError, UnavailableError
from server.contract.estimate import TokenEstimate
from server.engine.admission import Admission, first_piece
from server.engine.cache import CachedEmbedding, EmbeddingCache, Key
from server.engine.inflight import InFlight, Landing
from server.engine.metrics import Metrics
from server.engine.request import Work, kind_of, output_of
from server.engine.scheduling.job import Job, late
from server.engine.scheduling.workers import Workers
from server.engine.tokenization import INLINE_CHARACTERS, Encoding, Tokenization, effort

# About a request's first piece: others may join the texts of a request that is no longer than this, or of one text.
JOINED_CHARACTERS = 2_500
DEFAULT = Demand()


class Model(msgspec.Struct, frozen=True):
    """What the engine has to know of the model, and the most seconds that a caller's work may wait before it begins."""

    dimensions: int
    max_tokens: int
    timeout_s: float = 60.0


class Engine:
    """Everything between a decoded request and its embeddings. Built in `server/backend.py`."""

    def __init__(
        self,
        admission: Admission,
        cache: EmbeddingCache,
        tokenization: Tokenization,
        workers: Workers,
        metrics: Metrics,
        model: Model,
    ) -> None:
        self.admission = admission
        self.cache = cache
        self.in_flight = InFlight()
        self.workers = workers
        self.estimate = TokenEstimate(model.max_tokens)
        self._model = model
        self._tokenization = tokenization
        self._metrics = metrics

    @property
    def ready(self) -> bool:
        """True while requests are taken and every worker lives."""
        return self.admission.open and self.workers.well

    async def embed(self, texts: Sequence[Input], demand: Demand = DEFAULT) -> Embeddings:
        """Take a place among the requests in work, then embed; raises as `embed_admitted` and `enter`."""
        with self.enter():
            return await self.embed_admitted(texts, demand)

    async def embed_admitted(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed for a caller who has a place; a text that several callers wait for is computed once.

        Token ids in place of a text are the whole sequence. The rows of every token are never cached. A demand that
        says nothing of truncation allows it.

        Raises:
            UnacceptableInputError: a text is too long for the model and may not be truncated.
            OverloadedError, DeadlineError, UnavailableError, InferenceError
        """
        unique = list(dict.fromkeys(texts))
        work = Work(texts, demand, self.seconds_for(demand), time.perf_counter(), {}, Timing())
        try:
            cached_count = await self._embed(unique, work)
        except DeadlineError:
            self.admission.count("deadline")
            raise
        self._metrics.embedded(work.timing, [work.found[text] for text in texts])
        return self._gather(work, cached_count)

    def seconds_for(self, demand: Demand) -> float:
        """Return how long work may wait before it begins: the caller's time, within the setting's."""
        limit_s = self._model.timeout_s
        return limit_s if demand.timeout_s is None else min(limit_s, demand.timeout_s)

    async def measure(self, texts: Sequence[Input], demand: Demand) -> list[Encoding]:
        """Tokenize texts that need not be computed: how many tokens they have, and whether they are cut.

        Raises:
            UnacceptableInputError: a text is too long for the model and may not be truncated.
            DeadlineError, InferenceError
        """
        work = Work(texts, demand, self.seconds_for(demand), time.perf_counter(), {}, Timing())
        encodings = await self._tokenize(list(texts), work)
        self._refuse_long(work, dict(zip(texts, encodings, strict=True)))
        return encodings

    def enter(self) -> AbstractContextManager[None]:
        """Hold a place among the requests in work.

        Raises:
            OverloadedError, UnavailableError: see `server/engine/admission.py`.
        """
        return self.admission.enter(self.workers.forecast.backlog)

    async def _embed(self, unique: list[Input], work: Work) -> int:
        """Fill `work.found` from the cache, from what others compute, and by computing; return the texts cached."""
        if not work.demand.cache or work.demand.every_token:
            await self._compute(unique, work)
            return 0
        kind = kind_of(work.demand)
        keys = {text: self.cache.key(text, kind) for text in unique}
        work.found = {text: hit for text, key in keys.items() if (hit := self.cache.find(key))}
        self._refuse_long(work, work.found)
        if len(work.found) == len(unique):
            return len(work.texts)
        cached_count = sum(text in work.found for text in work.texts)
        missing = [text for text in unique if text not in work.found]
        while missing:
            joined = {text: self.in_flight.join(keys[text]) for text in missing if keys[text] in self.in_flight}
            await self._compute_for_all({text: keys[text] for text in missing if text not in joined}, work)
            await self._await_others(joined, work)
            # Where the first caller left, the next one takes its place and the others join that.
            missing = [text for text in joined if text not in work.found]
        return cached_count

    async def _compute_for_all(self, keys: Mapping[Input, Key], work: Work) -> None:
        """Compute texts that others may join, and remember them."""
        # Who joins waits for the whole request: a large one would hold it up for longer than its own turn takes.
        shared = list(keys.values()) if len(keys) == 1 or sum(map(len, keys)) <= JOINED_CHARACTERS else []
        self.in_flight.begin(shared)
        landed: dict[Key, CachedEmbedding | ServerError | None] = dict.fromkeys(shared)
        try:
            await self._compute(list(keys), work)
            for text, key in keys.items():
                self.cache.put(key, work.found[text])
            landed = {key: work.found[text] for text, key in keys.items() if key in landed}
        except (InferenceError, UnavailableError) as error:
            if len(shared) == 1:
                landed = dict.fromkeys(shared, error)
            raise
        finally:
            self.in_flight.land(landed)

    async def _await_others(self, joined: Mapping[Input, Landing], work: Work) -> None:
        """Wait for what others have computed; what did not come is left out."""
        if not joined:
            return
        start_s = time.perf_counter()
        _, pending = await asyncio.wait(set(joined.values()), timeout=max(0.0, work.left_s))
        work.timing.queue_s = max(work.timing.queue_s, time.perf_counter() - start_s)
        if pending:
            raise late()
        for text, landing in joined.items():
            entry = landing.result()
            if isinstance(entry, ServerError):
                raise entry
            if entry is not None:
                work.found[text] = entry
        self._refuse_long(work, work.found)

    async def _compute(self, texts: list[Input], work: Work) -> None:
        """Tokenize texts and have the workers compute them."""
        if not texts:
            return
        start_s = time.perf_counter()
        encodings = await self._tokenize(texts, work)
        work.timing.tokenize_s += time.perf_counter() - start_s
        by_text = dict(zip(texts, encodings, strict=True))
        self._refuse_long(work, by_text)
        tokens = sum(len(encoding.ids) for encoding in encodings)
        self.estimate.learn(texts, tokens)
        self._weigh(tokens, tokens, work)
        job = await self._run(encodings, work)
        work.timing.queue_s, work.timing.inference_s = job.queue_s, job.inference_s
        for row, (text, encoding) in zip(job.rows, by_text.items(), strict=True):
            work.found[text] = _entry(row, encoding)

    async def _tokenize(self, texts: list[Input], work: Work) -> list[Encoding]:
        if effort(texts) <= INLINE_CHARACTERS:
            return self._tokenization.encode_now(texts, work.demand.truncation_side)
        # Each text has two tokens at least; who does not fit even so is refused before any long work is done.
        self._weigh(2 * len(texts), self.estimate.of(texts), work)
        try:
            async with asyncio.timeout(work.left_s):
                return await self._tokenization.encode(texts, work.demand.truncation_side)
        except TimeoutError:
            raise late() from None

    def _weigh(self, tokens: int, likely: int, work: Work) -> None:
        own_s = self.workers.forecast.seconds_of(first_piece(tokens))
        self.admission.weigh(tokens, likely, own_s, self.workers.forecast.backlog(), work.timeout_s)

    async def _run(self, encodings: list[Encoding], work: Work) -> Job:
        """Hand a job to the workers and wait for it; who leaves or is late takes it back."""
        left_s = work.left_s
        if left_s <= 0:
            raise late()
        job = Job(len(encodings), output_of(work.demand), work.demand.client, left_s)
        self.workers.submit(job, [encoding.ids for encoding in encodings])
        timer = job.loop.call_later(left_s, self.workers.expire, job)
        try:
            await job.future
        except (ServerError, asyncio.CancelledError):
            self.workers.discard(job)  # nobody waits for the rest of it any more
            raise
        finally:
            timer.cancel()
        return job

    def _refuse_long(self, work: Work, known: Mapping[Input, CachedEmbedding | Encoding]) -> None:
        if work.demand.truncate is not False:
            return
        for index, text in enumerate(work.texts):
            if text in known and known[text].truncated:
                message = (
                    f"text {index} is longer than the model's {self._model.max_tokens} tokens, and may not be truncated"
                )
                raise UnacceptableInputError(message)

    def _gather(self, work: Work, cached_count: int) -> Embeddings:
        entries = [work.found[text] for text in work.texts]
        rows = np.frombuffer(b"".join([entry.row for entry in entries]), np.float32)
        return Embeddings(
            rows.reshape(-1, self._model.dimensions),
            [entry.tokens for entry in entries],
            [entry.truncated for entry in entries],
            cached_count,
            work.timing,
        )

    def start(self) -> None:
        self.workers.start()

    def close(self) -> None:
        """Refuse what comes, finish what is queued, stop. Blocks; call when no request is in work any more."""
        self.admission.open = False
        self.workers.stop()
        self._tokenization.close()


def _entry(row: Rows | None, encoding: Encoding) -> CachedEmbedding:
    assert row is not None
    return CachedEmbedding(row.tobytes(), len(encoding.ids), encoding.truncated)
