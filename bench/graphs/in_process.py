"""The graphs that are timed in this process: vecd's, and the stock graphs.

The inputs of a run are made before it is timed, as lists for vecd's sessions and as arrays for the stock graphs.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from bench.artifacts import Artifact, LoadedModel
from bench.errors import BenchError
from bench.graphs.onnx_sessions import open_onnx_session, session_options
from bench.graphs.timing import Graph, Ids, Timer, prepare_call, time_call
from bench.peers.stock import StockGraphs
from models import ATTENTIONS, KernelsLibrary, KernelsMissing, kernels_library, lacks_all
from server.engine.sessions import Session

# The figures' names of the variants that are timed beside the server's own choice: stock operators alone, and fp32.
NAMES = {"int8": "vecd-int8-portable", "fp32": "vecd-fp32"}


class VecdGraph(msgspec.Struct, frozen=True):
    variant: str
    session: Session


def open_vecd(artifact: Artifact, model: LoadedModel) -> dict[str, VecdGraph]:
    """Return vecd's graphs by the names of the figures: what the server chose, the portable graph, and fp32.

    What the server chose over vecd's own operators comes computed in the other ways too that the processor has
    instructions for. One session stands under two names where the server chose the portable graph.
    """
    opened = {f"vecd-{model.variant.precision}": VecdGraph(model.variant.name, model.session)}
    for variant in artifact.variants(model.provider):
        name = NAMES.get(variant.name)
        if name is not None and name not in opened:
            same = variant.name == model.variant.name
            session = model.session if same else artifact.open_session(variant, model.provider, model.cores)
            opened[name] = VecdGraph(variant.name, session)
    library = kernels_library()
    others = {} if model.variant.layout != "ragged" or isinstance(library, KernelsMissing) else other_ways(library)
    for name, operators in others.items():
        session = artifact.open_session(model.variant, model.provider, model.cores, operators)
        opened[f"vecd-{model.variant.precision}-{name}"] = VecdGraph(model.variant.name, session)
    return opened


def other_ways(
    library: KernelsLibrary, lacks: Callable[[Sequence[str]], bool] = lacks_all
) -> dict[str, KernelsLibrary]:
    """Return the operators that compute otherwise than `library`, by name, but for ways that would be emulated.

    On tiles there are other attentions to compare, and products by VNNI beside them.
    """
    emulated = {"bf16": lacks(("avx512_bf16",)), "tiles": library.products != "tiles"}
    attentions = [way for way in ATTENTIONS if way != library.attention and not emulated.get(way)]
    others: dict[str, KernelsLibrary] = {way: msgspec.structs.replace(library, attention=way) for way in attentions}
    if library.products == "tiles":
        others["vnni"] = msgspec.structs.replace(library, products="vnni")
    return others


def vecd_graphs(opened: Mapping[str, VecdGraph], *, all_cores: bool) -> dict[str, Graph]:
    """Return what times each of vecd's graphs; the same for two names of one session."""
    graphs = {id(one.session): _vecd_graph(one.session, all_cores=all_cores) for one in opened.values()}
    return {name: graphs[id(one.session)] for name, one in opened.items()}


def _vecd_graph(session: Session, *, all_cores: bool) -> Graph:
    return lambda ids: partial(time_call, prepare_call(session, ids.tolist(), all_cores=all_cores))


def stock_graphs(stock: StockGraphs, provider: str, threads: int) -> dict[str, Graph]:
    files = {"stock-int8": stock.int8, "stock-fp32": stock.fp32}
    return {name: _stock_graph(file, provider, threads) for name, file in files.items()}


def _stock_graph(path: Path, provider: str, threads: int) -> Graph:
    session = open_onnx_session(path, session_options(threads), provider)
    inputs = [value.name for value in session.get_inputs()]

    def prepare(ids: Ids) -> Timer:
        fed = feeds(inputs, ids)
        return partial(time_call, lambda: session.run(None, fed))

    return prepare


def feeds(inputs: Sequence[str], ids: Ids) -> dict[str, Ids]:
    """Return the inputs of a BERT graph for texts of one segment, without padding.

    Raises:
        BenchError: the graph has an input that is not one of BERT's.
    """
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    if unknown := set(inputs) - known.keys():
        message = f"the graph takes {', '.join(sorted(unknown))}; bench can feed {', '.join(known)}"
        raise BenchError(message)
    return {name: known[name] for name in inputs}
