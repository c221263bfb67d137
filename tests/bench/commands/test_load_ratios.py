from pathlib import Path

import pytest

from bench.artifacts import LoadedModel, load_model
from bench.commands.load_ratios import compare_bare, compare_rounds, summarize_bare, summarize_rounds
from bench.figures.goal import Goal
from bench.figures.goals import BARE_CROWD, BARE_LONE
from bench.figures.load import ONE_TEXT, Load, LoadFigures, LoadResult, Usage, bare_rows, direct_rows
from bench.graphs.direct import DirectFigures
from tests.tiny import TINY


@pytest.fixture
def model(tiny_models: Path) -> LoadedModel:
    return load_model(tiny_models, TINY, "cpu", cores=2)


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


def direct(one: float, best: float, paused_ms: float = 1.0) -> DirectFigures:
    return DirectFigures({ONE_TEXT: one, "64 tokens": best}, paused_ms, 0.9)


def test_a_server_is_compared_with_the_cores_that_the_generator_leaves_round_by_round(model: LoadedModel) -> None:
    rounds = compare_rounds(
        [direct(1000, 2000), direct(500, 1000), direct(2000, 2500)],
        [served(600, 2.0, 0.5), served(300, 2.5, 0.5), served(600, 3.0, 0.0)],
        model,
    )
    assert rounds.threads == 2
    assert rounds.share == [0.75, 0.75, 1.0]
    assert rounds.of_batch1 == [pytest.approx(0.8), pytest.approx(0.8), pytest.approx(0.3)]
    ratios = summarize_rounds(rounds, one_connection=True)
    assert ratios.of_raw_batch1 == pytest.approx(0.8)
    assert ratios.of_raw_best == pytest.approx(0.4)
    assert ratios.p50_over_raw_ms == pytest.approx(1.5)
    assert "0.800" in str(direct_rows(rounds, ratios))


def test_the_latency_of_many_connections_is_not_compared_with_a_single_run(model: LoadedModel) -> None:
    rounds = compare_rounds([direct(1000, 2000)], [served(600, 20.0, 0.2)], model)
    ratios = summarize_rounds(rounds, one_connection=False)
    assert ratios.p50_over_raw_ms is None
    assert "p50" not in str(direct_rows(rounds, ratios))


def test_a_server_is_compared_with_the_bare_loop_round_by_round() -> None:
    bare = [served(400, 2.0, 0.1), served(200, 4.0, 0.1), served(100, 8.0, 0.1)]
    rounds = compare_bare(bare, [served(300, 3.0, 0.1), served(180, 5.0, 0.1), served(95, 9.0, 0.1)], 0)
    assert rounds.requests_per_s_of_bare == [0.75, 0.9, 0.95]
    assert rounds.p50_of_bare == [1.5, 1.25, 1.125]
    fields = summarize_bare(rounds, Load(profile="short", connections=1, seed=1))
    assert fields["requests_per_s_of_bare"] == pytest.approx(0.9)
    assert fields["p50_of_bare"] == pytest.approx(1.25)
    assert fields["goals"] == {BARE_LONE: Goal(0.8, 0.8, met=True)}
    assert "1.250" in str(bare_rows(rounds))


@pytest.mark.parametrize(
    ("load", "goals"),
    [
        (Load(profile="short", connections=16, seed=1), {BARE_CROWD: Goal(0.9, 0.75, met=False)}),
        (Load(profile="short", connections=2, seed=1), {}),
        (Load(profile="short", connections=16, texts_per_request=32, seed=1), {}),
        (Load(profile="mixed", connections=1, seed=1), {}),
        (Load(profile="short", connections=1, duplicates=0.5, seed=1), {}),
    ],
    ids=["16 connections", "2 connections", "32 texts", "texts of other lengths", "texts that come again"],
)
def test_the_goals_are_of_single_short_texts(load: Load, goals: dict[str, Goal]) -> None:
    rounds = compare_bare([served(400, 2.0, 0.1)], [served(300, 3.0, 0.1)], 2)
    assert summarize_bare(rounds, load)["goals"] == goals
