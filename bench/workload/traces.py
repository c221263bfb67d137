"""Seeded traces: how long the texts are, and when they arrive.

In: a profile of lengths, a count or a rate, a random generator. Out: a trace; the same generator gives the same one.
"""

import msgspec
import numpy as np

from server.engine import TOKENS_PER_RUN

# The budget of every policy: the most tokens that vecd computes in one run on a CPU.
MAX_TOKENS = TOKENS_PER_RUN["cpu"]
# Up to this many tokens a text is short: a search query, a sentence.
SHORT_TOKENS = 20


class Kind(msgspec.Struct, frozen=True):
    """One kind of text in a profile: its share of the texts, and its lengths, all equally likely."""

    share: float
    fewest_tokens: int
    most_tokens: int


# Queries alone, and queries with paragraphs and texts as long as the model takes.
PROFILES = {
    "short": (Kind(1.0, 5, SHORT_TOKENS),),
    "mixed": (Kind(0.7, 5, SHORT_TOKENS), Kind(0.25, 60, 120), Kind(0.05, 256, 256)),
}
LONGEST_TOKENS = max(kind.most_tokens for kinds in PROFILES.values() for kind in kinds)


class Trace(msgspec.Struct, frozen=True):
    """Texts in order of arrival: when each arrives, in seconds, and its length in tokens."""

    arrivals_s: list[float]
    lengths: list[int]


def sample_lengths(profile: str, count: int, rng: np.random.Generator) -> list[int]:
    """Return the lengths, in tokens, of that many texts of a profile."""
    kinds = PROFILES[profile]
    picked = rng.choice(len(kinds), size=count, p=[kind.share for kind in kinds])
    fewest = np.array([kind.fewest_tokens for kind in kinds])[picked]
    most = np.array([kind.most_tokens for kind in kinds])[picked]
    lengths: list[int] = rng.integers(fewest, most, endpoint=True).tolist()
    return lengths


def saturated(profile: str, count: int, rng: np.random.Generator) -> Trace:
    """Return a trace whose texts all wait from the start."""
    return Trace([0.0] * count, sample_lengths(profile, count, rng))


def poisson(profile: str, texts_per_s: float, seconds: float, rng: np.random.Generator) -> Trace:
    """Return the arrivals of a Poisson process of that rate: independent clients."""
    count = max(1, int(rng.poisson(texts_per_s * seconds)))
    arrivals: list[float] = np.sort(rng.uniform(0, seconds, count)).tolist()
    return Trace(arrivals, sample_lengths(profile, count, rng))
