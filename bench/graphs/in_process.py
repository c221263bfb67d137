"""The graphs that are timed in this process: each takes token ids (batch, tokens) and gives what times it on them.

What a run is fed with is made beforehand, as lists for vecd's sessions and arrays for the stock graphs.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.artifacts import Artifact
from bench.errors import BenchError
from bench.graphs.timing import Timer, time_call
from bench.peers.stock import StockGraphs
from models import onnxruntime
from server import PROVIDERS, Daemon, Session

Ids = NDArray[np.int64]
Graph = Callable[[Ids], Timer]

# What the figures call the variants that are timed besides the server's own choice: stock operators alone, and fp32.
NAMES = {"int8": "vecd-int8-portable", "fp32": "vecd-fp32"}


class VecdGraph(msgspec.Struct, frozen=True):
    """A variant's name, and its session."""

    variant: str
    session: Session


def open_vecd(artifact: Artifact, daemon: Daemon) -> dict[str, VecdGraph]:
    """Return vecd's graphs by the names of the figures: what the server chose, the portable graph, and fp32.

    One session stands under two names where the server chose the portable graph.
    """
    provider, chosen = daemon.provider.provider, daemon.chosen
    opened = {f"vecd-{chosen.variant.precision}": VecdGraph(chosen.variant.name, chosen.session)}
    for variant in artifact.variants(provider):
        name = NAMES.get(variant.name)
        if name is not None and name not in opened:
            same = variant.name == chosen.variant.name
            session = chosen.session if same else artifact.open_session(variant, provider, daemon.cores)
            opened[name] = VecdGraph(variant.name, session)
    return opened


def vecd_graphs(opened: Mapping[str, VecdGraph], *, all_cores: bool) -> dict[str, Graph]:
    """Return what times each of vecd's graphs; the same for two names of one session."""
    graphs = {id(one.session): _vecd_graph(one.session, all_cores=all_cores) for one in opened.values()}
    return {name: graphs[id(one.session)] for name, one in opened.items()}


def _vecd_graph(session: Session, *, all_cores: bool) -> Graph:
    def prepare(ids: Ids) -> Timer:
        encodings: list[list[int]] = ids.tolist()
        return partial(time_call, lambda: session.run(encodings, "sentence_embedding", all_cores=all_cores))

    return prepare


def stock_graphs(stock: StockGraphs, provider: str, threads: int) -> dict[str, Graph]:
    """Return the stock graphs, run by so many threads."""
    files = {"stock-int8": stock.int8, "stock-fp32": stock.fp32}
    return {name: _stock_graph(file, provider, threads) for name, file in files.items()}


def _stock_graph(path: Path, provider: str, threads: int) -> Graph:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=[PROVIDERS[provider]])
    inputs = [value.name for value in session.get_inputs()]

    def prepare(ids: Ids) -> Timer:
        fed = feeds(inputs, ids)
        return partial(time_call, lambda: session.run(None, fed))

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
