from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.peers.contestants import contestants, text_embeddings_inference
from models import ARTIFACTS, load_manifest
from tests.tiny import TINY


def test_a_binary_that_is_not_there_is_a_reason(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchError, match="text-embeddings-router is not on the PATH"):
        text_embeddings_inference(load_manifest(tiny_models / TINY))


def test_every_contestant_has_a_name_of_its_own_and_says_what_it_is() -> None:
    entered = contestants(ARTIFACTS, "cpu")
    assert len({one.name for one in entered}) == len(entered) == 8
    assert all(one.about for one in entered)
