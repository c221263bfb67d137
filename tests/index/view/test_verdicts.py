"""A sampled share is judged only where the noise of the samples does not decide."""

import numpy as np
import pytest

from index.view.verdicts import FEWEST_SAMPLES, LOOKS, MOST_SAMPLES, verdict


def drawn(share: float, seed: int, count: int = MOST_SAMPLES) -> list[float]:
    return [float(found) / 10 for found in np.random.default_rng(seed).binomial(10, share, count)]


def judged(shares: list[float], aim: float) -> tuple[bool | None, int]:
    """Return what is said first, and after how many samples."""
    for count in range(1, len(shares) + 1):
        if (found := verdict(shares[:count], aim)) is not None:
            return found, count
    return None, len(shares)


def test_what_is_far_off_is_told_early() -> None:
    assert judged(drawn(0.8, 1), 0.98) == (False, LOOKS[0])
    assert judged([1.0] * MOST_SAMPLES, 0.98) == (True, FEWEST_SAMPLES)


def test_what_is_near_takes_more_samples() -> None:
    told = [judged(drawn(0.97, seed), 0.98) for seed in range(20)]
    assert all(found is not True for found, _ in told)
    assert max(count for _, count in told) >= 2 * FEWEST_SAMPLES


@pytest.mark.parametrize(("share", "wrong"), [(0.95, True), (0.995, False)])
def test_samples_seldom_lie(share: float, wrong: bool) -> None:
    said = [judged(drawn(share, seed), 0.98)[0] for seed in range(40)]
    assert said.count(wrong) <= 1


def test_what_is_as_good_as_the_aim_is_left_open() -> None:
    said = [judged(drawn(0.98, seed), 0.98)[0] for seed in range(20)]
    assert said.count(None) >= 12
