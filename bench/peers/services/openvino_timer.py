"""Times graphs on OpenVINO, one request a line, for a process that times others in between.

python openvino_timer.py THREADS NAME=PRECISION=FILE...: compiles each graph for the CPU with that inference precision,
`default` for the plugin's own choice. First line out: {"versions": {...}, "precision": {NAME: ...}}. A line in is
{"graph": NAME, "ids": [[...]], "repeats": N}, its answer {"seconds": the median of that many runs}.
"""

import json
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
import openvino

PACKAGES = ("nncf", "openvino", "optimum-intel")


def main(threads: str, *graphs: str) -> None:
    core = openvino.Core()
    named = [graph.split("=", 2) for graph in graphs]
    compiled = {name: compile_graph(core, file, int(threads), precision) for name, precision, file in named}
    used = {name: one.get_property("INFERENCE_PRECISION_HINT").to_string() for name, one in compiled.items()}
    answer({"versions": {package: version(package) for package in PACKAGES}, "precision": used})
    for line in sys.stdin:
        asked = json.loads(line)
        feeds = feed(compiled[asked["graph"]], np.array(asked["ids"], np.int64))
        answer({"seconds": time_graph(compiled[asked["graph"]], feeds, asked["repeats"])})


def compile_graph(core: openvino.Core, file: str, threads: int, precision: str) -> openvino.CompiledModel:
    """Compile as optimum-intel does for sentence-transformers; pinning is left to who started this process."""
    properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    if precision != "default":
        properties["INFERENCE_PRECISION_HINT"] = precision
    return core.compile_model(core.read_model(file), "CPU", properties)


def feed(compiled: openvino.CompiledModel, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the inputs that the graph names, for texts of one segment without padding."""
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return {name: known[name] for name in (port.get_any_name() for port in compiled.inputs)}


def time_graph(compiled: openvino.CompiledModel, feeds: dict[str, np.ndarray], repeats: int) -> float:
    """Return the median seconds of `repeats` runs, after one that is not timed."""
    compiled(feeds)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        compiled(feeds)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answer(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
