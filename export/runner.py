"""Runs a graph in memory, one text at a time on all cores, for calibration and verification."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from models.runtime import onnxruntime


class GraphRunner:
    """An ONNX Runtime session on the CPU; `operators` is the library of custom operators that the model needs."""

    def __init__(self, model: onnx.ModelProto, operators: Path | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if operators is not None:
            options.register_custom_ops_library(str(operators))
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [value.name for value in self._session.get_inputs()]

    def feed(self, inputs: dict[str, NDArray[np.float32]], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        return list(self._session.run(list(outputs), inputs))

    def run(self, ids: list[int], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs for one text, each without its batch axis; an attention mask is all ones."""
        if "lengths" in self._inputs:
            return self._run_flat(np.array(ids, np.int64), outputs)
        feeds = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}
        values = self._session.run(list(outputs), {name: feeds[name] for name in self._inputs})
        return [value[0] for value in values]

    def _run_flat(self, ids: NDArray[np.int64], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        values = self._session.run(list(outputs), {"input_ids": ids, "lengths": np.array([len(ids)], np.int64)})
        return [value if name == "token_embeddings" else value[0] for name, value in zip(outputs, values, strict=True)]

    def embed(self, ids: list[int]) -> NDArray[np.float32]:
        """Return one text's unit-norm embedding (hidden,)."""
        return self.run(ids, ["sentence_embedding"])[0]

    def embed_all(
        self, encodings: Sequence[list[int]], advance: Callable[[], object] = lambda: None
    ) -> NDArray[np.float32]:
        """Return the embeddings (texts, hidden); calls `advance` after every text."""
        rows = []
        for ids in encodings:
            rows.append(self.embed(ids))
            advance()
        return np.stack(rows)
