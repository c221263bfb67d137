"""An artifact is trusted only as it was written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models import (
    ATTENTIONS,
    ArtifactError,
    Manifest,
    fingerprint_variant,
    load_catalog,
    load_manifest,
    verify_file,
    write_manifest,
)
from tests.tiny import FUSED, HIDDEN, MAX_TOKENS, TINY


@pytest.fixture
def artifact(tiny_models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_models / TINY, tmp_path / TINY))


def rewrite(artifact: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = artifact / "manifest.json"
    fields = json.loads(path.read_bytes())
    change(fields)
    path.write_text(json.dumps(fields))


def reseal(artifact: Path, **changes: object) -> Manifest:
    write_manifest(artifact, msgspec.structs.replace(load_manifest(artifact), **changes))
    return load_manifest(artifact)


def test_a_manifest_says_what_was_exported(artifact: Path) -> None:
    manifest = load_manifest(artifact)
    assert (manifest.name, manifest.dimensions, manifest.max_tokens) == (TINY, HIDDEN, MAX_TOKENS)
    assert [variant.name for variant in manifest.variants] == [*FUSED, "int8", "int8-reduced", "fp32"]
    assert {"tokenizer.json", *(variant.file for variant in manifest.variants)} == set(manifest.files)
    assert all(verify_file(artifact, manifest, name).is_file() for name in manifest.files)


def test_a_missing_artifact_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no model at .*python -m export"):
        load_manifest(tmp_path / "nothing")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b"\xff\xfe", b'{"format": 2}'])
def test_what_is_no_manifest_is_refused_by_name(artifact: Path, content: bytes) -> None:
    (artifact / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        load_manifest(artifact)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m.update(format=1), "format 1"),
        (lambda m: m.update(max_tokens=64), "checksum"),
        (lambda m: m["probes"][0]["embedding"].__setitem__(0, 0.5), "checksum"),
        (lambda m: m["probes"][0]["embedding"].pop(), "not 64 wide"),
        (lambda m: m["architecture"].update(layer_norm_eps=0.5), "checksum"),
        (lambda m: m.update(colour="red"), "unknown field `colour`"),
        (lambda m: m.update(variants=[]), "no variant"),
        (lambda m: m["files"].pop("tokenizer.json"), r"no hash for tokenizer\.json"),
        (lambda m: m["files"].update({"../x": m["files"]["tokenizer.json"]}), "outside its folder"),
    ],
)
def test_a_changed_manifest_is_refused(artifact: Path, change: Callable[[dict[str, Any]], object], told: str) -> None:
    rewrite(artifact, change)
    with pytest.raises(ArtifactError, match=told):
        load_manifest(artifact)


def test_a_manifest_written_before_the_vocabulary_was_measured_is_read(artifact: Path) -> None:
    """What it does not hold is no part of its checksum either."""
    manifest = load_manifest(artifact)
    older = tuple(msgspec.structs.replace(one, vocabulary=msgspec.UNSET) for one in manifest.variants)
    found = reseal(artifact, variants=older)
    assert "vocabulary" not in json.dumps(json.loads((artifact / "manifest.json").read_bytes())["variants"])
    assert found.variants == older
    assert found.model_fingerprint == manifest.model_fingerprint


def test_a_missing_or_cut_file_is_refused_by_name(artifact: Path) -> None:
    manifest = load_manifest(artifact)
    path = artifact / "model.int8.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=r"model\.int8\.onnx is damaged"):
        verify_file(artifact, manifest, path.name)
    path.unlink()
    with pytest.raises(ArtifactError, match=r"model\.int8\.onnx cannot be read"):
        verify_file(artifact, manifest, path.name)


def test_fingerprints_follow_what_they_stand_for(artifact: Path) -> None:
    manifest = load_manifest(artifact)
    int8, _, fp32 = manifest.variants[-3:]
    names = {fingerprint_variant(manifest, int8, "1.0"), fingerprint_variant(manifest, int8, "1.1")}
    names.add(fingerprint_variant(manifest, fp32, "1.0"))
    assert len(names) == 3
    assert reseal(artifact, name="renamed").model_fingerprint == manifest.model_fingerprint
    longer = reseal(artifact, max_tokens=manifest.max_tokens + 1)
    assert longer.model_fingerprint != manifest.model_fingerprint
    assert fingerprint_variant(longer, int8, "1.0") not in names


def test_every_attention_of_a_graph_has_a_fingerprint(artifact: Path) -> None:
    manifest = load_manifest(artifact)
    variant = manifest.variants[0]
    assert len({fingerprint_variant(manifest, variant, "1.0", attention) for attention in ("", *ATTENTIONS)}) == 4
    assert fingerprint_variant(manifest, variant, "1.0", "") == fingerprint_variant(manifest, variant, "1.0")


def test_an_attention_that_an_earlier_export_did_not_measure_has_the_variants_fidelity(artifact: Path) -> None:
    fidelity = load_manifest(artifact).variants[0].fidelity
    better = msgspec.structs.replace(fidelity, cosine_min=1.0)
    first, *others = load_manifest(artifact).variants
    measured = msgspec.structs.replace(first, attention={"f32": better, "bf16": fidelity})
    variant = reseal(artifact, variants=(measured, *others)).variants[0]
    assert variant.fidelity_with("f32") == better
    assert variant.fidelity_with("tiles") == variant.fidelity


def test_the_catalogue_pins_the_official_files() -> None:
    entry = load_catalog()["all-MiniLM-L6-v2"]
    assert entry.max_tokens == 256
    assert {"model.safetensors", "tokenizer.json"} <= set(entry.sha256)
    assert all(len(digest) == 64 for digest in entry.sha256.values())


@pytest.mark.parametrize("content", ["[x", "[m]\nrepository = 1\n"])
def test_a_damaged_catalogue_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalog.toml").write_text(content)
    with pytest.raises(ArtifactError, match=r"catalog\.toml is not a model catalogue"):
        load_catalog(tmp_path / "catalog.toml")
