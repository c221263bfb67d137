from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.artifacts import open_artifact
from bench.graphs.operators import profile_operators, sum_by_operator
from tests.tiny import TINY


def event(operator: str, node: str, microseconds: float) -> dict[str, Any]:
    return {"cat": "Node", "name": f"{node}_kernel_time", "dur": microseconds, "args": {"op_name": operator}}


def test_a_node_counts_with_its_median_and_the_first_runs_not_at_all() -> None:
    runs = [(900, 900), (3000, 1000), (2000, 1000), (1000, 9000)]
    events = [event("MatMul", name, time) for run in runs for name, time in zip("ab", run, strict=True)]
    times = sum_by_operator(events, warm_runs=1)
    assert times["MatMul"].ms == pytest.approx(3.0)
    assert times["MatMul"].nodes == 2
    assert times["MatMul"].share == 1.0


def test_operators_stand_costliest_first_with_their_shares() -> None:
    times = sum_by_operator([event("Add", "a", 1000), event("MatMul", "b", 3000)], warm_runs=0)
    assert [(name, one.share) for name, one in times.items()] == [("MatMul", 0.75), ("Add", 0.25)]


def test_what_is_no_node_is_left_out() -> None:
    session = {"cat": "Session", "name": "model_run", "dur": 99, "args": {}}
    fence = event("Add", "a", 50) | {"name": "a_fence_before"}
    assert sum_by_operator([session, fence, event("Add", "a", 1000)], warm_runs=0).keys() == {"Add"}


def test_a_real_graph_is_profiled_and_leaves_no_file(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    artifact = open_artifact(tiny_models, TINY)
    times = profile_operators(artifact, artifact.fp32(), np.ones((2, 5), np.int64))
    assert "Attention" in times
    assert sum(time.share for time in times.values()) == pytest.approx(1)
    assert all(time.ms > 0 for time in times.values())
    assert list(tmp_path.iterdir()) == []
