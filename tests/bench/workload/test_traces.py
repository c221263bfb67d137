import numpy as np
import pytest

from bench.workload.traces import PROFILES, poisson, sample_lengths, saturated
from tests.bench.seeded import generator


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert poisson("mixed", 100, 2, generator()) == poisson("mixed", 100, 2, generator())


@pytest.mark.parametrize("profile", PROFILES)
def test_lengths_come_in_the_shares_of_the_profile(profile: str) -> None:
    lengths = np.array(sample_lengths(profile, 20_000, generator()))
    for kind in PROFILES[profile]:
        share = np.mean((lengths >= kind.fewest_tokens) & (lengths <= kind.most_tokens))
        assert share == pytest.approx(kind.share, abs=0.02)


def test_poisson_arrivals_come_in_order_at_their_rate_and_a_saturated_trace_at_once() -> None:
    trace = poisson("short", 500, 10, generator())
    assert trace.arrivals_s == sorted(trace.arrivals_s)
    assert 0 <= trace.arrivals_s[0] <= trace.arrivals_s[-1] <= 10
    assert len(trace.lengths) == pytest.approx(5000, rel=0.06)
    assert set(saturated("short", 5, generator()).arrivals_s) == {0.0}
