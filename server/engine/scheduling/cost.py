"""The cost of a run: seconds = run_s + token_s * tokens + square_s * squares.

`tokens` is the sum of the texts' lengths, `squares` that of their squares (attention), both with padding. Fitted to
measured runs. Pure functions.
"""

import itertools
from collections.abc import Sequence

import msgspec
import numpy as np


class Cost(msgspec.Struct, frozen=True):
    """The three coefficients, in seconds, none below zero."""

    run_s: float
    token_s: float
    square_s: float

    def of_text(self, length: int) -> float:
        """Return the seconds that a text of so many tokens adds to a run."""
        return length * (self.token_s + length * self.square_s)

    def of_texts(self, tokens: int, squares: int) -> float:
        """Return the seconds that texts add to their runs, by the sums of their lengths and of the squared lengths."""
        return tokens * self.token_s + squares * self.square_s


# Shorter durations are below the resolution of the clock.
MIN_S = 1e-6


class Observation(msgspec.Struct, frozen=True):
    """The tokens and squares that a run computed, padding included, and its seconds."""

    tokens: int
    squares: int
    seconds: float


def fit_cost(observations: Sequence[Observation]) -> Cost:
    """Return the coefficients that predict the runs best.

    Least squares of the prediction divided by the measured time: short runs weigh as much as long ones, and one delayed
    run has an error of at most one. Coefficients that would be below zero, by noise, are left out.
    """
    known = [max(MIN_S, one.seconds) for one in observations]
    rows = np.array([(1.0, one.tokens, one.squares) for one in observations])
    rows /= np.array(known)[:, None]
    # The columns differ by orders of magnitude; scaled, the system is well conditioned.
    scales = np.linalg.norm(rows, axis=0)
    best, least = np.zeros(3), np.inf
    for kept in _subsets():
        solution = np.linalg.lstsq(rows[:, kept] / scales[kept], np.ones(len(rows)))[0] / scales[kept]
        error = float(np.square(rows[:, kept] @ solution - 1).sum())
        if (solution >= 0).all() and solution[kept.index(1)] > 0 and error < least:
            best, least = np.zeros(3), error
            best[kept] = solution
    return Cost(*best.tolist())


def _subsets() -> list[list[int]]:
    # Every run has a cost per token: every subset has the second coefficient.
    return [[*before, 1, *after] for before, after in itertools.product(([0], []), ([2], []))]
