"""A BERT small enough to export in a second: random weights, letters for a vocabulary, the real export around it."""

from pathlib import Path

import msgspec
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from export import Checkpoint, export_artifact
from export.bert import BertConfig
from models import CatalogEntry, KernelsLibrary, file_record, kernels_library

TINY = "tiny"
HIDDEN, WIDE, LAYERS, HEADS, POSITIONS, MAX_TOKENS = 64, 128, 2, 2, 64, 48
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!'\"()-:;/=_"
# The variant that an export adds where the fused operators run.
FUSED = ["int8-fused"] if isinstance(kernels_library(), KernelsLibrary) else []
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]


class SilentProgress:
    def stage(self, name: str, steps: int) -> None:
        pass

    def advance(self) -> None:
        pass

    def say(self, line: str) -> None:
        pass


def export_tiny(out: Path, seed: int = 0) -> Path:
    """Write a checkpoint beside `out`'s artifact and export it; returns `out`."""
    checkpoint = write_checkpoint(out / "checkpoint", seed)
    export_artifact(TINY, tiny_entry(checkpoint), Checkpoint(checkpoint, "folder", "made here"), out, SilentProgress())
    return out


def tiny_entry(checkpoint: Path, pooling: str = "mean") -> CatalogEntry:
    return msgspec.convert(
        {
            "repository": "vecd/tiny",
            "revision": "main",
            "license": "Apache-2.0",
            "pooling": pooling,
            "normalize": True,
            "max_tokens": MAX_TOKENS,
            "sha256": {name: file_record(checkpoint / name).sha256 for name in ("model.safetensors", "tokenizer.json")},
            "architecture": {},
            "prompts": {"query": "search: "},
        },
        CatalogEntry,
    )


def write_checkpoint(folder: Path, seed: int = 0, **changes: int) -> Path:
    """Write config.json, model.safetensors and tokenizer.json into `folder`; `changes` are of the config."""
    folder.mkdir(parents=True)
    config = tiny_config() | changes
    (folder / "config.json").write_bytes(msgspec.json.encode(config))
    save_file(tiny_weights(seed, msgspec.convert(config, BertConfig)), folder / "model.safetensors")
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def tiny_config() -> dict[str, object]:
    return {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "intermediate_size": WIDE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "vocab_size": len(VOCABULARY),
        "max_position_embeddings": POSITIONS,
        "layer_norm_eps": 1e-12,
    }


def tiny_weights(seed: int, config: BertConfig | None = None) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    config = config or msgspec.convert(tiny_config(), BertConfig)
    hidden, wide = config.hidden_size, config.intermediate_size
    spread = 0.15 * (HIDDEN / hidden) ** 0.5  # a wider row has more terms, and its sum should not grow

    def normal(*shape: int, scale: float = 0.1) -> np.ndarray:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    shapes = {
        "attention.self.query": (hidden, hidden),
        "attention.self.key": (hidden, hidden),
        "attention.self.value": (hidden, hidden),
        "attention.output.dense": (hidden, hidden),
        "intermediate.dense": (wide, hidden),
        "output.dense": (hidden, wide),
    }
    weights = {
        "embeddings.word_embeddings.weight": normal(config.vocab_size, hidden, scale=1.0),
        "embeddings.position_embeddings.weight": normal(config.max_position_embeddings, hidden),
        "embeddings.token_type_embeddings.weight": normal(2, hidden),
    }
    norms = ["embeddings.LayerNorm"]
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        for name, shape in shapes.items():
            weights[f"{base}{name}.weight"] = normal(*shape, scale=spread)
            weights[f"{base}{name}.bias"] = normal(shape[0])
        norms += [f"{base}attention.output.LayerNorm", f"{base}output.LayerNorm"]
    for name in norms:
        weights[f"{name}.weight"] = 1 + normal(hidden)
        weights[f"{name}.bias"] = normal(hidden)
    return weights


def tiny_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer that, like the real file, says a wrong length and pads: a server must set both itself."""
    ids = {token: i for i, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    return tokenizer
