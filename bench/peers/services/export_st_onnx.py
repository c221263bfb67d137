"""Quantizes a sentence-transformers folder with its own exporter: dynamic int8 for AVX-512 VNNI.

python export_st_onnx.py SOURCE TARGET: TARGET becomes a copy of SOURCE with onnx/model_qint8_avx512_vnni.onnx in it.
"""

import shutil
import sys

from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model


def main(source: str, target: str) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    model = SentenceTransformer(target, device="cpu", backend="onnx")
    model.save_pretrained(target)
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", target)


if __name__ == "__main__":
    main(*sys.argv[1:])
