"""The graphs that are timed: each takes token ids (batch, tokens) and gives a call that runs it once with one thread.

What a call is fed with is made beforehand, as lists for vecd's session and arrays for the stock graphs.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.artifacts import Artifact
from bench.errors import BenchError
from bench.stock import StockGraphs
from bench.timing import Call
from models import Variant, onnxruntime
from server import PROVIDERS

Ids = NDArray[np.int64]
Graph = Callable[[Ids], Call]


def open_graphs(artifact: Artifact, stock: StockGraphs, provider: str = "cpu") -> dict[str, Graph]:
    """Return vecd's graphs for the provider and the stock ones, by the names that the figures give them."""
    ours = {f"vecd-{one.name}": _open_ours(artifact, one, provider) for one in artifact.variants(provider)}
    return ours | {"stock-int8": _open_stock(stock.int8, provider), "stock-fp32": _open_stock(stock.fp32, provider)}


def _open_ours(artifact: Artifact, variant: Variant, provider: str) -> Graph:
    session = artifact.open_session(variant, provider)

    def prepare(ids: Ids) -> Call:
        encodings: list[list[int]] = ids.tolist()
        return lambda: session.run(encodings, "sentence_embedding")

    return prepare


def _open_stock(path: Path, provider: str) -> Graph:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=[PROVIDERS[provider]])
    inputs = [value.name for value in session.get_inputs()]

    def prepare(ids: Ids) -> Call:
        fed = feeds(inputs, ids)
        return lambda: session.run(None, fed)

    return prepare


def feeds(inputs: Sequence[str], ids: Ids) -> dict[str, Ids]:
    """Return what a BERT graph wants for one segment without padding.

    Raises:
        BenchError: the graph has an input that is not one of BERT's.
    """
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    if unknown := set(inputs) - known.keys():
        message = f"the graph wants {', '.join(sorted(unknown))}; bench can feed {', '.join(known)}"
        raise BenchError(message)
    return {name: known[name] for name in inputs}
