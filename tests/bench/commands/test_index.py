"""`bench index` on the tiny model."""

import argparse
from pathlib import Path

import msgspec
import pytest

from bench.commands.index import add_arguments, measure
from bench.documents.corpus import FILTERS, SampleSize
from bench.options import add_common_arguments
from tests.tiny import TINY


@pytest.mark.e2e
def test_every_figure_is_there(tiny_models: Path, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser)
    add_arguments(parser)
    given = ["--models", str(tiny_models), "--model", TINY, "--json", str(tmp_path / "index.json"), "--rounds", "2"]
    options = parser.parse_args(["--documents", "3000", "--sizes", "300", "--seconds", "0.05", *given])
    outcome = measure(options, SampleSize(queries=20, made_up=200))
    figures = msgspec.to_builtins(outcome.figures)
    assert figures["recall_at_10"] > 0.8
    assert figures["filtered"].keys() == FILTERS.keys()
    assert all(one["p99_ms"] >= one["p50_ms"] > 0 for one in figures["filtered"].values())
    for part in ("search_ms", "hybrid_ms", "text_ms", "ingest_search_ms"):
        assert figures[part]["p99"] >= figures[part]["p50"] > 0
    assert figures["restart_s"] > 0
    assert figures["restart_pending"] == 0
    assert figures["rss_mb"] > 50
    assert figures["sizes"].keys() == {"300", "3000"}
    assert figures["flags"] == {"--documents": "3000", "--sizes": "300"}
    assert any("beside an ingest" in line for line in outcome.table)
