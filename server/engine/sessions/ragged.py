"""The adapter of variants over vecd's own operators: texts of any lengths in one run, without padding."""

from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import KernelsLibrary, KernelsMissing, kernels_library
from server.contract.errors import StartError
from server.engine.sessions.session import Rows, open_graph, run_graph


class RaggedSession:
    """A graph over flat input_ids (tokens) and lengths (texts)."""

    def __init__(
        self, path: Path, provider: str, cores: int, operators: KernelsLibrary | KernelsMissing | None = None
    ) -> None:
        """Load the graph, with the operators' library as it was built unless another is given.

        Raises:
            StartError: there is no library that runs here, or ONNX Runtime cannot load the graph with it.
        """
        library = operators or kernels_library()
        if isinstance(library, KernelsMissing):
            raise StartError(library.reason)
        self._one_core = open_graph(path, provider, 1, library)
        self._all_cores = open_graph(path, provider, cores, library) if cores > 1 else self._one_core

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
        """Return float32 rows: (batch, dimensions), or for token_embeddings a list of (tokens, dimensions).

        Raises:
            InferenceError: the run raised, or a value is not finite.
        """
        lengths = np.array([len(ids) for ids in encodings], np.int64)
        ids: NDArray[np.int64] = np.fromiter(chain.from_iterable(encodings), np.int64, int(lengths.sum()))
        session = self._all_cores if all_cores else self._one_core
        rows = run_graph(session, output, {"input_ids": ids, "lengths": lengths})
        return np.split(rows, np.cumsum(lengths)[:-1]) if output == "token_embeddings" else rows
