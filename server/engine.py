"""Texts in, embeddings out: the one place that states the order of the stages.

admission, cache look-up, tokenization, workers, cache fill. The same text gives the same bits whatever it was batched
with, from the cache or not.
"""

import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models import Manifest
from server.admission import Admission
from server.cache import CachedEmbedding, EmbeddingCache, Key
from server.errors import UnacceptableInputError
from server.tokenization import Encoding, Tokenization
from server.workers import Workers

Rows = NDArray[np.float32]


class Timing(msgspec.Struct):
    """Where a request's time went, in seconds; inference is summed over its texts, shared by those of one run."""

    tokenize_s: float = 0.0
    queue_s: float = 0.0
    inference_s: float = 0.0


class Embeddings(msgspec.Struct):
    """Rows (texts, dimensions) float32 in the order of the texts, and what is known of each."""

    rows: Rows
    tokens: list[int]
    truncated: list[bool]
    cached_count: int
    timing: Timing


class Engine:
    """Everything between a decoded request and its embeddings. Built in `server/app.py`."""

    def __init__(
        self,
        admission: Admission,
        cache: EmbeddingCache,
        tokenization: Tokenization,
        workers: Workers,
        manifest: Manifest,
    ) -> None:
        self.admission = admission
        self.cache = cache
        self.workers = workers
        self.dimensions = manifest.dimensions
        self.max_tokens = manifest.max_tokens
        self._tokenization = tokenization

    @property
    def ready(self) -> bool:
        """True while requests are taken and every worker lives."""
        return self.admission.open and self.workers.alive

    async def embed(
        self, texts: Sequence[str], *, normalize: bool = True, cache: bool = True, truncate: bool = True
    ) -> Embeddings:
        """Embed each text; one that is repeated is computed once.

        Raises:
            UnacceptableInputError: a text is too long for the model and `truncate` is false; nothing was computed.
            OverloadedError, UnavailableError, InferenceError: see `server/errors.py`.
        """
        output = "sentence_embedding" if normalize else "pooled"
        with self.admission.enter():
            unique = list(dict.fromkeys(texts))
            keys = [self.cache.key(text, output) for text in unique] if cache else []
            found = {text: hit for text, key in zip(unique, keys, strict=False) if (hit := self.cache.find(key))}
            cached_count = sum(text in found for text in texts)
            missing = [text for text in unique if text not in found]
            timing = Timing()
            if not truncate:
                self._refuse_long(texts, {text for text, hit in found.items() if hit.truncated})
            if missing:
                encodings = await self._tokenize(missing, timing)
                if not truncate:
                    self._refuse_long(
                        texts, {text for text, one in zip(missing, encodings, strict=True) if one.truncated}
                    )
                computed = await self._compute(missing, encodings, output, timing)
                if cache:
                    self._remember(dict(zip(unique, keys, strict=True)), computed)
                found |= computed
        return self._gather(texts, found, cached_count, timing)

    def _refuse_long(self, texts: Sequence[str], long: set[str]) -> None:
        if long:
            index = next(index for index, text in enumerate(texts) if text in long)
            message = f"text {index} is longer than the model's {self.max_tokens} tokens, and truncate is false"
            raise UnacceptableInputError(message)

    async def _tokenize(self, texts: list[str], timing: Timing) -> list[Encoding]:
        start = time.perf_counter()
        encodings = await self._tokenization.encode(texts)
        timing.tokenize_s = time.perf_counter() - start
        return encodings

    async def _compute(
        self, texts: list[str], encodings: list[Encoding], output: str, timing: Timing
    ) -> dict[str, CachedEmbedding]:
        job = self.workers.submit([encoding.ids for encoding in encodings], output)
        await job.future
        timing.queue_s, timing.inference_s = job.queue_s, job.inference_s
        return {text: _entry(row, encoding) for text, row, encoding in zip(texts, job.rows, encodings, strict=True)}

    def _remember(self, keys: dict[str, Key], computed: dict[str, CachedEmbedding]) -> None:
        for text, entry in computed.items():
            self.cache.put(keys[text], entry)

    def _gather(
        self, texts: Sequence[str], found: dict[str, CachedEmbedding], cached_count: int, timing: Timing
    ) -> Embeddings:
        entries = [found[text] for text in texts]
        rows = np.frombuffer(b"".join([entry.row for entry in entries]), np.float32)
        return Embeddings(
            rows.reshape(len(entries), self.dimensions),
            [entry.tokens for entry in entries],
            [entry.truncated for entry in entries],
            cached_count,
            timing,
        )

    def start(self) -> None:
        """Start the workers."""
        self.workers.start()

    def close(self) -> None:
        """Refuse what comes, finish what is queued, stop. Blocks; call when no request is in work any more."""
        self.admission.open = False
        self.workers.stop()
        self._tokenization.close()


def _entry(row: Rows | None, encoding: Encoding) -> CachedEmbedding:
    assert row is not None
    return CachedEmbedding(row.tobytes(), len(encoding.ids), encoding.truncated)
