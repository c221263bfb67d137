"""The fp16 variant for CUDA: fused by optimum in an environment of its own, finished and verified here, without a GPU.

In: the model and its fp32 graph. Out: the fp16 graph and its fidelity. Promised: the same fusions in fp32 equal the
fp32 graph. What fp16 costs is measured with the CPU provider's kernels, which round weights and the operators' results
as CUDA does; sums inside an operator may have another order there, and the server's self-check decides.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import onnx
from tokenizers import Tokenizer

from export.bert import Weights
from export.corpus import read_corpus
from export.cuda_graph import finish_graph
from export.environments import bare_environment, prepare_optimum, run_command
from export.errors import ExportError
from export.progress import Progress
from export.runner import GraphRunner
from export.verification import Reference, check_reference, measure_fidelity
from models import CatalogEntry, Fidelity

SCRIPT = Path(__file__).parent / "scripts" / "fuse_for_cuda.py"
# all-MiniLM-L6-v2 gives 0.999998 at the least; where fp16 overflows or loses a weight, far less.
FP16_COSINE_MIN = 0.999


class Encoder(msgspec.Struct, frozen=True):
    """A model: its catalogue entry, weights, checkpoint folder, tokenizer and fp32 graph."""

    entry: CatalogEntry
    weights: Weights
    folder: Path
    tokenizer: Tokenizer
    fp32: onnx.ModelProto


class FusedGraphs(msgspec.Struct, frozen=True):
    """An encoder after optimum's fusions: the same operators in both precisions."""

    fp32: onnx.ModelProto
    fp16: onnx.ModelProto


class Fp16(msgspec.Struct, frozen=True):
    """The graph that serves, its fidelity, and the least cosine of its embeddings with the golden probes."""

    graph: onnx.ModelProto
    fidelity: Fidelity
    probe_cosine: float


Fuse = Callable[[Path], FusedGraphs]


def fuse_with_optimum(checkpoint: Path) -> FusedGraphs:
    """Export and fuse the checkpoint in a child process that fetches nothing.

    Raises:
        ExportError: the environment cannot be made, or optimum failed.
    """
    python = prepare_optimum()
    with tempfile.TemporaryDirectory() as scratch:
        run_command([str(python), str(SCRIPT), str(checkpoint.resolve()), scratch], bare_environment())
        fp32, fp16 = (onnx.load(Path(scratch) / name / "model.onnx") for name in ("fp32", "fp16"))
    return FusedGraphs(fp32, fp16)


def build_fp16(encoder: Encoder, progress: Progress, fuse: Fuse = fuse_with_optimum) -> Fp16:
    """Build and verify the graph for CUDA.

    Raises:
        ExportError: optimum cannot be run, or its graph misses its bar.
    """
    texts, probes = (
        [encoder.tokenizer.encode(text).ids for text in read_corpus(part)] for part in ("verification", "probes")
    )
    progress.stage("fusion for CUDA", len(texts))
    fused = fuse(encoder.folder)
    plain, twin = GraphRunner(encoder.fp32), GraphRunner(_finish(encoder, fused.fp32))
    reference = plain.embed_all(texts)
    check_reference("graph fused for CUDA", twin.embed_all(texts, progress.advance), reference)

    progress.stage("verification", len(texts))
    fp16 = _finish(encoder, fused.fp16)
    runner = GraphRunner(fp16)
    fidelity = measure_fidelity(runner, Reference(texts, reference), progress.advance)
    check_fp16(fidelity)
    on_probes = measure_fidelity(runner, Reference(probes, plain.embed_all(probes)), lambda: None)
    return Fp16(fp16, fidelity, on_probes.cosine_min)


def check_fp16(fidelity: Fidelity) -> None:
    """Hold the fp16 variant to its bar.

    Raises:
        ExportError: it is further from fp32 than the bar allows.
    """
    if not fidelity.cosine_min >= FP16_COSINE_MIN:
        message = f"the fp16 graph is not true enough to fp32: cosine min {fidelity.cosine_min:.4f}"
        raise ExportError(f"{message} over {fidelity.texts} texts; at least {FP16_COSINE_MIN} is required")


def _finish(encoder: Encoder, fused: onnx.ModelProto) -> onnx.ModelProto:
    table = encoder.weights["embeddings.position_embeddings.weight"][: encoder.entry.max_tokens]
    first_type = encoder.weights["embeddings.token_type_embeddings.weight"][0]
    return finish_graph(fused, table + first_type, encoder.entry.pooling)
