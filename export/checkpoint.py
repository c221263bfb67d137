"""A checkpoint on disk: its files checked against the catalogue's hashes, its weights read from safetensors only."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from export.bert import BertConfig, layer_norms, linear_layers
from export.errors import ExportError
from models import CatalogEntry, file_record

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
CHECKPOINT_FILES = (CONFIG, WEIGHTS, TOKENIZER)


class Checkpoint(msgspec.Struct, frozen=True):
    """A folder that holds CHECKPOINT_FILES, and where it came from."""

    folder: Path
    source: str
    revision: str


def check_checkpoint(checkpoint: Checkpoint, entry: CatalogEntry) -> None:
    """Compare the files with the hashes pinned in the catalogue; without pins, check only that they exist.

    Raises:
        ExportError: a file is missing, or is not the official one.
    """
    for name in CHECKPOINT_FILES:
        path = checkpoint.folder / name
        if not path.is_file():
            message = f"{path} does not exist; a checkpoint holds {', '.join(CHECKPOINT_FILES)}"
            raise ExportError(message)
        expected = entry.sha256.get(name)
        if expected and (found := file_record(path).sha256) != expected:
            message = f"{path} is not the official file: sha256 {found}, the catalogue pins {expected}"
            raise ExportError(message)


def found_hashes(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the sha256 of every file on disk."""
    return {name: file_record(checkpoint.folder / name).sha256 for name in CHECKPOINT_FILES}


def read_checkpoint(checkpoint: Checkpoint, entry: CatalogEntry) -> tuple[BertConfig, dict[str, NDArray[np.float32]]]:
    """Return the encoder's shape and its weights, by the names that transformers' BertModel gives them.

    Raises:
        ExportError: the files are damaged, of another architecture, or do not fit each other.
    """
    config = _read_config(checkpoint.folder / CONFIG, entry)
    path = checkpoint.folder / WEIGHTS
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, TypeError) as error:  # TypeError: numbers that numpy lacks, such as bfloat16
        message = f"{path} cannot be read as safetensors: {error}"
        raise ExportError(message) from error
    weights = {name.removeprefix("bert."): tensor.astype(np.float32, copy=False) for name, tensor in tensors.items()}
    _check_shapes(config, weights, path)
    return config, weights


def _read_config(path: Path, entry: CatalogEntry) -> BertConfig:
    try:
        config = msgspec.json.decode(path.read_bytes(), type=BertConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} does not describe a BERT encoder that can be exported: {error}"
        raise ExportError(message) from error
    found = msgspec.structs.asdict(config)
    for name, expected in entry.architecture.items():
        if found.get(name) != expected:
            message = f"{path}: {name} is {found.get(name)!r}, the catalogue says {expected!r}"
            raise ExportError(message)
    return config


def _check_shapes(config: BertConfig, weights: dict[str, NDArray[np.float32]], path: Path) -> None:
    hidden, wide = config.hidden_size, config.intermediate_size
    expected: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config.vocab_size, hidden),
        "embeddings.position_embeddings.weight": (config.max_position_embeddings, hidden),
    }
    for norm in layer_norms(config):
        expected |= {f"{norm}.weight": (hidden,), f"{norm}.bias": (hidden,)}
    sizes = {"up": (hidden, wide), "down": (wide, hidden)}
    try:
        types = "embeddings.token_type_embeddings.weight"
        expected[types] = (len(weights[types]), hidden)
        found = {name: weights[name].shape for name in expected}
        for output, layer in linear_layers(config, weights).items():
            expected[output] = sizes.get(output.split(".", maxsplit=1)[0], (hidden, hidden))
            found[output] = layer.weight.shape
    except KeyError as error:
        message = f"{path} has no tensor {error}"
        raise ExportError(message) from error
    for name, shape in expected.items():
        if found[name] != shape:
            message = f"{path}: {name} has shape {found[name]}, {CONFIG} says {shape}"
            raise ExportError(message)
