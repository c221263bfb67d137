"""The adapter of variants that take texts of any lengths in one run, padded, as suits a GPU."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.engine.sessions.session import Rows, open_graph, run_graph

# Any id will do, because the mask excludes it.
PADDING_ID = 0


class PaddedSession:
    """A graph over input_ids and attention_mask (batch, tokens), padded to the right."""

    def __init__(self, path: Path, provider: str, cores: int) -> None:
        """Load the graph.

        Raises:
            StartError: ONNX Runtime cannot load it, or cannot use the provider.
        """
        self._session = open_graph(path, provider, threads=cores if provider == "cpu" else 1)

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:  # noqa: ARG002 - one session
        """Return float32 rows: (batch, dimensions), or for token_embeddings a list of (tokens, dimensions).

        Raises:
            InferenceError: the run raised, or a value is not finite.
        """
        ids, mask = pad(encodings)
        rows = run_graph(self._session, output, {"input_ids": ids, "attention_mask": mask})
        if output != "token_embeddings":
            return rows
        return [row[: len(encoding)] for row, encoding in zip(rows, encodings, strict=True)]


def pad(encodings: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return input_ids and attention_mask (batch, longest), both int64."""
    lengths = np.array([len(ids) for ids in encodings])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, PADDING_ID, np.int64)
    ids[mask] = np.concatenate([np.array(one, np.int64) for one in encodings])
    return ids, mask.astype(np.int64)
