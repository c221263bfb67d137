"""What /stats tells of the index to a key that is limited to collections: totals over those that it reaches."""

import math
from collections.abc import Callable, Sequence

from server.contract.status import IndexStatus, MetricFamily


def index_of(metrics: Sequence[MetricFamily], reaches: Callable[[str], bool]) -> IndexStatus:
    """Add up the metrics of the collections that are reached."""

    def values(name: str) -> list[float]:
        samples = (sample for family in metrics if family.name == f"vecd_index_{name}" for sample in family.samples)
        return [one.value for one in samples if reaches(one.labels["collection"])]

    def total(name: str) -> int:
        return round(sum(values(name)))

    recalls = [one for one in values("recall") if not math.isnan(one)]
    return IndexStatus(
        documents=total("documents"),
        collections=len(values("documents")),
        pending=total("pending_documents"),
        database_bytes=total("database_bytes"),
        memory_bytes=total("memory_bytes"),
        foreign=(),
        recall=min(recalls, default=None),
        exact=total("exact"),
        recall_target=max(values("recall_target"), default=None),
        width=round(max(values("width"), default=0)),
    )
