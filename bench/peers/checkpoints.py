"""The checkpoint in the form that each peer expects: one set of weights in several folders.

Each folder is made once under .bench/, keyed by the weights' hash: a sentence-transformers folder, that folder
quantized by sentence-transformers' own exporters, and what fastembed reads.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.environments import FOLDER, quiet_environment
from bench.peers.stock import find_weights, prepare_stock
from bench.progress import say
from export import hash_parts, is_complete, mark_complete, prepare_environment, read_corpus, run_command
from models import Manifest

SERVICES = Path(__file__).parent / "services"
ST_ONNX_FILE = "model_qint8_avx512_vnni.onnx"
ST_OPENVINO_FILE = "openvino_model_qint8_quantized.xml"


def make_once(name: str, manifest: Manifest, make: Callable[[Path], None]) -> Path:
    """Return .bench/models/MODEL/NAME, made by `make` if it is incomplete or of other weights."""
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
        for name, value in _sentence_transformers_files(manifest).items():
            _write(folder / name, value)

    return make_once("sentence-transformers", manifest, make)


def _sentence_transformers_files(manifest: Manifest) -> dict[str, object]:
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": manifest.max_tokens}
    return {
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (path, name) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": manifest.dimensions,
            "pooling_mode_mean_tokens": manifest.pooling == "mean",
            "pooling_mode_cls_token": manifest.pooling == "cls",
        },
        "sentence_bert_config.json": {"max_seq_length": manifest.max_tokens, "do_lower_case": False},
        "special_tokens_map.json": special,
        "tokenizer_config.json": special | tokenizer,
    }


def onnx_folder(manifest: Manifest) -> Path:
    """Return what text-embeddings-inference reads: the same small files, and the stock fp32 graph below onnx/.

    It is a folder of its own: sentence-transformers' export for the ONNX backend takes a graph that it finds.
    """
    source = sentence_transformers_folder(manifest)

    def make(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=lambda *_: {"model.safetensors"})
        (folder / "onnx").mkdir()
        shutil.copy(prepare_stock(manifest).fp32, folder / "onnx" / "model.onnx")

    return make_once("onnx", manifest, make)


def st_onnx_folder(manifest: Manifest) -> Path:
    """Return the folder quantized for the ONNX backend."""
    source = sentence_transformers_folder(manifest)
    return make_once("st-onnx", manifest, lambda folder: _export("st-onnx", "export_st_onnx.py", source, folder))


def st_openvino_folder(manifest: Manifest) -> Path:
    """Return the folder quantized for the OpenVINO backend, calibrated on the texts that vecd's export uses."""
    source = sentence_transformers_folder(manifest)

    def make(folder: Path) -> None:
        texts = folder.parent / "calibration"
        lines = [json.dumps({"sentence": text}) for text in read_corpus("calibration")]
        _write_text(texts / "train.jsonl", "\n".join(lines))
        _export("st-openvino", "export_st_openvino.py", source, folder, texts)

    return make_once("st-openvino", manifest, make)


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

    return make_once("fastembed", manifest, make)


def _write(path: Path, value: object) -> None:
    _write_text(path, json.dumps(value, indent=1))


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")
