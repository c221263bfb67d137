"""One variant of the model in ONNX Runtime: token ids in, rows out.

On the CPU many one-thread runs in parallel are faster than one run with many threads, so `run` computes in the calling
thread; a lone long text may use all cores. Both give the same bits.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import KernelsLibrary
from models.runtime import ONNXRUNTIME_ERRORS, onnxruntime
from server.contract.errors import InferenceError, StartError
from server.engine.sessions.device import DeviceGraph

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
# Without this, CUDA rounds the inputs of a float32 matrix product to the ten bits of TF32.
OPTIONS: Mapping[str, dict[str, str]] = {"cpu": {}, "cuda": {"use_tf32": "0"}}

# A row for each text: (batch, dimensions), or for token_embeddings (tokens, dimensions) each.
Rows = NDArray[np.float32] | list[NDArray[np.float32]]


class Session(Protocol):
    """A variant as the workers call it. Safe to call from several threads at once."""

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
        """Return the output's rows for token ids, of one length unless the variant takes any."""


class EqualLengthSession:
    """A graph over input_ids (batch, tokens) without padding or mask."""

    def __init__(self, path: Path, provider: str, cores: int) -> None:
        """Load the graph.

        Raises:
            StartError: ONNX Runtime cannot load it, or cannot use the provider.
        """
        self._one_core = open_graph(path, provider, threads=1)
        self._all_cores = (
            open_graph(path, provider, threads=cores) if provider == "cpu" and cores > 1 else self._one_core
        )

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        """Return float32 rows: (batch, dimensions), or (batch, tokens, dimensions) for token_embeddings.

        Raises:
            InferenceError: the run raised, or a value is not finite.
        """
        session = self._all_cores if all_cores else self._one_core
        return run_graph(session, output, {"input_ids": np.array(encodings, np.int64)})


def run_graph(
    session: onnxruntime.InferenceSession | DeviceGraph, output: str, feeds: dict[str, NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Return one output, float32.

    Raises:
        InferenceError: the run raised, or a value is not finite.
    """
    try:
        (rows,) = session.run([output], feeds)
    except ONNXRUNTIME_ERRORS as error:
        message = f"ONNX Runtime failed on input_ids of shape {feeds['input_ids'].shape}: {error}"
        raise InferenceError(message) from error
    if not np.isfinite(rows).all():
        message = f"the model gave values that are not finite for input_ids of shape {feeds['input_ids'].shape}"
        raise InferenceError(message)
    return np.asarray(rows, np.float32)


def open_graph(
    path: Path, provider: str, threads: int, operators: KernelsLibrary | None = None
) -> onnxruntime.InferenceSession | DeviceGraph:
    """Load a graph for one provider; `operators` is a library of custom operators.

    Raises:
        StartError: ONNX Runtime cannot load it, or cannot use the provider.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Shapes vary with every run: saved memory plans would only accumulate.
    options.enable_mem_pattern = False
    # Threads may spin inside a run, never between runs: an idle server uses no core.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    wanted = PROVIDERS[provider]
    try:
        if operators is not None:
            operators.register(options)
        session = onnxruntime.InferenceSession(str(path), options, providers=[(wanted, OPTIONS[provider])])
    except ONNXRUNTIME_ERRORS as error:
        message = f"ONNX Runtime {onnxruntime.__version__} cannot load {path}: {error}"
        raise StartError(message) from error
    if session.get_providers()[0] != wanted:
        message = (
            f"ONNX Runtime fell back from {wanted} to {session.get_providers()[0]}; CUDA 13 and cuDNN 9 are needed"
        )
        raise StartError(message)
    return session if provider == "cpu" else DeviceGraph(session, provider)
