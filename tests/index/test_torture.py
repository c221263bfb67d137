"""Killed at any moment: nothing acknowledged is lost, nothing deleted comes back, nothing is there without reason."""

import json
from pathlib import Path

import pytest

from tests.index.torture import Operation, State, torture, verify


def test_nothing_is_lost_at_any_point() -> None:
    torture(kills=20, seed=1)


def test_a_lost_write_is_caught() -> None:
    with pytest.raises(AssertionError, match="lost or changed"):
        torture(kills=4, seed=2, lose=True)


def log_of(path: Path, operations: list[Operation], acknowledged: int) -> Path:
    lines = [{"intent": number, "operation": operation} for number, operation in enumerate(operations)]
    lines += [{"acknowledged": number} for number in range(acknowledged)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def put(id_: str, seed: int) -> Operation:
    return {"kind": "put", "ids": [id_], "seeds": [seed], "n": 0}


DELETE: Operation = {"kind": "delete", "ids": ["a"], "seeds": [0], "n": 0}


@pytest.mark.parametrize(
    ("operations", "acknowledged", "after", "right"),
    [
        ([put("a", 1)], 1, {"a": (1, {"n": 0})}, True),
        ([put("a", 1)], 0, {"a": (1, {"n": 0})}, True),  # committed, and killed before it could be said
        ([put("a", 1)], 0, {}, True),
        ([put("a", 1)], 1, {}, False),  # lost
        ([put("a", 1), DELETE], 2, {"a": (1, {"n": 0})}, False),  # resurrected
        ([put("a", 1)], 1, {"a": (1, {"n": 0}), "b": (2, {"n": 0})}, False),  # a phantom
        ([put("a", 1), put("b", 2)], 0, {"b": (2, {"n": 0})}, False),  # the second without the first
        ([put("a", 1), put("a", 2)], 2, {"a": (1, {"n": 0})}, False),  # an older one
    ],
)
def test_the_harness_knows_right_from_wrong(
    tmp_path: Path, operations: list[Operation], acknowledged: int, after: State, right: bool
) -> None:
    log = log_of(tmp_path / "log", operations, acknowledged)
    if right:
        assert verify({}, log, after) == after
    else:
        with pytest.raises(AssertionError):
            verify({}, log, after)
