"""The checkpoint's folders, made from a checkpoint on the disk."""

from pathlib import Path

import pytest

from bench.peers import checkpoints
from bench.peers.checkpoints import onnx_folder, sentence_transformers_folder
from bench.peers.contestants import text_embeddings_inference
from bench.peers.stock import StockGraphs
from export import Checkpoint
from models import Manifest, load_manifest
from tests.tiny import TINY


@pytest.fixture
def manifest(tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A model whose checkpoint and stock graph are a few bytes each."""
    for name in ("config.json", "model.safetensors", "tokenizer.json", "model.onnx"):
        (tmp_path / name).write_text(name)
    stock = StockGraphs(tmp_path / "model.onnx", tmp_path / "model_quantized.onnx", {})
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path / "made")
    monkeypatch.setattr(checkpoints, "find_weights", lambda _: Checkpoint(tmp_path, "folder", "as given"))
    monkeypatch.setattr(checkpoints, "prepare_stock", lambda _: stock)
    return load_manifest(tiny_models / TINY)


def test_text_embeddings_inference_gets_the_fp32_graph_in_a_folder_of_its_own(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = tmp_path / "text-embeddings-router"
    router.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = text_embeddings_inference(manifest).command
    folder = Path(command[command.index("--model-id") + 1])
    assert folder == onnx_folder(manifest)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} >= {
        *("config.json", "tokenizer.json", "1_Pooling/config.json", "modules.json", "onnx/model.onnx")
    }
    assert (folder / "onnx" / "model.onnx").read_text() == "model.onnx"
    assert not (sentence_transformers_folder(manifest) / "onnx").exists()
