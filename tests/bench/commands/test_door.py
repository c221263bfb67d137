"""`bench door` on the tiny model: three doors, every dialect, no errors."""

import os
from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.door import DIALECTS_TIMED
from bench.figures.door import GUARDED, OPEN, RAW
from tests.tiny import TINY

two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a core for the load")


@pytest.mark.e2e
@two_cores
def test_every_door_and_every_dialect_is_loaded_in_every_round(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, granted = tmp_path / "door.json", os.sched_getaffinity(0)
    arguments = ["--models", str(tiny_models), "--model", TINY, "--json", str(file)]
    assert main(["door", "--rounds", "2", "--seconds", "0.2", *arguments]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["doors"].keys() == {GUARDED, OPEN, RAW}
    assert figures["dialects"].keys() == set(DIALECTS_TIMED)
    for row in (*figures["doors"].values(), *figures["dialects"].values()):
        assert row["errors"] == [0, 0]
        assert len(row["requests_per_s"]) == 2
        assert min(row["requests_per_s"]) > 0
        assert min(row["generator_cores"]) > 0
    assert figures["connections"] == 16
    assert [goal["goal"] for goal in figures["goals"].values()] == [6000]
    assert os.sched_getaffinity(0) == granted
    assert "of 6,000" in capsys.readouterr().out
