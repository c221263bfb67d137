"""Records the answers to a load: a latency histogram of constant relative error, counts, and errors by kind.

Latencies go into an HdrHistogram (three significant digits, up to ten minutes), so that p99.9 is a measured value.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

import msgspec
from hdrh.histogram import HdrHistogram

from bench.figures.load import LoadFigures
from bench.traffic.requests import Prepared

HIGHEST_US = 600_000_000
DIGITS = 3
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a request ended: when it was due and when it was over, in seconds from the loop's start.

    `kind` is empty for a 200, else a status, `timeout`, `connection` or `not sent`. `late_s` is how long after it was
    due the generator sent it; `retry_after` is the header of that name.
    """

    request: Prepared
    kind: str
    due_s: float
    done_s: float
    late_s: float = 0.0
    retry_after: str | None = None


class Recorder(Protocol):
    """What a loop gives its answers to."""

    def add(self, answer: Answer) -> None: ...


class Recording:
    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, HIGHEST_US, DIGITS)
        self.errors: Counter[str] = Counter()
        self.requests = 0
        self.texts = 0
        self.tokens = 0
        self.most_late_s = 0.0

    def add(self, answer: Answer) -> None:
        self.most_late_s = max(self.most_late_s, answer.late_s)
        if answer.kind:
            self.errors[answer.kind] += 1
            return
        self._histogram.record_value(min(HIGHEST_US, max(1, round((answer.done_s - answer.due_s) * 1e6))))
        self.requests += 1
        self.texts += answer.request.texts
        self.tokens += answer.request.tokens

    def figures(self, seconds: float) -> LoadFigures:
        """Return the figures of that many measured seconds."""
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
            most_late_ms=1e3 * self.most_late_s,
        )


class ClassRecording:
    """A recording for each class of requests."""

    def __init__(self, class_of: Callable[[Prepared], str]) -> None:
        self._class_of = class_of
        self.classes: dict[str, Recording] = {}

    def add(self, answer: Answer) -> None:
        self.classes.setdefault(self._class_of(answer.request), Recording()).add(answer)
