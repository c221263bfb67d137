"""What a load showed: a latency histogram of constant relative error, counts, and errors by kind.

Latencies go into an HdrHistogram (three significant digits, up to ten minutes), so that p99.9 is a measured value.
"""

from collections import Counter

import msgspec
from hdrh.histogram import HdrHistogram

HIGHEST_US = 600_000_000
DIGITS = 3
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)


class LoadFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One load's result. Latencies in milliseconds, of answered requests alone; rates over the measured seconds."""

    seconds: float
    requests: int
    errors: dict[str, int]
    requests_per_s: float
    texts_per_s: float
    tokens_per_s: float
    latency_ms: dict[str, float]


class Recording:
    """Collects while a load runs."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, HIGHEST_US, DIGITS)
        self.errors: Counter[str] = Counter()
        self.requests = 0
        self.texts = 0
        self.tokens = 0

    def answered(self, seconds: float, texts: int, tokens: int) -> None:
        """Count a good answer."""
        self._histogram.record_value(min(HIGHEST_US, max(1, round(seconds * 1e6))))
        self.requests += 1
        self.texts += texts
        self.tokens += tokens

    def failed(self, kind: str) -> None:
        """Count an error: a status, `timeout`, `connection` or `not sent`."""
        self.errors[kind] += 1

    def figures(self, seconds: float) -> LoadFigures:
        """Return the result for that many measured seconds."""
        latency = {f"p{p:g}": self._histogram.get_value_at_percentile(p) / 1e3 for p in PERCENTILES}
        if self.requests:
            latency |= {"max": self._histogram.get_max_value() / 1e3, "mean": self._histogram.get_mean_value() / 1e3}
        return LoadFigures(
            seconds=seconds,
            requests=self.requests,
            errors=dict(self.errors),
            requests_per_s=self.requests / seconds,
            texts_per_s=self.texts / seconds,
            tokens_per_s=self.tokens / seconds,
            latency_ms=latency,
        )
