"""What every dialect does with texts: check them against the limits, add the prompt, embed, cut to size.

In: a dialect's texts and options. Out: the engine's embeddings. Raises the project's errors and nothing else.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models import Manifest
from server.caller import Caller
from server.engine import Engine
from server.errors import InvalidInputError, UnacceptableInputError
from server.metrics import Metrics
from server.settings import Settings
from server.work import Demand, Embeddings

LONGEST_UTF8 = 4


class RequestCounts(msgspec.Struct):
    """Requests whose body was understood, by route; /similarity counts as embed."""

    embed: int = 0
    batch: int = 0
    search: int = 0
    index: int = 0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what for. `prompt` names one of the model's; `dimensions` cuts the rows (Matryoshka)."""

    caller: Caller
    cache: bool = True
    normalize: bool = True
    dimensions: int | None = None
    prompt: str | None = None
    truncate: bool = True


class Embedder:
    """The engine with the limits of the settings and the prompts of the model."""

    def __init__(self, engine: Engine, manifest: Manifest, settings: Settings, metrics: Metrics) -> None:
        self.engine = engine
        self.metrics = metrics
        self.requests = RequestCounts()
        self._manifest = manifest
        self._settings = settings

    async def embed(self, texts: Sequence[str], options: Options) -> Embeddings:
        """Return rows (texts, dimensions).

        Raises:
            InvalidInputError: too many texts, or dimensions or a prompt that the model does not have.
            UnacceptableInputError: a text over the limit, or one that would be truncated and may not be.
            OverloadedError, UnavailableError, DeadlineError, InferenceError: as the engine.
        """
        self._check(texts, options.dimensions)
        prompted = self._prompted(texts, options.prompt)
        limit_s, caller = self._settings.request_timeout_ms / 1e3, options.caller
        timeout_s = min(limit_s, caller.timeout_s or limit_s)
        demand = Demand(options.normalize, options.cache, options.truncate, caller.client, timeout_s)
        found = await self.engine.embed(prompted, demand)
        if options.dimensions is not None and options.dimensions < self._manifest.dimensions:
            found.rows = _cut(found, options.dimensions, normalize=options.normalize)
        return found

    def _check(self, texts: Sequence[str], dimensions: int | None) -> None:
        if len(texts) > self._settings.max_client_batch_size:
            message = f"{len(texts)} texts, max_client_batch_size is {self._settings.max_client_batch_size}"
            raise InvalidInputError(message)
        if dimensions is not None and dimensions > self._manifest.dimensions:
            message = f"dimensions is {dimensions}, this model has {self._manifest.dimensions}"
            raise InvalidInputError(message)
        limit = self._settings.max_text_bytes
        for index, text in enumerate(texts):
            if len(text) * LONGEST_UTF8 > limit and (size := len(text.encode())) > limit:
                message = f"text {index} has {size} bytes, max_text_bytes is {limit}"
                raise UnacceptableInputError(message)

    def _prompted(self, texts: Sequence[str], prompt: str | None) -> Sequence[str]:
        if prompt is None:
            return texts
        known = self._manifest.prompts
        if prompt not in known:
            names = ", ".join(sorted(known)) or "none"
            message = f"prompt {prompt!r} is not one of this model's; it has {names}"
            raise InvalidInputError(message)
        return [known[prompt] + text for text in texts]


def _cut(found: Embeddings, dimensions: int, *, normalize: bool) -> NDArray[np.float32]:
    """Keep the first dimensions, and bring the rest back to unit norm (Matryoshka truncation)."""
    rows = np.ascontiguousarray(found.rows[:, :dimensions])
    if not normalize:
        return rows
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0), np.float32)
