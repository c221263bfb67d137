import itertools
import statistics

import pytest

from bench.workload.arrivals import poisson, steady


def test_a_steady_rate_has_equal_gaps() -> None:
    assert list(itertools.islice(steady(4), 4)) == [0, 0.25, 0.5, 0.75]


def test_poisson_arrivals_have_their_rate_and_gaps_as_wide_as_their_mean() -> None:
    times = list(itertools.islice(poisson(50, seed=3), 20_000))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert times == sorted(times)
    assert statistics.mean(gaps) == pytest.approx(1 / 50, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(1 / 50, rel=0.05)


def test_a_seed_gives_the_same_arrivals_again() -> None:
    first, again, other = (list(itertools.islice(poisson(9, seed), 5)) for seed in (1, 1, 2))
    assert first == again != other
