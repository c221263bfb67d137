"""The graphs that most people serve today: optimum's export of the same checkpoint, fp32 and dynamic int8.

Both are made once under .bench/stock/NAME/, from the weights that the artifact was made from, in the environment of
export/constraints-optimum.txt.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.environments import FOLDER
from bench.errors import BenchError
from bench.progress import say
from export import (
    OPTIMUM,
    Checkpoint,
    Request,
    Run,
    bare_environment,
    environment_key,
    find_checkpoint,
    hash_parts,
    is_complete,
    mark_complete,
    prepare_optimum,
    run_command,
)
from models import Manifest, file_record, load_catalog

SCRIPT = Path(__file__).parent / "services" / "stock_int8.py"
WEIGHTS = "model.safetensors"

Find = Callable[[Manifest], Checkpoint]


class StockGraphs(msgspec.Struct, frozen=True):
    """The graphs' files, and the versions of what made them."""

    fp32: Path
    int8: Path
    versions: dict[str, str]


def find_weights(manifest: Manifest) -> Checkpoint:
    """Return the checkpoint that the artifact was made from.

    Raises:
        BenchError: the model is not in the catalogue, or the artifact was made from other weights.
        ExportError: no source has the checkpoint.
    """
    entry = load_catalog().get(manifest.name)
    if entry is None:
        message = f"model {manifest.name!r} is not in the catalogue, so its checkpoint cannot be found"
        raise BenchError(message)
    checkpoint = find_checkpoint(Request(manifest.name, entry, "auto", entry.revision))
    found = file_record(checkpoint.folder / WEIGHTS).sha256
    if found != manifest.weights_sha256:
        message = (
            f"{checkpoint.folder / WEIGHTS} has sha256 {found[:12]}…, the artifact was made from "
            f"{manifest.weights_sha256[:12]}…; export the model again"
        )
        raise BenchError(message)
    return checkpoint


def prepare_stock(
    manifest: Manifest, folder: Path = FOLDER, run: Run = run_command, find: Find = find_weights
) -> StockGraphs:
    """Return the stock graphs of the artifact's model, made first where they are missing.

    Raises:
        ExportError: the checkpoint cannot be found, or the environment or the graphs cannot be made.
    """
    out = folder / "stock" / manifest.name
    key = hash_parts(manifest.weights_sha256.encode(), environment_key(OPTIMUM).encode(), SCRIPT.read_bytes())
    if not is_complete(out, key):
        checkpoint = find(manifest)
        python = prepare_optimum(folder, run)
        say(f"exporting {manifest.name} with optimum into {out}, once")
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        run([str(python), str(SCRIPT), str(checkpoint.folder), str(out)], bare_environment(folder))
        mark_complete(out, key)
    versions = msgspec.json.decode((out / "versions.json").read_bytes(), type=dict[str, str])
    return StockGraphs(out / "model.onnx", out / "model_quantized.onnx", versions)
