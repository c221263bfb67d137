"""Metrics that are read from the index at each scrape, for Prometheus: a sample for each collection."""

import math
from collections.abc import Callable, Iterator

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from index import CollectionStats, Index


class Reading(msgspec.Struct, frozen=True):
    """A metric, and how it is read from a collection's statistics."""

    name: str
    about: str
    read: Callable[[CollectionStats], float]


def recall_of(stats: CollectionStats) -> float:
    """Return the recall, NaN where it is not known yet."""
    return math.nan if stats.recall is None else stats.recall


GAUGES = (
    Reading("documents", "Documents kept.", lambda stats: stats.documents),
    Reading("pending_documents", "Those that the graph lacks, found all the same.", lambda stats: stats.pending),
    Reading("tombstones", "Places in the graph that deleted documents left.", lambda stats: stats.tombstones),
    Reading("nodes", "Nodes of the graph; documents that are nearly equal share one.", lambda stats: stats.nodes),
    Reading(
        "unreached_nodes", "Those that the graph does not lead to, compared in full.", lambda stats: stats.unreached
    ),
    Reading("recall", "Share of the 10 nearest that searches found lately; NaN if unknown.", recall_of),
    Reading("recall_target", "Share of them that searches must find.", lambda stats: stats.recall_target),
    Reading("width", "Nodes that a search keeps in view at least.", lambda stats: stats.width),
    Reading(
        "exact", "1 while searches compare every document, since the graph misses too much.", lambda stats: stats.exact
    ),
    Reading(
        "pending_words",
        "Documents that the index of words lacks, found all the same.",
        lambda stats: stats.words_pending,
    ),
    Reading("words_failed", "1 if the index of words could not be written.", lambda stats: bool(stats.words_failure)),
    Reading("database_bytes", "The database on the disk.", lambda stats: stats.database_bytes),
    Reading("memory_bytes", "Vectors, graph, lists of filters, projection.", lambda stats: stats.memory_bytes),
    Reading("needed_bytes", "What of them documents need, for --index-bytes.", lambda stats: stats.needed_bytes),
    Reading("waiting_writes", "Writes that wait for their turn.", lambda stats: stats.waiting),
    Reading("snapshot_failed", "1 if the last snapshot failed.", lambda stats: bool(stats.snapshot_failure)),
    Reading("foreign", "1 if the vectors are another model's.", lambda stats: stats.state == "foreign"),
)
COUNTERS = (
    Reading(
        "held_seconds", "Time that writes were held up, since the graph was far behind.", lambda stats: stats.held_s
    ),
    Reading("commits", "Transactions on the disk.", lambda stats: stats.commits),
    Reading("snapshots", "Snapshots of the graph written.", lambda stats: stats.snapshots),
    Reading("rebuilds", "Graphs built anew to be rid of tombstones.", lambda stats: stats.rebuilds),
    Reading("rejected_snapshots", "Snapshots found damaged at the start.", lambda stats: len(stats.rejected_snapshots)),
)


class IndexCollector(Collector):
    def __init__(self, index: Index) -> None:
        self._index = index

    def collect(self) -> Iterator[Metric]:
        stats = self._index.stats()
        for readings, family in ((GAUGES, GaugeMetricFamily), (COUNTERS, CounterMetricFamily)):
            for one in readings:
                metric = family(f"vecd_index_{one.name}", one.about, labels=["collection"])
                for collection in stats:
                    metric.add_metric([collection.name], one.read(collection))
                yield metric
        yield GaugeMetricFamily("vecd_index_well", "1 while every thread of the index lives.", value=self._index.well)
