"""The variants that serve on a CPU: int8, and int8 with weights reduced to seven bits for x86-64 without VNNI.

In: the encoder and what fp32 gives for the verification texts and the probes. Out: graphs and verified variants, in
the order in which a server should try them.
"""

from typing import Literal

import msgspec
import onnx

from export.bert import BertConfig, Weights, build_bert
from export.calibration import INT8_LEVELS, REDUCED_LEVELS, quantize_encoder
from export.progress import Progress
from export.quantization import Int8Linear
from export.runner import GraphRunner
from export.verification import INT8_BAR, REDUCED_BAR, Reference, check_fidelity, measure_fidelity
from models import Variant

INT8_FILE, REDUCED_FILE = "model.int8.onnx", "model.int8-reduced.onnx"
# x86-64 without one of these sums pairs of products in 16 bits, where 255 * 127 * 2 does not fit.
VNNI = ("avx512_vnni", "avx_vnni")
# How far below its own probes' cosine a variant may fall on another processor before it is refused there: sums that
# saturate cost all-MiniLM-L6-v2 0.0044 on its worst probe.
PROBE_TOLERANCE = 0.002


CpuVariants = tuple[dict[str, onnx.ModelProto], list[Variant]]  # graphs by file name, and what the manifest says


class CpuBuild(msgspec.Struct, frozen=True):
    """What the variants are made from and held against."""

    config: BertConfig
    weights: Weights
    pooling: Literal["mean", "cls"]
    calibration: list[list[int]]
    verification: Reference
    probes: Reference


def build_cpu_variants(build: CpuBuild, progress: Progress) -> CpuVariants:
    """Calibrate, build and verify.

    Raises:
        ExportError: a graph is not true enough to fp32.
    """
    progress.stage("calibration", build.config.num_hidden_layers)
    encoder = quantize_encoder(build.config, build.weights, build.calibration, progress.advance)
    graphs: dict[str, onnx.ModelProto] = {}
    variants: list[Variant] = []
    for name, file, levels, bar, needed in (
        ("int8", INT8_FILE, INT8_LEVELS, INT8_BAR, VNNI),
        ("int8-reduced", REDUCED_FILE, REDUCED_LEVELS, REDUCED_BAR, ()),
    ):
        progress.stage(f"verify {name}", len(build.verification.rows) + len(build.probes.rows))
        graphs[file] = build_bert(build.config, build.weights, Int8Linear(encoder, levels), build.pooling)
        runner = GraphRunner(graphs[file])
        fidelity = measure_fidelity(runner, build.verification, progress.advance)
        check_fidelity(name, fidelity, bar)
        probe_cosine = measure_fidelity(runner, build.probes, progress.advance).cosine_min - PROBE_TOLERANCE
        variants.append(
            Variant(
                name=name,
                file=file,
                precision="int8",
                providers=("cpu",),
                layout="equal-length",
                fidelity=fidelity,
                probe_cosine=probe_cosine,
                instructions=needed,
            )
        )
    return graphs, variants
