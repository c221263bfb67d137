from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from bench.batching.policies import Policy, RuleQueue, build_policies, pad_to_longest, take_one
from bench.batching.simulation import Served, simulate, summarize
from bench.figures.batching import PolicyFigures
from bench.workload.traces import Trace, poisson
from server.engine.scheduling import Cost
from tests.bench.seeded import generator

POLICIES = build_policies("ragged", Cost(1.0, 0.01, 0.0))


def a_second_and_ten_ms_a_token(lengths: Sequence[int]) -> float:
    return 1 + 0.01 * sum(lengths)


def test_an_idle_worker_takes_what_is_there_and_texts_gather_while_it_is_busy() -> None:
    # At 0 the first goes alone and takes 1.1 s; the next two wait for it, padded to 20: 1.4 s; the last finds it idle.
    trace = Trace([0.0, 0.5, 1.0, 9.0], [10, 20, 10, 50])
    served = simulate(trace, lambda: RuleQueue(pad_to_longest), a_second_and_ten_ms_a_token, workers=1)
    assert served.finished_s == pytest.approx([1.1, 2.5, 2.5, 10.5])
    assert (served.runs, served.computed_tokens) == (3, 10 + 40 + 50)


def test_workers_take_runs_side_by_side() -> None:
    trace = Trace([0.0] * 3, [10, 100, 10])
    served = simulate(trace, lambda: RuleQueue(take_one), a_second_and_ten_ms_a_token, workers=2)
    assert served.finished_s == pytest.approx([1.1, 2.0, 2.2])


def test_a_run_holds_no_text_that_has_not_arrived() -> None:
    trace = Trace([0.0, 0.001], [10, 10])
    assert simulate(trace, lambda: RuleQueue(pad_to_longest), a_second_and_ten_ms_a_token, workers=1).runs == 2


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_no_text_is_done_before_it_came_and_a_run_has_passed(policy: Policy) -> None:
    trace = poisson("mixed", 40, 5, generator())
    served = simulate(trace, policy, a_second_and_ten_ms_a_token, workers=3)
    assert np.all(np.array(served.finished_s) > np.array(trace.arrivals_s) + 1)


def test_the_figures_are_of_the_texts_own_tokens_and_of_the_time_since_they_came() -> None:
    trace = Trace([0.0, 1.0, 1.0], [10, 10, 60])
    figures = summarize(trace, Served([1.0, 3.0, 4.0], runs=2, computed_tokens=100))
    expected = PolicyFigures(tokens_per_s=20, padding_share=0.2, runs=2, p50_ms=2000, p99_ms=2980, short_p99_ms=1990)
    assert msgspec.structs.asdict(figures) == pytest.approx(msgspec.structs.asdict(expected))
