"""The metrics of one HTTP process, for Prometheus: answers by route and status, encoding, and its event loop.

A scrape shows them together with those of the backend.
"""

import asyncio
import collections
from collections.abc import Callable, Iterator, Sequence

import msgspec
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.contract.status import MetricFamily

# From a tenth of a millisecond to a minute.
SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)
# Requests for unknown routes are counted under this label: a client must not be able to make up labels.
UNKNOWN_ROUTE = "unknown"


class RequestCounts(msgspec.Struct):
    """Requests whose body was understood, by purpose; `embed` has all that embed except /embed/batch."""

    embed: int = 0
    batch: int = 0
    search: int = 0
    index: int = 0

    def count(self, purpose: str) -> None:
        setattr(self, purpose, getattr(self, purpose) + 1)


class Tally(Collector):
    """Counts for each answer, as plain numbers: the library's own counters take a lock each time."""

    def __init__(self) -> None:
        self.answers: collections.Counter[tuple[str, int]] = collections.Counter()

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("vecd_http_requests", "Requests answered.", labels=["route", "status"])
        for (route, status), count in self.answers.items():
            requests.add_metric([route, str(status)], count)
        yield requests
        about = "Tasks of the event loop, this scrape's included."
        yield GaugeMetricFamily("vecd_event_loop_tasks", about, value=_tasks())


class WebMetrics:
    """Used from the event loop only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # an unused second series for each metric
        self.requests = RequestCounts()
        self.registry = registry
        self._tally = Tally()
        registry.register(self._tally)
        ProcessCollector(registry=registry)
        self._encode = Histogram("vecd_encode_seconds", "Encoding a response.", buckets=SECONDS, registry=registry)

    def expect(self, routes: Sequence[str]) -> None:
        """Show these routes, with zero, before the first request."""
        self._tally.answers.update({(route, 200): 0 for route in routes} | {(UNKNOWN_ROUTE, 404): 0})

    def answered(self, route: str, status: int) -> None:
        """Count a response by its route's template."""
        self._tally.answers[route, status] += 1

    def encoded(self, seconds: float) -> None:
        self._encode.observe(seconds)


class Scrape:
    """All metrics at one moment; the exposition encoders take it for a registry.

    Of samples that name a collection only those are shown that the client reaches.
    """

    def __init__(
        self, own: WebMetrics, others: Sequence[MetricFamily], *, ready: bool, reaches: Callable[[str], bool]
    ) -> None:
        self._own = own
        self._others = others
        self._ready = ready
        self._reaches = reaches

    def collect(self) -> Iterator[Metric]:
        yield from self._own.registry.collect()
        about = "1 while requests are taken and every worker lives."
        yield GaugeMetricFamily("vecd_ready", about, value=self._ready)
        for family in self._others:
            metric = Metric(family.name, family.documentation, family.kind)
            for sample in family.samples:
                if (collection := sample.labels.get("collection")) is not None and not self._reaches(collection):
                    continue
                metric.add_sample(sample.name, sample.labels, sample.value)
            yield metric


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # no event loop runs in this thread
        return 0
