from pathlib import Path

import pytest

from bench.commands.load_ratios import compare_rounds, raw_rows, summarize_rounds
from bench.graphs.direct import ONE, BareFigures
from bench.traffic.driving import LoadResult
from bench.traffic.processes import Usage
from bench.traffic.recording import LoadFigures
from server import MEMORY, Daemon, Settings, build_daemon
from tests.tiny import TINY


@pytest.fixture
def daemon(tiny_models: Path) -> Daemon:
    return build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY, provider="cpu", cores=2))


def served(texts_per_s: float, p50_ms: float, generator_cores: float) -> LoadResult:
    figures = LoadFigures(
        seconds=1.0,
        requests=1,
        errors={},
        requests_per_s=texts_per_s,
        texts_per_s=texts_per_s,
        tokens_per_s=0.0,
        latency_ms={"p50": p50_ms},
        most_late_ms=0.0,
    )
    return LoadResult(figures, Usage(rss_mb=1.0, server_cores=1.0, generator_cores=generator_cores))


def bare(one: float, best: float, paused_ms: float = 1.0) -> BareFigures:
    return BareFigures({ONE: one, "64 tokens": best}, paused_ms, 0.9)


def test_a_server_is_compared_with_the_cores_that_the_generator_leaves_round_by_round(daemon: Daemon) -> None:
    raw = compare_rounds(
        [bare(1000, 2000), bare(500, 1000), bare(2000, 2500)],
        [served(600, 2.0, 0.5), served(300, 2.5, 0.5), served(600, 3.0, 0.0)],
        daemon,
    )
    assert raw.threads == 2
    assert raw.share == [0.75, 0.75, 1.0]
    assert raw.of_batch1 == [pytest.approx(0.8), pytest.approx(0.8), pytest.approx(0.3)]
    ratios = summarize_rounds(raw, one_connection=True)
    assert ratios.of_raw_batch1 == pytest.approx(0.8)
    assert ratios.of_raw_best == pytest.approx(0.4)
    assert ratios.p50_over_raw_ms == pytest.approx(1.5)
    assert "0.800" in str(raw_rows(raw, ratios))


def test_the_latency_of_many_connections_is_not_compared_with_a_lone_run(daemon: Daemon) -> None:
    raw = compare_rounds([bare(1000, 2000)], [served(600, 20.0, 0.2)], daemon)
    ratios = summarize_rounds(raw, one_connection=False)
    assert ratios.p50_over_raw_ms is None
    assert "p50" not in str(raw_rows(raw, ratios))
