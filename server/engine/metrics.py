"""Metrics that are counted and timed while texts are embedded and documents written, for Prometheus; zero at the start.

What is read at each scrape (the queue, the cache, the workers) is in `server/engine/gauges.py`.
"""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from server.contract.embedding import Timing
from server.engine.cache import CachedEmbedding
from server.engine.scheduling.slots import RunFigures

# From a tenth of a millisecond to a minute.
SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 512, 2048)
TOKENS = (8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)


class Tally(Collector):
    """Counts for each request, as plain numbers: the library's own counters take a lock each time."""

    def __init__(self) -> None:
        self.texts = self.tokens = self.truncations = 0

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("vecd_texts", "Texts embedded, cached ones included.", value=self.texts)
        yield CounterMetricFamily("vecd_tokens", "Tokens of those texts.", value=self.tokens)
        about = "Texts of which a part was left out."
        yield CounterMetricFamily("vecd_truncated_texts", about, value=self.truncations)


class Metrics:
    """May be used from any thread, except for `embedded`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        disable_created_metrics()  # type: ignore[no-untyped-call]  # an unused second series for each metric
        self._tally = Tally()
        registry.register(self._tally)
        self._computed = Counter("vecd_computed_tokens", "Tokens that runs computed, with padding.", registry=registry)
        self._padding = Counter("vecd_padding_tokens", "Those of them that belong to no text.", registry=registry)

        def seconds(name: str, about: str) -> Histogram:
            return Histogram(f"vecd_{name}_seconds", about, buckets=SECONDS, registry=registry)

        self._wait = seconds("wait", "A request's wait until the first of its texts began to be computed.")
        self._tokenize = seconds("tokenize", "Tokenizing a request's texts.")
        self._inference = seconds("inference", "One run of the graph.")
        self._commit = seconds("commit", "Committing the documents of a request, or of a group of a stream.")
        about = "One search of the index, by mode."
        self._search = Histogram("vecd_search_seconds", about, labelnames=["mode"], buckets=SECONDS, registry=registry)
        for mode in ("vector", "text", "hybrid"):
            self._search.labels(mode)
        self._run_texts = Histogram("vecd_run_texts", "Texts in one run.", buckets=TEXTS, registry=registry)
        self._run_tokens = Histogram("vecd_run_tokens", "Tokens in one run.", buckets=TOKENS, registry=registry)

    def embedded(self, timing: Timing, texts: Sequence[CachedEmbedding]) -> None:
        """Count a request's texts, and observe its times. Called from the event loop only."""
        tally = self._tally
        tally.texts += len(texts)
        for text in texts:
            tally.tokens += text.tokens
            tally.truncations += text.truncated
        if timing.inference_s or timing.queue_s:  # a request that the cache answers neither waits nor tokenizes
            self._wait.observe(timing.queue_s)
            self._tokenize.observe(timing.tokenize_s)

    def ran(self, run: RunFigures) -> None:
        self._computed.inc(run.computed_tokens)
        if run.computed_tokens > run.tokens:
            self._padding.inc(run.computed_tokens - run.tokens)
        self._inference.observe(run.seconds)
        self._run_texts.observe(run.texts)
        self._run_tokens.observe(run.tokens)

    def committed(self, seconds: float) -> None:
        self._commit.observe(seconds)

    def searched(self, mode: str, seconds: float) -> None:
        self._search.labels(mode).observe(seconds)
