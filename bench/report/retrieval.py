"""The page's part on retrieval: every row on every test collection, and what searches and ingest cost."""

from bench.figures.retrieval import MEASURES, TOP_K, RetrievalFigures
from bench.report.markdown import number, table

HEAD = """
Through a real server, for the first {top_k} and without a threshold. Exact fp32 is the artifact's fp32 graph with every
cosine computed, exact over vecd's vectors the same over what the server stores and answers. bm25s computes Lucene's
formula (k1 1.2, b 0.75) over Snowball's English stems, without its English stop words. The weighted sum of the
references takes the first {top_k} of exact fp32 and of bm25s, each with its own cosine and its own BM25: cosines are
brought to 0..1 by the least and the greatest of these candidates, BM25 is divided by the greatest of them, and each
counts half. The mean counts every collection the same.
"""
FORMULA = {
    "ndcg_at_10": "nDCG@10, relevance / log2(rank + 1) as a share of the best order's:",
    "recall_at_100": "Recall@100, the share of the relevant documents that is among the first 100:",
    "mrr_at_10": "MRR@10, 1 / rank of the first relevant document:",
}


def render_retrieval(result: RetrievalFigures) -> list[str]:
    """Return one file's tables, without the picture."""
    versions = ", ".join(f"{name} {version}" for name, version in result.bm25_versions.items())
    made = [f"BM25 is that of {versions}.", ""] if versions else []
    lines = [*HEAD.format(top_k=TOP_K).strip().splitlines(), "", *made, *_sizes(result)]
    for measure in MEASURES:
        lines += [FORMULA[measure], "", *_qualities(result, measure)]
    return [
        *lines,
        "Milliseconds of a search, one at a time (p50 / p99), and documents a second of ingest:",
        "",
        *_costs(result),
    ]


def _sizes(result: RetrievalFigures) -> list[str]:
    rows = [
        [name, f"{one.documents:,}", f"{one.queries:,}", f"{one.documents_left_out:,}", f"{one.queries_left_out:,}"]
        for name, one in result.collections.items()
    ]
    head = ["collection", "documents", "queries", "empty documents left out", "queries without a judgment left out"]
    return table(head, rows)


def _qualities(result: RetrievalFigures, measure: str) -> list[str]:
    rows = []
    for row, mean in result.mean.items():
        found = [one.quality[row] for one in result.collections.values()]
        rows.append([row, *(f"{getattr(one, measure):.4f}" for one in [*found, mean])])
    return table(["", *result.collections, "mean"], rows)


def _costs(result: RetrievalFigures) -> list[str]:
    collections = result.collections.values()
    rows = []
    for row in dict.fromkeys(row for one in collections for row in one.search_ms):
        times = [one.search_ms[row] for one in collections]
        rows.append([f"{row}, ms", *(f"{number(time.p50)} / {number(time.p99)}" for time in times)])
    rows += [
        [f"{kind}, documents/s", *(number(one.documents_per_s[kind]) for one in collections)]
        for kind in dict.fromkeys(kind for one in collections for kind in one.documents_per_s)
    ]
    return table(["", *result.collections], rows)
