"""Runs a graph that was just built, one text at a time on every core: what calibration and verification stand on."""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from models import onnxruntime


class GraphRunner:
    """An ONNX Runtime session on the CPU over a model in memory."""

    def __init__(self, model: onnx.ModelProto) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [value.name for value in self._session.get_inputs()]

    def feed(self, inputs: dict[str, NDArray[np.float32]], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs for any inputs."""
        return list(self._session.run(list(outputs), inputs))

    def run(self, ids: list[int], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs for one text, each without its batch axis; a mask that is wanted hides nothing."""
        feeds = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}
        values = self._session.run(list(outputs), {name: feeds[name] for name in self._inputs})
        return [value[0] for value in values]

    def embed(self, ids: list[int]) -> NDArray[np.float32]:
        """Return one text's unit-norm embedding (hidden,)."""
        return self.run(ids, ["sentence_embedding"])[0]
