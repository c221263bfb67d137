import numpy as np
import pytest

from bench.figures.kernels import Shape
from bench.graphs.peak import MATMULS, linear_operations, matmul_graphs, summarize_peak

SHAPES = (Shape(1, 16, 1), Shape(8, 128, 1))


def test_a_token_of_minilm_costs_21_million_operations_in_the_linear_layers() -> None:
    minilm: dict[str, int | float | str] = {
        "num_hidden_layers": 6,
        "hidden_size": 384,
        "intermediate_size": 1536,
        "hidden_act": "gelu",
    }
    assert linear_operations(minilm) == 21_233_664


def test_the_peak_is_the_best_matmul_in_its_best_round() -> None:
    slow, fast = (f"matmul-{'x'.join(map(str, matmul))}" for matmul in MATMULS[:2])
    operations = 2 * 512 * 384 * 1536
    times = {
        slow: {SHAPES[0]: [2.0, 1.0], SHAPES[1]: [3.0]},
        fast: {SHAPES[0]: [1.0, 0.9], SHAPES[1]: [0.5]},
    }
    peak = summarize_peak(times)
    assert peak is not None
    assert peak.tops == peak.tops_by_matmul[fast] == pytest.approx(2e-12 * operations)
    assert peak.tops_by_matmul[slow] == pytest.approx(1e-12 * operations)


def test_where_no_matmul_was_timed_there_is_no_peak() -> None:
    assert summarize_peak({}) is None


def test_every_matmul_runs_whatever_ids_it_is_given() -> None:
    graphs = matmul_graphs(np.random.default_rng(0))
    assert len(graphs) == len(MATMULS)
    assert all(graph(np.zeros((1, 1), np.int64))(1) > 0 for graph in graphs.values())
