"""From a checkpoint to an artifact: the one place that states the order of the export.

Read the weights, build fp32, calibrate, build int8, verify, write. Nothing appears under the model's name before
everything is verified and on disk.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnx
from tokenizers import Tokenizer

from export.bert import BertConfig, Fp32Linear, Weights, build_bert
from export.checkpoint import TOKENIZER, WEIGHTS, Checkpoint, read_checkpoint
from export.corpus import read_corpus
from export.cpu import PROBE_TOLERANCE, CpuBuild, build_cpu_variants
from export.cuda import Encoder, build_fp16
from export.progress import Progress
from export.reference import embed_reference
from export.runner import GraphRunner
from export.verification import Reference, check_reference
from export.vocabulary import single_token_texts
from models import (
    MANIFEST_FORMAT,
    CatalogEntry,
    Fidelity,
    FileRecord,
    Manifest,
    Probe,
    Variant,
    file_record,
    write_manifest,
)
from models.tokenizer import open_tokenizer

FP32_FILE, FP16_FILE = "model.fp32.onnx", "model.fp16.onnx"
# Which variants an artifact holds: the CPU's, CUDA's, or both. The fp32 graph serves everywhere and is always there.
Target = Literal["cpu", "cuda", "all"]


class Built(msgspec.Struct, frozen=True):
    """Everything that `_write` writes: the graphs by file name, the variants and the golden probes."""

    config: BertConfig
    graphs: dict[str, onnx.ModelProto]
    variants: tuple[Variant, ...]
    probes: tuple[Probe, ...]
    omitted: dict[str, str] = {}


def export_artifact(
    name: str, entry: CatalogEntry, checkpoint: Checkpoint, out: Path, progress: Progress, target: Target = "cpu"
) -> Path:
    """Write the artifact `name` under `out`, replacing an older one, and return its folder.

    Raises:
        ExportError: the checkpoint cannot be exported, or a graph misses its bar; nothing is written then.
    """
    config, weights = read_checkpoint(checkpoint, entry)
    tokenizer = open_tokenizer(checkpoint.folder / TOKENIZER, entry.max_tokens)
    built = build_variants(entry, config, weights, tokenizer, progress, with_int8=target != "cuda")
    if target != "cpu":
        built = _add_fp16(
            built, Encoder(entry, weights, checkpoint.folder, tokenizer, built.graphs[FP32_FILE]), progress
        )
    return _write(name, entry, checkpoint, built, out)


def build_variants(
    entry: CatalogEntry,
    config: BertConfig,
    weights: Weights,
    tokenizer: Tokenizer,
    progress: Progress,
    *,
    with_int8: bool,
) -> Built:
    """Build and verify the fp32 graph and, with int8, the variants that the CPU runs best."""
    texts = {part: read_corpus(part) for part in ("calibration", "verification", "probes")}
    encodings = {part: [tokenizer.encode(text).ids for text in texts[part]] for part in texts}

    fp32_graph = build_bert(config, weights, Fp32Linear(), entry.pooling)
    fp32 = GraphRunner(fp32_graph)
    progress.stage("fp32 reference", len(encodings["verification"]) + len(encodings["probes"]))
    verification, probes = (
        Reference(encodings[part], fp32.embed_all(encodings[part], progress.advance))
        for part in ("verification", "probes")
    )
    exact = [embed_reference(config, weights, ids, entry.pooling) for ids in encodings["probes"]]
    check_reference("fp32 graph", probes.rows, np.stack(exact))
    built = Built(
        config,
        {FP32_FILE: fp32_graph},
        (_fp32_variant(len(verification.rows)),),
        tuple(Probe(text, tuple(row.tolist())) for text, row in zip(texts["probes"], probes.rows, strict=True)),
    )
    if not with_int8:
        return built
    vocabulary = single_token_texts(config, tokenizer)
    build = CpuBuild(config, weights, entry.pooling, vocabulary, encodings["calibration"], verification, probes)
    cpu = build_cpu_variants(build, progress)
    return msgspec.structs.replace(_put_first(built, cpu.graphs, cpu.variants), omitted=cpu.omitted)


def _fp32_variant(texts: int) -> Variant:
    return Variant(
        name="fp32",
        file=FP32_FILE,
        precision="fp32",
        providers=("cpu", "cuda"),
        layout="equal-length",
        fidelity=Fidelity(texts, 1.0, 1.0),
        probe_cosine=0.9999,
    )


def _put_first(built: Built, graphs: Mapping[str, onnx.ModelProto], variants: Sequence[Variant]) -> Built:
    """Add variants that a server tries before those that are there."""
    return msgspec.structs.replace(built, graphs={**graphs, **built.graphs}, variants=(*variants, *built.variants))


def _add_fp16(built: Built, encoder: Encoder, progress: Progress) -> Built:
    fp16 = build_fp16(encoder, progress)
    bar = fp16.probe_cosine - PROBE_TOLERANCE
    variant = Variant("fp16", FP16_FILE, "fp16", ("cuda",), "padded", fp16.fidelity, bar)
    return _put_first(built, {FP16_FILE: fp16.graph}, [variant])


def _write(name: str, entry: CatalogEntry, checkpoint: Checkpoint, built: Built, out: Path) -> Path:
    final, old = out / name, out / f".{name}.old"
    if old.exists() and not final.exists():  # an export ended between the two renames below
        old.rename(final)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=out) as scratch:
        made = Path(scratch) / name
        made.mkdir()
        shutil.copyfile(checkpoint.folder / TOKENIZER, made / TOKENIZER)
        for file, graph in built.graphs.items():
            (made / file).write_bytes(graph.SerializeToString())
        files = {file: file_record(made / file) for file in (TOKENIZER, *built.graphs)}
        write_manifest(made, _manifest(name, entry, checkpoint, built, files))
        for path in made.iterdir():
            _flush(path)
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        made.rename(final)
    shutil.rmtree(old, ignore_errors=True)
    return final


def _flush(path: Path) -> None:
    """Write the file through to the disk, so that it is there before its folder gets the model's name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _manifest(
    name: str, entry: CatalogEntry, checkpoint: Checkpoint, built: Built, files: dict[str, FileRecord]
) -> Manifest:
    return Manifest(
        format=MANIFEST_FORMAT,
        name=name,
        source=checkpoint.source,
        revision=checkpoint.revision,
        license=entry.license,
        aliases=entry.aliases,
        dimensions=built.config.hidden_size,
        max_tokens=entry.max_tokens,
        pooling=entry.pooling,
        normalize=entry.normalize,
        prompts=entry.prompts,
        architecture=msgspec.structs.asdict(built.config),
        weights_sha256=file_record(checkpoint.folder / WEIGHTS).sha256,
        tokenizer=TOKENIZER,
        files=files,
        variants=built.variants,
        omitted=built.omitted,
        probes=built.probes,
    )
