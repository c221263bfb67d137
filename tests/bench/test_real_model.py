from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.kernels import PAIRS, SHAPES

pytestmark = pytest.mark.e2e

GRAPHS = {"vecd-int8", "vecd-fp32", "stock-int8", "stock-fp32"}


def test_what_is_served_is_true_to_fp32_and_no_batch_changes_a_bit(sts: Path, tmp_path: Path) -> None:
    file = tmp_path / "fidelity.json"
    assert main(["fidelity", "--data", str(sts), "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["texts"] == 3000
    assert figures["cosine_mean"] > 0.99
    assert figures["cosine_mean"] >= figures["cosine_min"] > 0.9
    assert figures["spearman_fp32"] == pytest.approx(figures["spearman_served"], abs=0.02)
    assert figures["batch_bits_equal"] is True
    assert figures["batch_invariance"]["rows_compared"] > 1000
    assert figures.keys() >= {"variant", "model", "machine", "versions", "seed", "spearman_int8"}


# The first time, this makes the environment of optimum, torch included.
@pytest.mark.timeout(3600)
def test_kernels_are_timed_beside_the_stock_graphs(tmp_path: Path) -> None:
    file = tmp_path / "kernels.json"
    assert main(["kernels", "--rounds", "2", "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    names = {shape.name for shape in SHAPES}
    for key in ("ms", "best_ms", "tokens_per_s", "rounds_ms"):
        assert figures[key].keys() >= GRAPHS
        assert all(shapes.keys() == names for shapes in figures[key].values())
    assert all(len(times) == 2 for shapes in figures["rounds_ms"].values() for times in shapes.values())
    assert figures["ratios"].keys() == figures["noise"].keys() == {"/".join(pair) for pair in PAIRS}
    assert all(ratio > 0 for shapes in figures["ratios"].values() for ratio in shapes.values())
    assert all(noise >= 0 for shapes in figures["noise"].values() for noise in shapes.values())
    assert figures.keys() >= {"machine", "versions", "seed", "rounds", "stock_versions"}
