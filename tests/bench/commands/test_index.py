"""`bench index` on the tiny model."""

import argparse
from pathlib import Path

import msgspec
import pytest

from bench.commands.index import add_arguments, measure
from bench.documents.corpus import FILTERS, SampleSize
from bench.figures.outcomes import Outcome
from bench.options import add_common_arguments
from tests.tiny import TINY


def measured(models: Path, folder: Path, *flags: str) -> Outcome:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser)
    add_arguments(parser)
    given = ["--models", str(models), "--model", TINY, "--json", str(folder / "index.json"), "--rounds", "2"]
    options = parser.parse_args(["--documents", "3000", *flags, *given])
    return measure(options, SampleSize(queries=20, made_up=200))


@pytest.mark.e2e
def test_every_figure_is_there(tiny_models: Path, tmp_path: Path) -> None:
    outcome = measured(tiny_models, tmp_path, "--documents", "8000", "--sizes", "300", "--seconds", "0.05")
    figures = msgspec.to_builtins(outcome.figures)
    assert figures["recall_at_10"] > 0.8
    assert figures["filtered"].keys() == FILTERS.keys()
    assert all(one["p99_ms"] >= one["p50_ms"] > 0 for one in figures["filtered"].values())
    for part in ("search_ms", "hybrid_ms", "text_ms", "ingest_search_ms"):
        assert figures[part]["p99"] >= figures[part]["p50"] > 0
    assert figures["restart_s"] > 0
    assert figures["restart_pending"] == 0
    assert figures["rss_mb"] > 50
    assert figures["sizes"].keys() == {"300", "8000"}
    for one in figures["sizes"].values():
        assert one["filtered"].keys() == FILTERS.keys()
        assert one["hybrid_ms"]["p99"] >= one["text_ms"]["p50"] > 0
        assert one["width"] > 0
    assert figures["flags"] == {"--documents": "8000", "--sizes": "300"}
    assert any("beside an ingest" in line for line in outcome.table)


@pytest.mark.e2e
def test_documents_that_are_alike_hide_no_others(tiny_models: Path, tmp_path: Path) -> None:
    outcome = measured(tiny_models, tmp_path, "--duplicates", "0.5,0.95", "--kinds", "exact,templated")
    figures = msgspec.to_builtins(outcome.figures)
    assert figures["flags"] == {"--documents": "3000", "--duplicates": "0.5,0.95", "--kinds": "exact,templated"}
    assert figures["alike"].keys() == {"50% exact", "95% exact", "50% templated", "95% templated"}
    for one in figures["alike"].values():
        assert one["recall_at_10"] >= 0.99
        assert one["nodes"] < 3_000
    assert len(outcome.table) == 5


@pytest.mark.parametrize("flags", [("--duplicates", "1.5"), ("--duplicates", "0.5", "--kinds", "other")])
def test_shares_and_kinds_that_are_none_are_refused(tiny_models: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        measured(tiny_models, tmp_path, *flags)
