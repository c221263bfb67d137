"""A figure over rounds: its median and its noise, the way that the page, the README and the gate state them.

Noise is half the interquartile range, or half the range where there are fewer than four rounds.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

FEWEST_FOR_QUARTILES = 4


class Spread(msgspec.Struct, frozen=True):
    median: float
    noise: float


class Ratio(msgspec.Struct, frozen=True):
    """The median of a ratio over the rounds, and the distance between its quartiles."""

    median: float
    interquartile_range: float


def spread(values: Sequence[float | None]) -> Spread | None:
    """Return the median and the noise of the rounds that have a value; None where none has."""
    found = [value for value in values if value is not None]
    if not found:
        return None
    if len(found) < FEWEST_FOR_QUARTILES:
        low, high = min(found), max(found)
    else:
        low, high = np.quantile(found, [0.25, 0.75])
    return Spread(float(np.median(found)), float(high - low) / 2)


def relative(values: Sequence[float | None], others: Sequence[float | None]) -> Spread | None:
    """Return by how many times the values exceed the others, taken round by round so that slow spells cancel out."""
    return spread(ratios(values, others))


def ratios(values: Sequence[float | None], others: Sequence[float | None]) -> list[float | None]:
    """Return each value divided by the other of its round; None where either is missing, or the other is 0."""
    pairs = zip(values, others, strict=False)  # a server that broke off has fewer rounds
    return [a / b if a is not None and b else None for a, b in pairs]


def speed_ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Compare the seconds of two calls round by round: above 1, the first is faster."""
    low, middle, high = np.quantile(np.divide(second, first), [0.25, 0.5, 0.75])
    return Ratio(float(middle), float(high - low))
