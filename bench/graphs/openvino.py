"""OpenVINO's graphs of the same checkpoint, as sentence-transformers exports them, timed by a process of their own.

`openvino-int8` runs as the plugin chooses: what is not int8 in bfloat16, where the processor has that. `openvino-fp32`
keeps to float32, and `openvino-bf16` is the same graph as the plugin runs it on such a processor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.environments import LOGS, quiet_environment
from bench.graphs.timing import Graph, Ids, Timer
from bench.machine import Machine
from bench.peers.checkpoints import SERVICES, ST_OPENVINO_FILE, st_openvino_folder
from bench.peers.child import Child, run_child
from export import prepare_environment
from models import Manifest

ENVIRONMENT = "st-openvino"
TIMER = SERVICES / "openvino_timer.py"
FP32_FILE = "openvino_model.xml"
# With one of these the plugin runs float32 graphs in bfloat16 unless it is configured not to.
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


class OpenvinoGraph(msgspec.Struct, frozen=True):
    """A graph's file, and the inference precision that it is compiled for."""

    file: Path
    precision: str


class Openvino(msgspec.Struct, frozen=True):
    """The Python that has OpenVINO, and the graphs by the names of the figures."""

    python: Path
    graphs: dict[str, OpenvinoGraph]


class Greeting(msgspec.Struct, frozen=True):
    """The versions of what made and runs the graphs, and the inference precision that each one really has."""

    versions: dict[str, str] = {}
    precision: dict[str, str] = {}


def prepare_openvino(manifest: Manifest, machine: Machine) -> Openvino:
    """Make the environment and the graphs where they are missing.

    Raises:
        BenchError: the environment or the graphs cannot be made.
        ExportError: the checkpoint cannot be found.
    """
    folder = st_openvino_folder(manifest) / "openvino"
    python = prepare_environment(ENVIRONMENT, SERVICES / f"{ENVIRONMENT}.txt")
    return Openvino(python, name_graphs(folder, machine))


def name_graphs(folder: Path, machine: Machine) -> dict[str, OpenvinoGraph]:
    graphs = {
        "openvino-int8": OpenvinoGraph(folder / ST_OPENVINO_FILE, "default"),
        "openvino-fp32": OpenvinoGraph(folder / FP32_FILE, "f32"),
    }
    if BF16_FLAGS & set(machine.flags):
        graphs["openvino-bf16"] = OpenvinoGraph(folder / FP32_FILE, "bf16")
    return graphs


@contextmanager
def run_openvino(openvino: Openvino, threads: int) -> Iterator[tuple[dict[str, Graph], Greeting]]:
    """Yield the graphs, run by a process with that many threads on the cores of the calling thread."""
    graphs = [f"{name}={graph.precision}={graph.file}" for name, graph in openvino.graphs.items()]
    command = [str(openvino.python), str(TIMER), str(threads), *graphs]
    with run_child("openvino", command, quiet_environment(), LOGS) as child:
        greeting = msgspec.convert(child.greeting, Greeting)
        yield {name: remote_graph(child, name) for name in openvino.graphs}, greeting


def remote_graph(child: Child, name: str) -> Graph:
    """Return a graph that the child process times on request."""

    def prepare(ids: Ids) -> Timer:
        request = {"graph": name, "ids": ids.tolist()}
        return lambda repeats: float(child.ask(request | {"repeats": repeats})["seconds"])

    return prepare
