"""The checkpoint as each kind of peer wants it: one set of weights, in the folders that they expect.

Made once under .bench/, keyed by the weights' hash: a sentence-transformers folder, that folder quantized by
sentence-transformers' own exporters, and what fastembed reads.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.environments import FOLDER, quiet_environment
from bench.peers.stock import find_weights
from bench.progress import say
from export import hash_parts, is_complete, mark_complete, prepare_environment, read_corpus, run_command
from models import Manifest

SERVICES = Path(__file__).parent / "services"
ST_ONNX_FILE = "model_qint8_avx512_vnni.onnx"
ST_OPENVINO_FILE = "openvino_model_qint8_quantized.xml"


def once(name: str, manifest: Manifest, make: Callable[[Path], None]) -> Path:
    """Return .bench/models/MODEL/NAME, made by `make` if it is not whole or of other weights."""
    folder = FOLDER / "models" / manifest.name / name
    key = hash_parts(manifest.weights_sha256.encode(), name.encode())
    if not is_complete(folder, key):
        say(f"making {folder}, once")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        mark_complete(folder, key)
    return folder


def sentence_transformers_folder(manifest: Manifest) -> Path:
    """Return the checkpoint with the small files that sentence-transformers reads beside it."""

    def make(folder: Path) -> None:
        checkpoint = find_weights(manifest)
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            shutil.copy(checkpoint.folder / name, folder)
        kind = "sentence_transformers.models"
        modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        _write(
            folder / "modules.json",
            [
                {"idx": i, "name": str(i), "path": path, "type": f"{kind}.{name}"}
                for i, (path, name) in enumerate(modules)
            ],
        )
        pooling = {
            "word_embedding_dimension": manifest.dimensions,
            "pooling_mode_mean_tokens": manifest.pooling == "mean",
        }
        _write(folder / "1_Pooling" / "config.json", pooling | {"pooling_mode_cls_token": manifest.pooling == "cls"})
        _write(folder / "sentence_bert_config.json", {"max_seq_length": manifest.max_tokens, "do_lower_case": False})
        special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
        _write(folder / "special_tokens_map.json", special)
        kind_of = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": manifest.max_tokens}
        _write(folder / "tokenizer_config.json", special | kind_of)

    return once("sentence-transformers", manifest, make)


def st_onnx_folder(manifest: Manifest) -> Path:
    """Return the folder quantized for the ONNX backend."""
    source = sentence_transformers_folder(manifest)
    return once("st-onnx", manifest, lambda folder: _export("st-onnx", "export_st_onnx.py", source, folder))


def st_openvino_folder(manifest: Manifest) -> Path:
    """Return the folder quantized for the OpenVINO backend, calibrated on the texts that vecd's export uses."""
    source = sentence_transformers_folder(manifest)

    def make(folder: Path) -> None:
        texts = folder.parent / "calibration"
        lines = [json.dumps({"sentence": text}) for text in read_corpus("calibration")]
        _write_text(texts / "train.jsonl", "\n".join(lines))
        _export("st-openvino", "export_st_openvino.py", source, folder, texts)

    return once("st-openvino", manifest, make)


def _export(environment: str, script: str, *folders: Path) -> None:
    python = prepare_environment(environment, SERVICES / f"{environment}.txt")
    run_command([str(python), str(SERVICES / script), *map(str, folders)], quiet_environment())


def fastembed_folder(manifest: Manifest) -> Path:
    """Return what fastembed reads: the int8 graph of the ONNX backend, and a tokenizer with the model's own length.

    fastembed takes the lesser of model_max_length and max_length, so the latter, 128, is left out for equal work.
    """
    source = st_onnx_folder(manifest)

    def make(folder: Path) -> None:
        for name in ("config.json", "tokenizer.json", "special_tokens_map.json", f"onnx/{ST_ONNX_FILE}"):
            shutil.copy(source / name, folder)
        config = msgspec.json.decode((source / "tokenizer_config.json").read_bytes(), type=dict[str, object])
        _write(folder / "tokenizer_config.json", {k: v for k, v in config.items() if k != "max_length"})

    return once("fastembed", manifest, make)


def _write(path: Path, value: object) -> None:
    _write_text(path, json.dumps(value, indent=1))


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")
