"""`bench passages` on the tiny model."""

import argparse
from pathlib import Path

import msgspec
import pytest

from bench.commands.passages import add_arguments, measure
from bench.documents.corpus import SampleSize
from bench.options import add_common_arguments
from tests.tiny import TINY


@pytest.mark.e2e
def test_both_collections_are_searched(tiny_models: Path, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser)
    add_arguments(parser)
    given = ["--models", str(tiny_models), "--model", TINY, "--json", str(tmp_path / "passages.json"), "--rounds", "1"]
    options = parser.parse_args(["--documents", "500", "--passages", "4", *given])
    outcome = measure(options, SampleSize(queries=20, made_up=200))
    figures = msgspec.to_builtins(outcome.figures)
    for name in ("one", "several"):
        cost = figures[name]
        assert cost["recall_at_10"] == cost["recall_at_100"] == 1  # so few rows are compared one by one
        assert cost["hundred_ms"]["p50"] > 0
        assert cost["search_ms"]["p99"] >= cost["search_ms"]["p50"] > 0
    assert 3 < figures["several"]["memory_bytes"] / figures["one"]["memory_bytes"] < 5
    assert figures["p50_ratio"] == figures["several"]["search_ms"]["p50"] / figures["one"]["search_ms"]["p50"]
    assert figures["flags"] == {"--documents": "500", "--passages": "4"}
    assert any(line.startswith("4 ") for line in outcome.table)
