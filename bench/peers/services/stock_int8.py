"""Exports a checkpoint the way most users do today: optimum's fp32 graph, then its dynamic int8 for AVX-512 VNNI.

In: a checkpoint's folder and a folder for the results. Out: model.onnx, model_quantized.onnx and versions.json there.
Executed by path in the environment of constraints-optimum.txt; nothing imports it, and it imports nothing of vecd.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

from optimum.exporters.onnx import main_export  # type: ignore[import-not-found] # of the script's own environment
from optimum.onnxruntime import ORTQuantizer  # type: ignore[import-not-found] # likewise
from optimum.onnxruntime.configuration import (  # type: ignore[import-not-found] # likewise
    AutoQuantizationConfig,
)

PACKAGES = ("onnx", "onnxruntime", "optimum", "optimum-onnx", "torch", "transformers")


def main() -> None:
    """Export and quantize as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    export_stock(options.checkpoint, options.out)
    versions = {package: version(package) for package in PACKAGES}
    (options.out / "versions.json").write_text(json.dumps(versions, indent=1) + "\n", "utf-8")


def export_stock(checkpoint: Path, out: Path) -> None:
    """Write both graphs. Task and library are named because optimum would otherwise ask the Hub for them."""
    main_export(
        str(checkpoint),
        out,
        task="feature-extraction",
        library_name="transformers",
        framework="pt",
        local_files_only=True,
        do_validation=False,
    )
    quantizer = ORTQuantizer.from_pretrained(out, file_name="model.onnx")
    recipe = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True)
    quantizer.quantize(save_dir=out, quantization_config=recipe)


if __name__ == "__main__":
    main()
