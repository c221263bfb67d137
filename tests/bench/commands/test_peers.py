"""`bench peers`: what cannot run says why; on the real model, vecd goes through every row and its figures add up."""

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.figures.peer_rows import ROWS
from tests.tiny import TINY


def test_a_name_that_is_no_server_names_those_that_are(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--models", str(tiny_models), "--model", TINY, "--only", "nobody", "--json", str(tmp_path / "f.json")]
    assert main(["peers", *arguments]) == 1
    assert "vecd, gunicorn-st, infinity-torch" in capsys.readouterr().err


@pytest.mark.e2e
def test_vecd_goes_through_every_row_and_peers_that_did_not_run_decide_no_goal(tmp_path: Path) -> None:
    file = tmp_path / "peers.json"
    assert main(["peers", "--only", "vecd", "--rounds", "2", "--seconds", "0.5", "--json", str(file)]) == 0
    figures = json.loads(file.read_bytes())
    assert figures["peers"]["vecd"]["skipped"] is None
    assert figures["peers"]["vecd"]["cosine_mean"] > 0.99
    assert figures["peers"]["vecd"]["batch_bits_equal"] is True
    assert len(figures["peers"]["vecd"]["cold_start_s"]) == 2
    assert list(figures["rows"]) == [row.name for row in ROWS]
    for row in ROWS:
        measured = figures["rows"][row.name]["vecd"]
        assert len(measured["texts_per_s"]) == 2
        assert all(value > 0 for value in measured["texts_per_s"])
        assert measured["errors"] == [0, 0]
    assert all(goal["met"] is None for goal in figures["goals"].values())
