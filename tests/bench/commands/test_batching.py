import argparse
from pathlib import Path

import numpy as np
import pytest

from bench.batching.policies import BUCKETS, build_policies
from bench.commands.batching import Contest, measure, simulate_all
from bench.errors import BenchError
from bench.graphs.costs import LENGTHS, RunCosts, grid
from bench.workload.traces import PROFILES, saturated
from server.engine.scheduling import Cost
from tests.bench.seeded import generator
from tests.tiny import TINY


def test_where_cost_follows_the_computed_tokens_alone_padding_is_pure_loss() -> None:
    costs = RunCosts([{(batch, length): 1e-4 * batch * length for batch, length in grid()}])
    full = {"mixed": saturated("mixed", 200, generator())}
    contest = Contest(build_policies("ragged", Cost(1e-6, 1e-4, 0.0)), costs, workers=2)
    results = simulate_all(full, contest, 1, np.random.default_rng(1))
    assert results.keys() == {"mixed-saturated", "mixed-70%"}
    found = results["mixed-saturated"]
    for exact in ("vecd", "vecd-portable", "no-batching"):
        assert found[exact].padding_share == 0
    for padder in ("fifo-padding", "length-buckets"):
        assert found[padder].tokens_per_s == pytest.approx(2e4 * (1 - found[padder].padding_share), rel=0.05)
    assert found["vecd"].tokens_per_s == pytest.approx(2e4, rel=0.05)


def test_a_model_that_takes_shorter_texts_than_the_traffic_is_refused(tiny_models: Path) -> None:
    options = argparse.Namespace(models=tiny_models, model=TINY, seed=1, rounds=1, seconds=1)
    with pytest.raises(BenchError, match="takes 48 tokens a text; this measures texts of 256"):
        measure(options)


def test_the_ends_of_every_kind_of_text_and_every_bucket_are_measured() -> None:
    ends = {end for kinds in PROFILES.values() for kind in kinds for end in (kind.fewest_tokens, kind.most_tokens)}
    assert ends | set(BUCKETS) <= set(LENGTHS)
