from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.__main__ import main
from bench.environments import FOLDER
from bench.figures.kernels import PAIRS, SHAPES
from tests.tiny import FUSED

pytestmark = pytest.mark.e2e

GRAPHS = {"vecd-int8", "vecd-int8-portable", "vecd-fp32", "stock-int8", "stock-fp32"}
OTHER_WAYS = {"vecd-int8-f32", "vecd-int8-bf16", "vecd-int8-tiles", "vecd-int8-vnni"}  # beside them where it can
OPENVINO_MADE = ("st-openvino", "models/all-MiniLM-L6-v2/st-openvino")


@pytest.mark.timeout(900)
def test_what_is_served_is_true_to_fp32_and_no_batch_changes_a_bit(sts: Path, tmp_path: Path) -> None:
    file = tmp_path / "fidelity.json"
    assert main(["fidelity", "--data", str(sts), "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["texts"] == 3000
    assert figures["cosine_mean"] > 0.99
    assert figures["cosine_mean"] >= figures["cosine_min"] > 0.9
    assert figures["spearman_fp32"] == pytest.approx(figures["spearman_served"], abs=0.02)
    assert figures["batch_bits_equal"] is True
    assert figures["batch_invariance"]["rows_compared"] > 10_000
    assert figures["batch_invariance"]["ways"].keys() == {"served", "one_thread", "all_cores"}
    assert figures["sets"].keys() == {"dev", "test"}
    for found in figures["sets"].values():
        assert found["variants"].keys() >= {figures["variant"], "int8"}
        for variant in found["variants"].values():
            assert variant["cosine_mean"] > 0.99
            assert variant["spearman"] == pytest.approx(found["spearman_fp32"], abs=0.02)
    assert figures.keys() >= {"variant", "model", "machine", "versions", "seed", "spearman_int8"}


# The first time, this makes the environment of optimum, torch included.
@pytest.mark.timeout(3600)
def test_kernels_are_timed_beside_the_stock_graphs(tmp_path: Path) -> None:
    figures = time_kernels(tmp_path / "kernels.json", "--without-openvino")
    names = {shape.name for shape in SHAPES}
    for key in ("ms", "best_ms", "tokens_per_s", "rounds_ms", "ms_all_cores", "rounds_ms_all_cores"):
        assert figures[key].keys() - OTHER_WAYS == GRAPHS
        assert all(shapes.keys() == names for shapes in figures[key].values())
    assert all(len(times) == 2 for shapes in figures["rounds_ms"].values() for times in shapes.values())
    pairs = {"/".join(pair) for pair in PAIRS if set(pair) <= figures["ms"].keys()}
    for where in ("", "_all_cores"):
        assert figures[f"ratios{where}"].keys() == figures[f"noise{where}"].keys() == pairs
        assert all(ratio > 0 for shapes in figures[f"ratios{where}"].values() for ratio in shapes.values())
        assert all(noise >= 0 for shapes in figures[f"noise{where}"].values() for noise in shapes.values())
    assert figures["skipped"] == {"openvino": "left out, as asked"}
    assert figures["peak"]["tops"] > 0
    assert figures["peak_fraction"].keys() == figures["operators"].keys() == names
    assert all(0 < share < 1.2 for share in figures["peak_fraction"].values())
    assert figures.keys() >= {"machine", "versions", "seed", "rounds", "stock_versions", "variants"}


@pytest.mark.skipif(
    not all((FOLDER / made / ".complete").is_file() for made in OPENVINO_MADE),
    reason="needs OpenVINO's environment and graphs: python -m bench kernels makes both",
)
def test_openvino_is_timed_in_the_same_rounds(tmp_path: Path) -> None:
    figures = time_kernels(tmp_path / "kernels.json")
    assert figures["skipped"] == {}
    assert figures["openvino_versions"].keys() >= {"openvino", "nncf"}
    assert figures["openvino_precision"]["openvino-fp32"] == "f32"
    for key in ("ratios", "ratios_all_cores"):
        assert figures[key].keys() >= {"vecd-int8/openvino-int8", "vecd-int8/openvino-fp32"}
        assert figures[key]["vecd-int8/openvino-int8"].keys() == {shape.name for shape in SHAPES}


def time_kernels(file: Path, *more: str) -> dict[str, Any]:
    assert main(["kernels", "--rounds", "2", "--json", str(file), *more]) == 0
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])


def test_rules_for_what_runs_together_are_compared_and_the_simulation_is_near_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "batching.json"
    assert main(["batching", "--rounds", "1", "--seconds", "1", "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["traces"].keys() == {"short-saturated", "short-70%", "mixed-saturated", "mixed-70%"}
    for trace, policies in figures["traces"].items():
        assert policies.keys() - {"vecd-portable"} == {"vecd", "fifo-padding", "length-buckets", "no-batching"}
        assert policies["vecd"]["padding_share"] == policies["no-batching"]["padding_share"] == 0
        assert all(one["tokens_per_s"] > 0 and one["p50_ms"] <= one["p99_ms"] for one in policies.values())
        assert policies["vecd"]["runs"] <= policies["no-batching"]["runs"]
        assert all(ratio > 0 for ratio in figures["ratios"][trace].values())
    assert figures["traces"]["mixed-saturated"]["fifo-padding"]["padding_share"] > 0.1
    # Wide bounds: a test's machine may be busy.
    assert 0.3 < figures["simulation_over_real"] < 3
    assert figures.keys() >= {"workers", "seed", "machine", "versions"}


@pytest.mark.skipif(not FUSED, reason="needs the fused operators")
def test_padding_costs_what_it_computes_and_ragged_runs_compute_none(sts: Path, tmp_path: Path) -> None:
    file = tmp_path / "ragged.json"
    assert main(["ragged", "--rounds", "1", "--data", str(sts), "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["texts"] == 3000
    computed = figures["computed_tokens"]
    assert computed["padded"] > 1.3 * figures["tokens"]
    assert computed["ragged"] == computed["sorted"] == figures["tokens"]
    # Wide bounds: a test's machine may be busy.
    assert figures["ratios"]["ragged/padded"] > 1
    assert 0.5 < figures["ratios"]["ragged/sorted"] < 2
    for found in figures["lone_ms"].values():
        assert list(found) == ["16", "64", "128", "256"]
        assert found["256"] > found["16"] > 0


def test_cost_is_measured_as_tokens_and_cores_grow(tmp_path: Path) -> None:
    file = tmp_path / "scale.json"
    assert main(["scale", "--rounds", "1", "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    sizes = [2**power for power in range(4, 12)]
    for text, found in figures["tokens_per_run"].items():
        assert [int(size) for size in found] == [size for size in sizes if size >= int(text)]
        assert all(value > 0 for value in found.values())
    for found in figures["lone_text_ms"].values():
        assert found["256"] > found["2"] > 0
    cores = figures["machine"]["cores"]
    assert figures["side_by_side"].keys() == {*(str(count) for count in range(1, cores + 1)), "all-cores-run"}
    assert figures.keys() >= {"seed", "machine", "versions", "rounds"}
