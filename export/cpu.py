"""The variants that serve on a CPU: int8 with vecd's own operators, with stock ones, and with weights of seven bits.

In: the encoder, and the fp32 embeddings of the verification texts and the probes. Out: graphs and verified variants,
in the order in which a server tries them.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
import onnx

from export.bert import BertConfig, Fp32Linear, Weights, build_bert
from export.calibration import INT8_LEVELS, REDUCED_LEVELS, QuantizedEncoder, quantize_encoder
from export.fused import FusedModel, build_fused, unfit_for_kernels
from export.progress import Progress
from export.quantization import Int8Linear
from export.runner import GraphRunner
from export.splitting import split_outliers
from export.verification import (
    INT8_BAR,
    REDUCED_BAR,
    VOCABULARY_BAR,
    Bar,
    Reference,
    check_fidelity,
    check_reference,
    least_of,
    measure_fidelity,
)
from export.vocabulary import sweep_vocabulary
from models import ATTENTIONS, KernelsLibrary, KernelsMissing, Variant, kernels_library, lacks_all

FUSED = "int8-fused"
FUSED_FILE, INT8_FILE, REDUCED_FILE = "model.int8-fused.onnx", "model.int8.onnx", "model.int8-reduced.onnx"
# Weights are rounded for one token in this many as a text of its own, beside the calibration texts; ranges cover all.
VOCABULARY_STEP = 16
# From this length on the speed of attention in bfloat16 is worth its rounding: docs/decisions/0006.
BF16_FROM_TOKENS = 64
# x86-64 without one of these sums pairs of products in 16 bits, where 255 * 127 * 2 does not fit.
VNNI = ("avx512_vnni", "avx_vnni")
# How far below the cosine measured here a variant may fall on another processor before it is refused there: sums that
# saturate cost all-MiniLM-L6-v2 0.0044 on its worst probe.
PROBE_TOLERANCE = 0.002


class CpuVariants(msgspec.Struct, frozen=True):
    """Graphs by file name, their entries in the manifest, and by name the reason why a variant is left out."""

    graphs: dict[str, onnx.ModelProto]
    variants: list[Variant]
    omitted: dict[str, str]


class CpuBuild(msgspec.Struct, frozen=True):
    """What the variants are made from and compared with; `vocabulary` is every token as a text of its own."""

    config: BertConfig
    weights: Weights
    pooling: Literal["mean", "cls"]
    vocabulary: list[list[int]]
    calibration: list[list[int]]
    verification: Reference
    probes: Reference


class Quantized(msgspec.Struct, frozen=True):
    """The encoder in integers, and the fp32 embeddings of the vocabulary."""

    encoder: QuantizedEncoder
    vocabulary: Reference


class Candidate(msgspec.Struct, frozen=True):
    """A graph that becomes a variant if it passes its bar, and the facts of its manifest entry."""

    name: str
    file: str
    graph: onnx.ModelProto
    layout: Literal["equal-length", "ragged"]
    bar: Bar
    instructions: tuple[str, ...] = ()
    operators: KernelsLibrary | None = None


def build_cpu_variants(
    build: CpuBuild, progress: Progress, lacks: Callable[[Sequence[str]], bool] = lacks_all
) -> CpuVariants:
    """Calibrate, build, and verify what this processor can run; `lacks` tells whether it has none of some instructions.

    Raises:
        ExportError: a graph is not true enough to fp32.
    """
    quantized = _quantize(build, progress)
    candidates = _portable(build, quantized.encoder)
    omitted = {
        one.name: f"this processor lacks {' and '.join(one.instructions)}"
        for one in candidates
        if lacks(one.instructions)
    }
    fused = _fused(build, quantized.encoder)
    if isinstance(fused, Candidate):
        candidates.insert(0, fused)
    else:
        omitted[FUSED] = fused
    for name, reason in omitted.items():
        progress.say(f"no {name}, which could not be verified: {reason}")
    verified = [candidate for candidate in candidates if candidate.name not in omitted]
    variants = [_verify(candidate, build, quantized.vocabulary, progress) for candidate in verified]
    return CpuVariants({candidate.file: candidate.graph for candidate in verified}, variants, omitted)


def _quantize(build: CpuBuild, progress: Progress) -> Quantized:
    """Split outliers, measure the vocabulary in fp32, and calibrate."""
    weights = split_outliers(build.config, build.weights)
    fp32 = GraphRunner(build_bert(build.config, weights, Fp32Linear(), build.pooling))
    check_reference("encoder with split neurons", fp32.embed_all(build.probes.encodings), build.probes.rows)
    progress.stage("vocabulary", len(build.vocabulary))
    vocabulary = sweep_vocabulary(build.config, weights, build.pooling, build.vocabulary, progress.advance)
    progress.stage("calibration", build.config.num_hidden_layers)
    texts = [*build.calibration, *build.vocabulary[::VOCABULARY_STEP]]
    encoder = quantize_encoder(build.config, weights, texts, progress.advance, vocabulary.reach)
    return Quantized(encoder, vocabulary.reference)


def _portable(build: CpuBuild, encoder: QuantizedEncoder) -> list[Candidate]:
    """Return the graphs of stock operators, for processors with VNNI and without."""
    graphs = [
        build_bert(build.config, build.weights, Int8Linear(encoder, levels), build.pooling)
        for levels in (INT8_LEVELS, REDUCED_LEVELS)
    ]
    return [
        Candidate("int8", INT8_FILE, graphs[0], "equal-length", INT8_BAR, VNNI),
        Candidate("int8-reduced", REDUCED_FILE, graphs[1], "equal-length", REDUCED_BAR),
    ]


def _fused(build: CpuBuild, encoder: QuantizedEncoder) -> Candidate | str:
    """Return the graph over vecd's own operators, or the reason why it cannot run here."""
    unfit = unfit_for_kernels(build.config)
    if unfit:
        return unfit
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        return library.reason
    graph = build_fused(FusedModel(build.config, build.weights, encoder, build.pooling, BF16_FROM_TOKENS))
    return Candidate(FUSED, FUSED_FILE, graph, "ragged", INT8_BAR, operators=library)


def _verify(candidate: Candidate, build: CpuBuild, vocabulary: Reference, progress: Progress) -> Variant:
    runners = _runners_of(candidate)
    steps = len(runners) * sum(len(part.rows) for part in (build.verification, build.probes)) + len(vocabulary.rows)
    progress.stage(f"verify {candidate.name}", steps)
    measured = {way: measure_fidelity(one, build.verification, progress.advance) for way, one in runners.items()}
    for way, fidelity in measured.items():
        check_fidelity(candidate.name + (way and f" with attention in {way}"), fidelity, candidate.bar)
    first = next(iter(runners.values()))  # no token alone is a text that is long enough for another attention
    on_vocabulary = measure_fidelity(first, vocabulary, progress.advance)
    check_fidelity(candidate.name, on_vocabulary, VOCABULARY_BAR)
    on_probes = [measure_fidelity(one, build.probes, progress.advance) for one in runners.values()]
    return Variant(
        name=candidate.name,
        file=candidate.file,
        precision="int8",
        providers=("cpu",),
        layout=candidate.layout,
        fidelity=least_of(list(measured.values())),
        probe_cosine=least_of(on_probes).cosine_min - PROBE_TOLERANCE,
        instructions=candidate.instructions,
        vocabulary=on_vocabulary,
        attention=measured if len(measured) > 1 else msgspec.UNSET,
    )


def _runners_of(candidate: Candidate) -> dict[str, GraphRunner]:
    """Return the graph with each attention that may serve: the processor that exports need not be the one that serves.

    A graph of stock operators has one, without a name.
    """
    library = candidate.operators
    if library is None:
        return {"": GraphRunner(candidate.graph)}
    ways = {way: msgspec.structs.replace(library, attention=way) for way in ATTENTIONS}
    return {way: GraphRunner(candidate.graph, operators) for way, operators in ways.items()}
