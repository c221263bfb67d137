"""Metrics that are read from the engine at each scrape: nothing is counted twice, and no gauge can drift.

In: the engine. Out: metric families for Prometheus.
"""

from collections.abc import Callable, Iterator

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from server.contract.status import MetricFamily, Sample
from server.engine.admission import REASONS
from server.engine.engine import Engine


class Reading(msgspec.Struct, frozen=True):
    """A metric, and how it is read from the engine."""

    name: str
    about: str
    read: Callable[[Engine], float]


COUNTERS = (
    Reading("vecd_cache_hits", "Texts found in the cache.", lambda engine: engine.cache.hits),
    Reading("vecd_cache_misses", "Texts looked up and not found.", lambda engine: engine.cache.misses),
    Reading("vecd_cache_evictions", "Embeddings forgotten for want of room.", lambda engine: engine.cache.evictions),
    Reading("vecd_joined_texts", "Texts that another request was computing.", lambda engine: engine.in_flight.joined),
    Reading("vecd_worker_deaths", "Workers that died and were replaced.", lambda engine: engine.workers.deaths),
)
GAUGES = (
    Reading("vecd_requests_in_work", "Requests between admission and answer.", lambda engine: engine.admission.active),
    Reading("vecd_queue_texts", "Texts that wait for a run.", lambda engine: engine.workers.forecast.backlog().texts),
    Reading("vecd_queue_tokens", "Their tokens.", lambda engine: engine.workers.forecast.backlog().tokens),
    Reading(
        "vecd_queue_drain_seconds",
        "Predicted time to be done.",
        lambda engine: engine.workers.forecast.backlog().seconds,
    ),
    Reading("vecd_inflight_texts", "Texts that others could join.", lambda engine: len(engine.in_flight)),
    Reading("vecd_cache_entries", "Embeddings in the cache.", lambda engine: len(engine.cache)),
    Reading("vecd_cache_bytes", "Their memory.", lambda engine: engine.cache.used_bytes),
    Reading("vecd_cache_size_bytes", "The memory that they may take.", lambda engine: engine.cache.size_bytes),
    Reading("vecd_workers", "Workers.", lambda engine: len(engine.workers.slots.all)),
    Reading("vecd_workers_busy", "Workers at a run.", lambda engine: engine.workers.slots.busy),
)


class EngineCollector(Collector):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        for one in COUNTERS:
            yield CounterMetricFamily(one.name, one.about, value=one.read(self._engine))
        for one in GAUGES:
            yield GaugeMetricFamily(one.name, one.about, value=one.read(self._engine))
        refusals = CounterMetricFamily("vecd_refusals", "Requests refused or given up, by reason.", labels=["reason"])
        for reason in REASONS:
            refusals.add_metric([reason], self._engine.admission.refused[reason])
        yield refusals


def families_of(registry: CollectorRegistry) -> list[MetricFamily]:
    """Return all metrics of a registry as they cross the wall."""
    return [
        MetricFamily(
            one.name,
            one.documentation,
            one.type,
            [Sample(sample.name, dict(sample.labels), float(sample.value)) for sample in one.samples],
        )
        for one in registry.collect()
    ]
