"""Quantizes a sentence-transformers folder with its own exporter: static int8 by NNCF, for OpenVINO.

python export_st_openvino.py SOURCE TARGET CALIBRATION: CALIBRATION is a folder that holds train.jsonl, a
{"sentence": ...} a line. The exporter's default, a data set from the Hub, cannot be assumed to be reachable.
"""

import shutil
import sys

from sentence_transformers import SentenceTransformer, export_static_quantized_openvino_model


def main(source: str, target: str, calibration: str) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    model = SentenceTransformer(target, device="cpu", backend="openvino")
    model.save_pretrained(target)
    export_static_quantized_openvino_model(
        model,
        quantization_config=None,
        model_name_or_path=target,
        dataset_name=calibration,
        dataset_config_name="default",
        dataset_split="train",
        column_name="sentence",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
