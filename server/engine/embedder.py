"""The engine with the limits of the settings and the prompts of the model.

In: texts as the client sent them, and a demand. Out: embeddings, cut to the dimensions of the demand.
"""

import time
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from server.contract.embedding import Demand, Embeddings, Input, Rows
from server.contract.errors import DeadlineError, InvalidInputError, UnacceptableInputError
from server.contract.facts import Facts
from server.engine.engine import Engine
from server.engine.utf8 import may_exceed
from server.engine.windows import Windows, embed_windows
from server.settings import Settings

BRIEF_S = 0.001


class Embedder:
    """Checks texts, puts prompts before them, embeds them."""

    def __init__(self, engine: Engine, facts: Facts, settings: Settings, windows: Windows) -> None:
        self.engine = engine
        self._windows = windows
        self.max_texts = settings.max_client_batch_size
        self._facts = facts
        self._settings = settings

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Take a place among the requests in progress, and embed; raises the errors of `Backend.embed`."""
        with self.engine.enter():  # before texts are measured, or those without a place would wait for their turn
            return await self.embed_admitted(texts, demand)

    async def embed_admitted(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed for a caller who has a place among the requests in progress."""
        began_s, limit_s = time.perf_counter(), self.engine.seconds_for(demand)
        prompted = await self._prepare(texts, demand)
        if (spent_s := time.perf_counter() - began_s) > BRIEF_S:  # only where texts were measured
            demand = msgspec.structs.replace(demand, timeout_s=max(0.0, limit_s - spent_s))
        if demand.truncate == "windows":
            return self._cut(await embed_windows(self.engine, self._windows, prompted, demand), demand)
        return self._cut(await self.engine.embed_admitted(prompted, self._with_defaults(demand)), demand)

    async def measure(self, texts: Sequence[str], demand: Demand) -> tuple[list[int], list[bool]]:
        """Return how many tokens texts have, and whether each is cut, without embedding them."""
        encodings = await self.engine.measure(await self._prepare(texts, demand), self._with_defaults(demand))
        return [len(one.ids) for one in encodings], [one.truncated for one in encodings]

    def close(self) -> None:
        self._windows.close()

    async def _prepare(self, texts: Sequence[Input], demand: Demand) -> Sequence[Input]:
        await self.check(texts, demand)
        prompted = self.prompted(texts, demand.prompt)
        if demand.dimensions is not None and demand.dimensions > self._facts.dimensions:
            message = f"dimensions is {demand.dimensions}, this model has {self._facts.dimensions}"
            raise InvalidInputError(message, "dimensions")
        return prompted

    def _with_defaults(self, demand: Demand) -> Demand:
        if demand.truncate is None and not self._settings.auto_truncate:
            return msgspec.structs.replace(demand, truncate=False)
        return demand

    def _cut(self, found: Embeddings, demand: Demand) -> Embeddings:
        if demand.dimensions is None or demand.dimensions == self._facts.dimensions:
            return found
        rows = cut_rows(found.rows, demand.dimensions, normalize=demand.normalize)
        return msgspec.structs.replace(found, rows=rows)

    async def check(self, texts: Sequence[Input], demand: Demand) -> None:
        """Check texts against the limits.

        Raises:
            InvalidInputError: too many texts, or a token id that the model does not have.
            UnacceptableInputError: a text over the limit.
            DeadlineError
        """
        if len(texts) > self.max_texts:
            message = f"{len(texts)} texts, max_client_batch_size is {self.max_texts}"
            raise InvalidInputError(message, "texts")
        limit, vocabulary, doubtful = self._settings.max_text_bytes, self._facts.vocabulary, {}
        for index, text in enumerate(texts):
            if isinstance(text, tuple):
                if text and not 0 <= min(text) <= max(text) < vocabulary:
                    message = f"text {index} has a token id outside the model's vocabulary of {vocabulary}"
                    raise InvalidInputError(message)
            elif len(text) > limit:  # whatever time there is to measure it
                least = "" if text.isascii() else "at least "
                message = f"text {index} has {least}{len(text)} bytes, max_text_bytes is {limit}"
                raise UnacceptableInputError(message)
            elif may_exceed(text, limit):
                doubtful[index] = text
        if doubtful:
            await self._check_sizes(doubtful, demand)

    async def _check_sizes(self, texts: Mapping[int, str], demand: Demand) -> None:
        """Measure texts that may be over the limit; UnacceptableInputError where one is, DeadlineError."""
        limit, left_s = self._settings.max_text_bytes, self.engine.seconds_for(demand)
        try:
            sizes = await self.engine.long_texts.sizes(list(texts.values()), demand.client, left_s)
        except DeadlineError:
            self.engine.admission.count("deadline")
            raise
        for index, size in zip(texts, sizes, strict=True):
            if size > limit:
                message = f"text {index} has {size} bytes, max_text_bytes is {limit}"
                raise UnacceptableInputError(message)

    def prompted(self, texts: Sequence[Input], prompt: str | None) -> Sequence[Input]:
        """Put a prompt of the model before each text; InvalidInputError where the model does not have it."""
        if prompt is None:
            return texts
        known = self._facts.prompts
        if prompt not in known:
            names = ", ".join(sorted(known)) or "none"
            message = f"prompt {prompt!r} is not one of this model's; it has {names}"
            raise InvalidInputError(message, "prompt")
        if any(isinstance(text, tuple) for text in texts):
            message = "a prompt cannot be put before token ids"
            raise InvalidInputError(message, "prompt")
        return [known[prompt] + str(text) for text in texts]


def cut_rows(rows: Rows, dimensions: int, *, normalize: bool) -> Rows:
    """Keep the first dimensions of each row, and normalize it again (Matryoshka truncation)."""
    kept = np.ascontiguousarray(rows[:, :dimensions])
    if not normalize:
        return kept
    norms = np.sqrt(np.einsum("ij,ij->i", kept, kept))[:, None]
    return np.asarray(np.divide(kept, norms, out=np.zeros_like(kept), where=norms > 0), np.float32)
