"""Texts in, embeddings out: the one place that states the order of the stages.

admission, cache look-up, in-flight join, tokenization, queue, workers (neither for a lone text), cache fill. The same
text gives the same bits, whatever is in the batch and whether it comes from the cache or not.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec
import numpy as np

from server.contract.embedding import Demand, Embeddings, Input, Rows, Timing
from server.contract.errors import DeadlineError, InferenceError, ServerError, UnavailableError
from server.contract.estimate import TokenEstimate
from server.engine.admission import Admission, first_piece
from server.engine.cache import CachedEmbedding, CacheKey, EmbeddingCache
from server.engine.inflight import InFlight, Outcome
from server.engine.long_texts import LongTexts, short_keys
from server.engine.metrics import Metrics
from server.engine.request import Request, output_of, refuse_long
from server.engine.scheduling.job import Job, deadline_error
from server.engine.scheduling.workers import Workers
from server.engine.tokenization import Encoding, Tokenization, is_short

# About one chunk: other requests may join the texts of a request that is not longer, or that has one text.
JOINED_CHARACTERS = 2_500
DEFAULT = Demand()


class Model(msgspec.Struct, frozen=True):
    """The model's numbers that the engine needs, and the most seconds that work may wait before it begins."""

    dimensions: int
    max_tokens: int
    timeout_s: float = 60.0


class Engine:
    """Everything between a decoded request and its embeddings. Built in `server/engine/assembly.py`."""

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
        self.long_texts = LongTexts(tokenization)
        self._metrics = metrics

    @property
    def ready(self) -> bool:
        """True while requests are taken and every worker lives."""
        return self.admission.open and self.workers.well

    async def embed(self, texts: Sequence[Input], demand: Demand = DEFAULT) -> Embeddings:
        """Take a place among the requests in progress, and embed; raises as `embed_admitted` and `enter`."""
        with self.enter():
            return await self.embed_admitted(texts, demand)

    async def embed_admitted(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed for a caller who has a place; a text that several callers wait for is computed once.

        Token ids in place of a text are the whole sequence. The rows of every token are never cached. `truncate` None
        allows truncation.

        Raises:
            UnacceptableInputError: a text is too long for the model and may not be truncated.
            OverloadedError, DeadlineError, UnavailableError, InferenceError
        """
        request = Request(texts, demand, self.seconds_for(demand), time.perf_counter(), {}, Timing())
        try:
            cached_count = await self._embed(request)
        except DeadlineError:
            self.admission.count("deadline")
            raise
        self._metrics.embedded(request.timing, [request.found[text] for text in texts])
        return self._gather(request, cached_count)

    def seconds_for(self, demand: Demand) -> float:
        """Return how long work may wait before it begins: the caller's timeout, at most the setting's."""
        limit_s = self._model.timeout_s
        return limit_s if demand.timeout_s is None else min(limit_s, demand.timeout_s)

    async def measure(self, texts: Sequence[Input], demand: Demand) -> list[Encoding]:
        """Tokenize texts that need not be computed: how many tokens they have, and whether they are cut.

        Raises:
            UnacceptableInputError: a text is too long for the model and may not be truncated.
            DeadlineError, InferenceError
        """
        request = Request(texts, demand, self.seconds_for(demand), time.perf_counter(), {}, Timing())
        encodings = await self._tokenize(list(texts), request)
        refuse_long(request, self._model.max_tokens, dict(zip(texts, encodings, strict=True)))
        return encodings

    def enter(self) -> AbstractContextManager[None]:
        """Hold a place among the requests in progress.

        Raises:
            OverloadedError, UnavailableError: see `server/engine/admission.py`.
        """
        return self.admission.enter(self.workers.forecast.backlog)

    async def _embed(self, request: Request) -> int:
        """Fill `request.found` from the cache, from other requests and by computing; return how many were cached."""
        if not request.demand.cache or request.demand.every_token:
            await self._compute(await self.long_texts.unique(request), request)
            return 0
        keys = short_keys(self.cache, request) or await self.long_texts.keys(self.cache, request)
        request.found = {text: hit for text, key in keys.items() if (hit := self.cache.find(key))}
        refuse_long(request, self._model.max_tokens, request.found)
        if len(request.found) == len(keys):
            return len(request.texts)
        cached_count = sum(text in request.found for text in request.texts)
        missing = [text for text in keys if text not in request.found]
        while missing:
            client = request.demand.client
            joined = {text: future for text in missing if (future := self.in_flight.join(keys[text], client))}
            await self._compute_for_all({text: keys[text] for text in missing if text not in joined}, request)
            await self._await_others(joined, request)
            # Where the first caller left, the next one computes the text, and the others join it.
            missing = [text for text in joined if text not in request.found]
        return cached_count

    async def _compute_for_all(self, keys: Mapping[Input, CacheKey], request: Request) -> None:
        """Compute texts that other requests may join, and cache them."""
        # Joining means waiting for the whole request; a large one would take longer than computing the text again.
        shared = list(keys.values()) if len(keys) == 1 or sum(map(len, keys)) <= JOINED_CHARACTERS else []
        request.flight = flight = self.in_flight.begin(shared, request.demand.client)
        outcomes: dict[CacheKey, Outcome] = {}
        try:
            await self._compute(list(keys), request)
            for text, key in keys.items():
                self.cache.put(key, request.found[text])
            outcomes = {key: request.found[text] for text, key in keys.items() if key in flight.futures}
        except (InferenceError, UnavailableError) as error:
            if len(shared) == 1:
                outcomes = dict.fromkeys(shared, error)
            raise
        finally:
            self.in_flight.finish(flight, outcomes)

    async def _await_others(self, joined: Mapping[Input, asyncio.Future[Outcome]], request: Request) -> None:
        """Wait for texts that other requests compute; those without an outcome stay missing."""
        if not joined:
            return
        start_s = time.perf_counter()
        _, pending = await asyncio.wait(set(joined.values()), timeout=max(0.0, request.left_s))
        request.timing.queue_s = max(request.timing.queue_s, time.perf_counter() - start_s)
        if pending:
            raise deadline_error()
        for text, future in joined.items():
            outcome = future.result()
            if isinstance(outcome, ServerError):
                raise outcome
            if outcome is not None:
                request.found[text] = outcome
        refuse_long(request, self._model.max_tokens, request.found)

    async def _compute(self, texts: list[Input], request: Request) -> None:
        """Tokenize texts, and let the workers compute them."""
        if not texts:
            return
        start_s = time.perf_counter()
        encodings = await self._tokenize(texts, request)
        request.timing.tokenize_s += time.perf_counter() - start_s
        by_text = dict(zip(texts, encodings, strict=True))
        refuse_long(request, self._model.max_tokens, by_text)
        tokens = sum(len(encoding.ids) for encoding in encodings)
        self.estimate.learn(texts, tokens)
        self._weigh(tokens, tokens, request)
        job = await self._run(encodings, request)
        request.timing.queue_s, request.timing.inference_s = job.queue_s, job.inference_s
        for row, (text, encoding) in zip(job.rows, by_text.items(), strict=True):
            request.found[text] = _entry(row, encoding)

    async def _tokenize(self, texts: list[Input], request: Request) -> list[Encoding]:
        side = request.demand.truncation_side
        if is_short(texts):
            return self._tokenization.encode_now(texts, side)
        # Each text has at least two tokens; a request that cannot fit is refused before any long work.
        self._weigh(2 * len(texts), self.estimate.of(texts), request)
        try:
            async with asyncio.timeout(request.left_s):
                return await self._tokenization.encode(texts, side, request.demand.client)
        except TimeoutError:
            raise deadline_error() from None

    def _weigh(self, tokens: int, likely: int, request: Request) -> None:
        own_s = self.workers.forecast.seconds_of(first_piece(tokens))
        self.admission.weigh(tokens, likely, own_s, self.workers.forecast.backlog(), request.timeout_s)

    async def _run(self, encodings: list[Encoding], request: Request) -> Job:
        """Have a job computed, and wait for it; withdraw it if the caller leaves or its time passes."""
        if (left_s := request.left_s) <= 0:
            raise deadline_error()
        job = Job(len(encodings), output_of(request.demand), request.demand.client, left_s)
        if request.flight is not None:
            request.flight.job = job
        ids = [encoding.ids for encoding in encodings]
        if await self.workers.here.compute(job, ids, self.admission):
            return job
        self.workers.submit(job, ids)
        timer = job.loop.call_later(left_s, self.workers.expire, job)
        try:
            await job.future
        except (ServerError, asyncio.CancelledError):
            self.workers.discard(job)  # nobody waits for its other texts any more
            raise
        finally:
            timer.cancel()
        return job

    def _gather(self, request: Request, cached_count: int) -> Embeddings:
        entries = [request.found[text] for text in request.texts]
        rows = np.frombuffer(b"".join([entry.row for entry in entries]), np.float32)
        return Embeddings(
            rows.reshape(-1, self._model.dimensions),
            [entry.tokens for entry in entries],
            [entry.truncated for entry in entries],
            cached_count,
            request.timing,
        )

    def start(self) -> None:
        self.workers.start()

    def close(self) -> None:
        """Refuse new requests, finish queued ones, stop. Blocks; call when no request is in progress any more."""
        self.admission.close()
        self.workers.stop()
        self._tokenization.close()


def _entry(row: Rows | None, encoding: Encoding) -> CachedEmbedding:
    assert row is not None
    return CachedEmbedding(row.tobytes(), len(encoding.ids), encoding.truncated)
