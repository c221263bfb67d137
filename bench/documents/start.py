"""`python -m bench.documents.start FOLDER MODELS MODEL`: opens a model and an index, in a process of its own.

Prints a line of JSON: how long the index takes to its first answer, and the memory of the process.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.artifacts import load_model  # first: ONNX Runtime crashes where USearch was loaded before it
from bench.errors import BenchError
from bench.traffic.processes import memory_mb
from index import Index, Query

SEARCHES = 200


class Start(msgspec.Struct, frozen=True):
    """`restart_s` is from opening the folder to the first answer, `graph_s` to the graph of the snapshot being there.

    `pending` rows were not in it.
    """

    restart_s: float
    graph_s: float
    pending: int
    rss_mb: float
    rss_mb_model: float


def start_apart(folder: Path, models: Path, model: str) -> Start:
    """Open both in a process of its own.

    Raises:
        BenchError: the process failed; the message holds the last line of its output.
    """
    command = [sys.executable, "-m", "bench.documents.start", str(folder), str(models), model]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        message = f"the process that opens the index ended: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
        raise BenchError(message)
    return msgspec.json.decode(done.stdout, type=Start)


def best_of(starts: Sequence[Start]) -> dict[str, Any]:
    """Return the fields of IndexFigures that tell of starts."""
    return {
        "restart_s": min(one.restart_s for one in starts),
        "restart_graph_s": min(one.graph_s for one in starts),
        "restart_pending": max(one.pending for one in starts),
        "rss_mb": min(one.rss_mb for one in starts),
        "rss_mb_model": min(one.rss_mb_model for one in starts),
    }


def main(folder: str, models: str, model: str) -> Start:
    loaded = load_model(Path(models), model, "auto")
    manifest = loaded.manifest
    before_mb = memory_mb(os.getpid())
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(SEARCHES, manifest.dimensions)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    start = time.perf_counter()
    index = Index(Path(folder), manifest.model_fingerprint, manifest.dimensions)
    collection = index.collection()
    collection.search(Query(vector=rows[0], threshold=-1.0))
    restart_s = time.perf_counter() - start
    assert collection.memory.loading is not None
    collection.memory.loading.wait()
    graph_s, pending = time.perf_counter() - start, collection.stats().pending
    for row in rows:
        collection.search(Query(vector=row, threshold=-1.0))
    found = Start(restart_s, graph_s, pending, memory_mb(os.getpid()), before_mb)
    index.close()
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(*sys.argv[1:])))
