"""`python -m bench.documents.start FOLDER MODELS MODEL`: opens a model and an index, in a process of its own.

Says as one line of JSON how long the index took until it answered, and what all of it holds in memory.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from bench.artifacts import open_artifact  # first: ONNX Runtime crashes where USearch was loaded before it
from bench.errors import BenchError
from bench.traffic.vitals import read_vitals
from index import Index, Query
from server import MEMORY, Settings, build_daemon

SEARCHES = 200


class Start(msgspec.Struct, frozen=True):
    """`restart_s` from opening the folder to the first answer; `pending` rows were not in the view by then."""

    restart_s: float
    pending: int
    rss_mb: float
    rss_mb_model: float


def start_apart(folder: Path, models: Path, model: str) -> Start:
    """Have a process of its own open both."""
    command = [sys.executable, "-m", "bench.documents.start", str(folder), str(models), model]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        message = f"the process that opens the index ended: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
        raise BenchError(message)
    return msgspec.json.decode(done.stdout, type=Start)


def main(folder: str, models: str, model: str) -> Start:
    """Open the model, then the index; search some, and look."""
    manifest = open_artifact(Path(models), model).manifest
    build_daemon(Settings(models=Path(models), model=model, data=MEMORY))
    before = read_vitals(os.getpid()).rss_mb
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(SEARCHES, manifest.dimensions)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    start = time.perf_counter()
    index = Index(Path(folder), manifest.model_fingerprint, manifest.dimensions)
    collection = index.collection()
    collection.search(Query(vector=rows[0], threshold=-1.0))
    taken_s, pending = time.perf_counter() - start, collection.stats().pending
    for row in rows:
        collection.search(Query(vector=row, threshold=-1.0))
    found = Start(taken_s, pending, read_vitals(os.getpid()).rss_mb, before)
    index.close()
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(*sys.argv[1:])))
