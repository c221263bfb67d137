from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from bench.errors import BenchError
from bench.peers.stock import SCRIPT, find_weights, prepare_stock
from export import Checkpoint, ExportError
from models import Manifest, load_manifest
from tests.tiny import TINY


class FakeRun:
    """Stands for venv, pip and the script; remembers how the script was called, and can fail there."""

    def __init__(self, *, fails: bool = False) -> None:
        self.exports: list[tuple[list[str], Mapping[str, str] | None]] = []
        self.fails = fails

    def __call__(self, words: Sequence[str], environment: Mapping[str, str] | None) -> None:
        if "venv" in words:
            Path(words[-1]).mkdir(parents=True)
        if words[1] == str(SCRIPT):
            self.exports.append((list(words[2:]), environment))
            if self.fails:
                message = "no memory"
                raise ExportError(message)
            (Path(words[-1]) / "versions.json").write_text('{"torch": "1"}')


@pytest.fixture
def manifest(tiny_models: Path) -> Manifest:
    return load_manifest(tiny_models / TINY)


def find(_: Manifest) -> Checkpoint:
    return Checkpoint(Path("the-checkpoint"), "folder", "as given")


def test_the_script_gets_the_checkpoint_and_a_folder_and_asks_nothing_of_the_hub(
    tmp_path: Path, manifest: Manifest
) -> None:
    run = FakeRun()
    stock = prepare_stock(manifest, tmp_path, run, find)
    ((words, environment),) = run.exports
    assert words == ["the-checkpoint", str(tmp_path / "stock" / TINY)]
    assert environment is not None
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert stock.versions == {"torch": "1"}


def test_stock_graphs_are_made_once(tmp_path: Path, manifest: Manifest) -> None:
    prepare_stock(manifest, tmp_path, FakeRun(), find)
    again = FakeRun()
    prepare_stock(manifest, tmp_path, again, find)
    assert again.exports == []


def test_other_weights_make_the_stock_graphs_anew(tmp_path: Path, manifest: Manifest) -> None:
    prepare_stock(manifest, tmp_path, FakeRun(), find)
    again = FakeRun()
    prepare_stock(msgspec.structs.replace(manifest, weights_sha256="other"), tmp_path, again, find)
    assert len(again.exports) == 1


def test_an_export_that_was_cut_off_is_done_again(tmp_path: Path, manifest: Manifest) -> None:
    with pytest.raises(ExportError, match="no memory"):
        prepare_stock(manifest, tmp_path, FakeRun(fails=True), find)
    again = FakeRun()
    prepare_stock(manifest, tmp_path, again, find)
    assert len(again.exports) == 1


def test_a_model_outside_the_catalogue_has_no_stock_graphs(manifest: Manifest) -> None:
    with pytest.raises(BenchError, match="'tiny' is not in the catalogue"):
        find_weights(manifest)
