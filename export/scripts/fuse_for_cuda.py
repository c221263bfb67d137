"""Exports a checkpoint's encoder with optimum and fuses it for CUDA, in fp32 and in fp16.

In: a checkpoint's folder and a folder for the results. Out: fp32/model.onnx and fp16/model.onnx there, the same fused
operators twice. Executed by path in the environment of constraints-optimum.txt; nothing imports it, and it imports
nothing of vecd. No GPU is needed.
"""

import argparse
from pathlib import Path

from optimum.exporters.onnx import main_export  # type: ignore[import-not-found] # of the script's own environment
from optimum.onnxruntime import ORTOptimizer  # type: ignore[import-not-found] # likewise
from optimum.onnxruntime.configuration import OptimizationConfig  # type: ignore[import-not-found] # likewise


def main() -> None:
    """Export and fuse as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    plain = options.out / "plain"
    export_plain(options.checkpoint, plain)
    for name, fp16 in (("fp32", False), ("fp16", True)):
        fuse(plain, options.out / name, fp16=fp16)


def export_plain(checkpoint: Path, out: Path) -> None:
    """Write optimum's own graph. Task and library are named because optimum would otherwise ask the Hub for them."""
    main_export(
        str(checkpoint),
        out,
        task="feature-extraction",
        library_name="transformers",
        framework="pt",
        local_files_only=True,
        do_validation=False,
    )


def fuse(plain: Path, out: Path, *, fp16: bool) -> None:
    """Write the graph with the fusions of optimum's O4, embeddings too, but with the exact Gelu.

    Level 0 leaves out only what ONNX Runtime itself does to a graph, which it does anyway when it loads one.
    """
    recipe = OptimizationConfig(
        optimization_level=0,
        optimize_for_gpu=True,
        fp16=fp16,
        disable_embed_layer_norm_fusion=False,
    )
    ORTOptimizer.from_pretrained(plain).optimize(recipe, out, file_suffix="")


if __name__ == "__main__":
    main()
