"""Where a graph's time goes: ONNX Runtime's own profiler over many runs, summed by operator type.

Each node counts with its median over the runs, so that an interrupted run does not count; the first are left out.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from bench.artifacts import OUTPUT, Artifact
from bench.figures.kernels import OperatorTime
from bench.graphs.onnx_sessions import open_onnx_session, session_options
from bench.graphs.timing import Ids
from models import KernelsLibrary, Variant, kernels_library, verify_file
from models.runtime import onnxruntime

RUNS, WARM_RUNS = 20, 3

Events = list[dict[str, Any]]


def profile_operators(artifact: Artifact, variant: Variant, ids: Ids) -> dict[str, OperatorTime]:
    """Return what each operator type takes of a one-thread run on token ids (batch, tokens), costliest first."""
    with TemporaryDirectory() as folder:
        session = _open_profiled(artifact, variant, Path(folder))
        fed = _feeds({value.name for value in session.get_inputs()}, ids)
        for _ in range(WARM_RUNS + RUNS):
            session.run([OUTPUT], fed)
        events = msgspec.json.decode(Path(session.end_profiling()).read_bytes(), type=Events)
    return sum_by_operator(events)


def _open_profiled(artifact: Artifact, variant: Variant, folder: Path) -> onnxruntime.InferenceSession:
    options = session_options(threads=1)
    options.enable_mem_pattern = False
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    library = kernels_library() if variant.layout == "ragged" else None
    if isinstance(library, KernelsLibrary):
        library.register(options)
    return open_onnx_session(verify_file(artifact.folder, artifact.manifest, variant.file), options)


def _feeds(inputs: Iterable[str], ids: Ids) -> Mapping[str, Ids]:
    """Return the ids as the graph takes them: as a batch, or laid end to end with the lengths of the texts."""
    if "lengths" in inputs:
        return {"input_ids": ids.reshape(-1), "lengths": np.full(len(ids), ids.shape[1], np.int64)}
    return {"input_ids": ids}


def sum_by_operator(events: Events, warm_runs: int = WARM_RUNS) -> dict[str, OperatorTime]:
    """Sum the profiler's events by operator type, costliest first."""
    microseconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            microseconds[event["args"]["op_name"], event["name"]].append(event["dur"])
    by_type: dict[str, list[float]] = defaultdict(list)
    for (operator, _), durations in microseconds.items():
        by_type[operator].append(1e-3 * statistics.median(durations[warm_runs:]))
    whole = sum(map(sum, by_type.values()))
    found = {name: OperatorTime(sum(nodes), sum(nodes) / whole, len(nodes)) for name, nodes in by_type.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1].ms))
