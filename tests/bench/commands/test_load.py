"""`bench load` on the real model: it measures what it says, and shows a slowed server slower by as much."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.figures.goals import BARE_LONE

pytestmark = pytest.mark.e2e


SHORT = ("--seconds", "1.5", "--warm-seconds", "0.3", "--rounds", "1")


def run(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    file = tmp_path / "load.json"
    assert main(["load", "--json", str(file), *SHORT, *arguments]) == 0
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def test_a_delay_of_the_benchmarks_own_is_shown_as_about_that_much(tmp_path: Path) -> None:
    plain = run(tmp_path, "--connections", "1")["result"]["figures"]
    slowed = run(tmp_path, "--connections", "1", "--delay-ms", "100")["result"]["figures"]
    assert slowed["latency_ms"]["p50"] - plain["latency_ms"]["p50"] == pytest.approx(100, abs=30)
    assert slowed["errors"] == {}


def test_a_load_is_compared_with_the_graph_driven_directly(tmp_path: Path) -> None:
    figures = run(tmp_path, "--texts", "8", "--connections", "1")
    raw = figures["raw"]
    assert list(raw["texts_per_s"]) == ["one text", "64 tokens", "128 tokens", "256 tokens", "512 tokens"]
    # Wide bounds: a test's machine may be busy.
    assert 0 < figures["of_raw_best"] <= figures["of_raw_batch1"] < 3
    assert figures["p50_over_raw_ms"] > 0
    assert 0 < raw["share"][0] < 1
    assert 0 < raw["in_a_row_ms"][0] < 100
    assert figures["flags"]["--texts"] == "8"


def test_a_load_is_compared_with_the_bare_loop(tmp_path: Path) -> None:
    figures = run(tmp_path, "--connections", "1")
    assert figures["bare"]["threads"] == 0
    assert figures["bare"]["errors"] == [0]
    assert 0 < figures["requests_per_s_of_bare"] < 3
    assert list(figures["goals"]) == [BARE_LONE]
    batch = run(tmp_path, "--texts", "8", "--connections", "2", "--dialect", "native-bytes")
    assert batch["bare"] is batch["p50_of_bare"] is None


def test_the_open_loop_reaches_its_rate_and_reports_what_was_used(tmp_path: Path) -> None:
    figures = run(tmp_path, "--per-s", "40", "--profile", "mixed")
    assert figures["raw"] is figures["of_raw_batch1"] is None
    result = figures["result"]
    assert result["figures"]["requests_per_s"] == pytest.approx(40, rel=0.2)
    assert result["figures"]["tokens_per_s"] > result["figures"]["texts_per_s"] * 10
    assert result["usage"]["rss_mb"] > 50
    assert result["usage"]["server_cores"] > result["usage"]["generator_cores"] > 0
