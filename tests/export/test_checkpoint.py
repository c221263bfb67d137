"""Checkpoints as the world writes them: with more in them than the encoder, or under another name."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from export import Checkpoint, export_artifact
from export.checkpoint import found_hashes, read_checkpoint
from models import load_manifest
from models.tokenizer import open_tokenizer
from server.engine.sessions.selfcheck import Host, choose_variant
from tests.tiny import FUSED, SilentProgress, tiny_entry, tiny_weights, write_checkpoint

Arrays = Mapping[str, np.ndarray]
WEIGHTS = tiny_weights(seed=0)
POOLER = {"pooler.dense.weight": np.ones((32, 32), np.float32), "pooler.dense.bias": np.ones(32, np.float32)}
HEAD = {"cls.predictions.bias": np.ones(106, np.float32)}


@pytest.mark.parametrize(
    "written",
    [
        lambda weights: {**weights, **POOLER},
        lambda weights: {**weights, "embeddings.position_ids": np.arange(64)[None]},
        lambda weights: {**{f"bert.{name}": value for name, value in {**weights, **POOLER}.items()}, **HEAD},
    ],
    ids=["with a pooler", "with position_ids", "inside another model"],
)
def test_the_encoder_is_found(tmp_path: Path, written: Callable[[Arrays], dict[str, np.ndarray]]) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint")
    save_file(written(WEIGHTS), folder / "model.safetensors")
    _, weights = read_checkpoint(Checkpoint(folder, "folder", "made here"), tiny_entry(folder))
    for name, value in WEIGHTS.items():
        assert np.array_equal(weights[name], value)


def test_weights_in_half_precision_are_read_as_float32(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint")
    save_file({name: value.astype(np.float16) for name, value in WEIGHTS.items()}, folder / "model.safetensors")
    _, weights = read_checkpoint(Checkpoint(folder, "folder", "made here"), tiny_entry(folder))
    assert {value.dtype.name for value in weights.values()} == {"float32"}


@pytest.mark.parametrize(
    ("pooling", "hidden", "heads"),
    [
        ("cls", 64, 1),
        *(
            pytest.param(*shape, marks=pytest.mark.e2e)
            for shape in (("mean", 64, 1), ("mean", 64, 2), ("cls", 64, 2), ("mean", 128, 2), ("cls", 128, 2))
        ),
    ],
)
def test_another_shape_is_exported_and_passes_the_servers_self_check(
    tmp_path: Path, pooling: str, hidden: int, heads: int
) -> None:
    checkpoint = write_checkpoint(
        tmp_path / "checkpoint", hidden_size=hidden, num_attention_heads=heads, intermediate_size=3 * hidden
    )
    source = Checkpoint(checkpoint, "folder", "made here")
    folder = export_artifact("other", tiny_entry(checkpoint, pooling), source, tmp_path, SilentProgress())
    manifest = load_manifest(folder)
    assert (manifest.pooling, manifest.dimensions) == (pooling, hidden)
    tokenizer = open_tokenizer(folder / manifest.tokenizer, manifest.max_tokens)
    for layout in {variant.layout for variant in manifest.variants}:
        alone = tuple(variant for variant in manifest.variants if variant.layout == layout)
        host = Host("cpu", 1, lacks=lambda _: False)
        chosen = choose_variant(folder, msgspec.structs.replace(manifest, variants=alone), tokenizer, host)
        assert (chosen.variant, chosen.refused) == (alone[0], ())
    assert [variant.name for variant in manifest.variants] == [*FUSED, "int8", "int8-reduced", "fp32"]


@pytest.mark.e2e
def test_without_pins_the_manifest_holds_the_hashes_and_the_revision_that_were_found(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint")
    unpinned = msgspec.structs.replace(tiny_entry(folder), sha256={})
    source = Checkpoint(folder, "hub", "c" * 40)
    manifest = load_manifest(export_artifact("unpinned", unpinned, source, tmp_path, SilentProgress()))
    hashes = found_hashes(source)
    assert manifest.revision == "c" * 40
    assert manifest.weights_sha256 == hashes["model.safetensors"]
    assert manifest.files["tokenizer.json"].sha256 == hashes["tokenizer.json"]
