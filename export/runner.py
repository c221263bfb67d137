"""Runs a graph in memory, on all cores, for calibration and verification."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from models import KernelsLibrary
from models.runtime import onnxruntime

BATCH_TEXTS = 128


class GraphRunner:
    """An ONNX Runtime session on the CPU; `operators` is the library of custom operators that the model needs."""

    def __init__(self, model: onnx.ModelProto, operators: KernelsLibrary | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if operators is not None:
            operators.register(options)
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [value.name for value in self._session.get_inputs()]

    def feed(self, inputs: dict[str, NDArray[np.float32]], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        return list(self._session.run(list(outputs), inputs))

    def run(self, ids: list[int], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs for one text, each without its batch axis; an attention mask is all ones."""
        return [value[0] for value in self.run_batch([ids], outputs)]

    def run_batch(self, encodings: Sequence[list[int]], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs (texts, ...) for texts of one length."""
        ids = np.array(encodings, np.int64)
        ragged = "lengths" in self._inputs
        feeds = {
            "input_ids": ids.reshape(-1) if ragged else ids,
            "attention_mask": np.ones_like(ids),
            "lengths": np.full(len(ids), ids.shape[1]),
        }
        values = self._session.run(list(outputs), {name: feeds[name] for name in self._inputs})
        return [
            value.reshape(*ids.shape, -1) if ragged and name == "token_embeddings" else value
            for name, value in zip(outputs, values, strict=True)
        ]

    def embed(self, ids: list[int]) -> NDArray[np.float32]:
        """Return one text's unit-norm embedding (hidden,)."""
        return self.run(ids, ["sentence_embedding"])[0]

    def embed_all(
        self, encodings: Sequence[list[int]], advance: Callable[[], object] = lambda: None
    ) -> NDArray[np.float32]:
        """Return the embeddings (texts, hidden); calls `advance` after every text."""
        rows = []
        for batch in batches(encodings):
            rows.append(self.run_batch(batch, ["sentence_embedding"])[0])
            for _ in batch:
                advance()
        return np.concatenate(rows)


def batches(encodings: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Cut texts, in their order, into batches of one length and of at most BATCH_TEXTS."""
    for _, group in itertools.groupby(encodings, len):
        texts = list(group)
        for start in range(0, len(texts), BATCH_TEXTS):
            yield texts[start : start + BATCH_TEXTS]
