"""What every dialect does with texts: check them against the limits, add the prompt, embed, cut to size.

In: a dialect's texts and options. Out: the engine's embeddings. Raises the project's errors and nothing else.
"""

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models import Manifest
from server.caller import Caller
from server.engine import Engine
from server.errors import InvalidInputError, UnacceptableInputError
from server.inputs import Bounds, Input, Kept
from server.metrics import Metrics
from server.rates import Bucket
from server.settings import Settings
from server.work import Demand, Embeddings

LONGEST_UTF8 = 4
# Token ids in place of one text: many times what any model takes.
MOST_IDS = 4096


class RequestCounts(msgspec.Struct):
    """Requests whose body was understood; whatever embeds counts as embed, but for /embed/batch."""

    embed: int = 0
    batch: int = 0
    search: int = 0
    index: int = 0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what for. `prompt` names one of the model's; `dimensions` cuts the rows (Matryoshka).

    `truncate` is the setting's where it is None; `every_token` asks for a row for each token, and `batch` for
    throughput: the cache is neither read nor filled. What is not `counted` is part of a request that is; what
    is `admitted` has its place among the requests in work already.
    """

    caller: Caller
    cache: bool = True
    batch: bool = False
    counted: bool = True
    admitted: bool = False
    normalize: bool = True
    every_token: bool = False
    dimensions: int | None = None
    prompt: str | None = None
    truncate: bool | None = None
    kept: Kept = "start"


class Embedder:
    """The engine with the limits of the settings and the prompts of the model."""

    def __init__(self, engine: Engine, manifest: Manifest, settings: Settings, metrics: Metrics) -> None:
        self.engine = engine
        self.metrics = metrics
        self.requests = RequestCounts()
        self._manifest = manifest
        self._vocabulary = int(manifest.architecture["vocab_size"])
        self._settings = settings

    async def embed(self, texts: Sequence[Input], options: Options) -> Embeddings:
        """Return rows (texts, dimensions).

        Raises:
            InvalidInputError: too many texts, or dimensions, a prompt or a token id that the model does not have.
            UnacceptableInputError: a text over the limit, or one that would be truncated and may not be.
            RateError: this client has had its share.
            OverloadedError, UnavailableError, DeadlineError, InferenceError: as the engine.
        """
        self._count(options)
        prompted = self.prepare(texts, options.prompt)
        self._check_dimensions(options.dimensions)
        limit_s, caller = self._settings.request_timeout_ms / 1e3, options.caller
        timeout_s = min(limit_s, caller.timeout_s or limit_s)
        demand = Demand(
            normalize=options.normalize,
            every_token=options.every_token,
            cache=options.cache and not options.batch,
            truncate=self._settings.auto_truncate if options.truncate is None else options.truncate,
            kept=options.kept,
            client=caller.client,
            timeout_s=timeout_s,
            admitted=options.admitted,
        )
        bucket = caller.account.tokens if caller.account else None
        found = await (
            self.engine.embed(prompted, demand) if bucket is None else self._charge(bucket, prompted, demand)
        )
        if options.dimensions is not None and options.dimensions < self._manifest.dimensions:
            found.rows = _cut(found, options.dimensions, normalize=options.normalize)
        return found

    def _count(self, options: Options) -> None:
        if not options.counted:
            return
        if options.batch:
            self.requests.batch += 1
        else:
            self.requests.embed += 1

    def prompt_of(self, *names: str) -> str | None:
        """Return the first of these prompts that the model has, by its name."""
        return next((name for name in names if name in self._manifest.prompts), None)

    async def _charge(self, bucket: Bucket, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed for as many of the client's tokens as the texts turn out to have; what fails costs none."""
        reserved, used = self.engine.likely_tokens(texts), 0
        bucket.take(reserved)
        try:
            found = await self.engine.embed(texts, demand)
            used = sum(found.tokens)
        except asyncio.CancelledError:
            used = reserved  # the client left; what had begun was computed all the same
            raise
        finally:
            bucket.give_back(reserved - used)
        return found

    @property
    def bounds(self) -> Bounds:
        """What a dialect may take for one request."""
        settings = self._settings
        return Bounds(inputs=settings.max_client_batch_size, ids=MOST_IDS, accept_token_ids=settings.accept_token_ids)

    def prepare(self, texts: Sequence[Input], prompt: str | None) -> Sequence[Input]:
        """Hold texts to the limits, and put the prompt before each.

        Raises:
            InvalidInputError: too many texts, or a prompt or a token id that the model does not have.
            UnacceptableInputError: a text over the limit.
        """
        self._check(texts)
        return self.prompted(texts, prompt)

    def _check_dimensions(self, dimensions: int | None) -> None:
        if dimensions is not None and dimensions > self._manifest.dimensions:
            message = f"dimensions is {dimensions}, this model has {self._manifest.dimensions}"
            raise InvalidInputError(message, "dimensions")

    def _check(self, texts: Sequence[Input]) -> None:
        if len(texts) > self._settings.max_client_batch_size:
            message = f"{len(texts)} texts, max_client_batch_size is {self._settings.max_client_batch_size}"
            raise InvalidInputError(message, "texts")
        limit = self._settings.max_text_bytes
        for index, text in enumerate(texts):
            if isinstance(text, tuple):
                if text and not 0 <= min(text) <= max(text) < self._vocabulary:
                    message = f"text {index} has a token id outside the model's vocabulary of {self._vocabulary}"
                    raise InvalidInputError(message)
            elif len(text) * LONGEST_UTF8 > limit and (size := len(text.encode())) > limit:
                message = f"text {index} has {size} bytes, max_text_bytes is {limit}"
                raise UnacceptableInputError(message)

    def prompted(self, texts: Sequence[Input], prompt: str | None) -> Sequence[Input]:
        """Put a prompt before each text. Raises InvalidInputError where the model does not have it."""
        if prompt is None:
            return texts
        known = self._manifest.prompts
        if prompt not in known:
            names = ", ".join(sorted(known)) or "none"
            message = f"prompt {prompt!r} is not one of this model's; it has {names}"
            raise InvalidInputError(message, "prompt")
        if any(isinstance(text, tuple) for text in texts):
            message = "a prompt cannot be put before token ids"
            raise InvalidInputError(message, "prompt")
        return [known[prompt] + str(text) for text in texts]


def _cut(found: Embeddings, dimensions: int, *, normalize: bool) -> NDArray[np.float32]:
    """Keep the first dimensions, and bring the rest back to unit norm (Matryoshka truncation)."""
    rows = np.ascontiguousarray(found.rows[:, :dimensions])
    if not normalize:
        return rows
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0), np.float32)
