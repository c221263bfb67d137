"""The catalogue: what is pinned, and what is known of what is not."""

import string

import pytest

from models import CatalogEntry, load_catalog

CATALOG = load_catalog()
SHAPE = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_attention_heads": 12,
    "vocab_size": 30522,
    "max_position_embeddings": 512,
    "layer_norm_eps": 1e-12,
    "position_embedding_type": "absolute",
}


@pytest.mark.parametrize(
    ("name", "pooling", "max_tokens", "layers"),
    [
        ("all-MiniLM-L6-v2", "mean", 256, 6),
        ("all-MiniLM-L12-v2", "mean", 128, 12),
        ("multi-qa-MiniLM-L6-cos-v1", "mean", 512, 6),
        ("bge-small-en-v1.5", "cls", 512, 12),
        ("e5-small-v2", "mean", 512, 12),
        ("gte-small", "mean", 512, 12),
    ],
)
def test_the_models_facts(name: str, pooling: str, max_tokens: int, layers: int) -> None:
    entry = CATALOG[name]
    assert (entry.pooling, entry.max_tokens, entry.normalize) == (pooling, max_tokens, True)
    assert entry.architecture == SHAPE | {"num_hidden_layers": layers}
    assert entry.repository in entry.aliases


def test_prompts_end_where_the_text_begins() -> None:
    assert CATALOG["e5-small-v2"].prompts == {"query": "query: ", "passage": "passage: "}
    bge = {"query": "Represent this sentence for searching relevant passages: "}
    assert CATALOG["bge-small-en-v1.5"].prompts == bge


@pytest.mark.parametrize("entry", CATALOG.values(), ids=CATALOG)
def test_an_entry_is_pinned_whole_or_not_at_all(entry: CatalogEntry) -> None:
    digits = set(string.hexdigits.lower())
    if entry.sha256:
        assert {"model.safetensors", "tokenizer.json"} <= set(entry.sha256)
        assert len(entry.revision) == 40
        assert set(entry.revision) <= digits
        assert all(len(digest) == 64 and set(digest) <= digits for digest in entry.sha256.values())
    else:
        assert (entry.revision, entry.pypi) == ("main", None)
