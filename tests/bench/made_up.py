"""Raw results of every kind, made up: gunicorn-st starts faster, wins two rows and is truer; infinity did not run."""

from pathlib import Path

import msgspec

MACHINE = {"processor": "Some CPU", "architecture": "x86_64", "cores": 2, "flags": ["avx2"]}
HOW = {"seed": 20, "rounds": 3, "machine": MACHINE, "versions": {"python": "3.11.7"}, "unknown": "let through"}
HYBRID = "vecd hybrid, whole documents"
SHAPES = ("1x16", "32x16")


def load(requests_per_s: float, p50_ms: float = 5.0) -> dict[str, object]:
    rounds = [requests_per_s * factor for factor in (0.99, 1.0, 1.01)]
    return {
        "requests_per_s": rounds,
        "texts_per_s": rounds,
        "tokens_per_s": [12 * value for value in rounds],
        "p50_ms": [p50_ms] * 3,
        "p99_ms": [20.0] * 3,
        "p999_ms": [30.0] * 3,
        "errors": [0, 0, 0],
        "rss_mb": [200.0] * 3,
        "server_cores": [1.5] * 3,
        "generator_cores": [0.2] * 3,
    }


def peer(cosine: float, *, bits: bool, cold_start_s: float, skipped: str | None = None) -> dict[str, object]:
    return {
        "about": "a server",
        "skipped": skipped,
        "cold_start_s": [] if skipped else [cold_start_s] * 3,
        "cosine_mean": None if skipped else cosine,
        "cosine_min": None if skipped else cosine,
        "batch_cosine_min": None if skipped else 1.0,
        "batch_bits_equal": None if skipped else bits,
        "versions": {"torch": "2.13.0"},
    }


def peers(ours: float = 1000.0) -> dict[str, object]:
    return {
        **HOW,
        "seconds": 5.0,
        "peers": {
            "vecd": peer(0.99, bits=True, cold_start_s=0.5),
            "gunicorn-st": peer(1.0, bits=False, cold_start_s=0.4),
            "infinity-torch": peer(0, bits=False, cold_start_s=0, skipped="no wheel | for this Python"),
        },
        "rows": {
            "1 text, 1 connection": {"vecd": load(100.0), "gunicorn-st": load(125.0, p50_ms=4.0)},
            "1 text, 16 connections": {"vecd": load(ours), "gunicorn-st": load(500.0)},
            "32 texts, 16 connections": {"vecd": load(300.0), "gunicorn-st": load(301.0)},
        },
        "goals": {
            "faster than gunicorn-st": {"goal": 5.0, "value": 2.0, "met": False},
            "faster on a GPU": {"goal": 2.0, "value": None, "met": None},
        },
    }


def kernels(ratio: float = 1.5, noise: float = 0.02) -> dict[str, object]:
    pairs = ("vecd-int8/stock-int8", "vecd-int8/stock-fp32", "vecd-int8/openvino-int8")
    return {
        **HOW,
        "model": "all-MiniLM-L6-v2",
        "ratios": {
            pairs[0]: {"1x16": ratio, "32x16": 0.8},
            pairs[1]: dict.fromkeys(SHAPES, 2.5),
            pairs[2]: dict.fromkeys(SHAPES, 1.25),
        },
        "noise": {pair: dict.fromkeys(SHAPES, noise) for pair in pairs},
        "ms": {"vecd-int8": {"1x16": 2.0, "32x16": 41.0}, "stock-int8": {"1x16": 3.0, "32x16": 32.8}},
        "ratios_all_cores": {pairs[0]: {"1x16": 1.0, "32x16": 0.5}},
        "noise_all_cores": {pairs[0]: dict.fromkeys(SHAPES, noise)},
        "ms_all_cores": {"vecd-int8": {"1x16": 2.0, "32x16": 30.0}, "stock-int8": {"1x16": 2.0, "32x16": 15.0}},
        "peak": {"tops": 0.44, "tops_by_matmul": {"matmul-512x384x1536": 0.44}},
        "peak_fraction": {"1x16": 0.4, "32x16": 0.75},
        "operators": {
            shape: {
                "MatMulInteger": {"ms": 1.5, "share": 0.985, "nodes": 36},
                "Slice": {"ms": 0.01, "share": 0.006, "nodes": 2},
                "Cast": {"ms": 0.01, "share": 0.006, "nodes": 1},
            }
            for shape in SHAPES
        },
        "variants": {"vecd-int8": "int8-fused", "vecd-int8-portable": "int8"},
        "skipped": {"something": "it was left out"},
        "stock_versions": {"torch": "2.13.0"},
        "openvino_versions": {"openvino": "2026.4.1"},
        "openvino_precision": {"openvino-int8": "bf16"},
    }


def fidelity() -> dict[str, object]:
    return {
        **HOW,
        "variant": "int8",
        "texts": 3000,
        "cosine_mean": 0.9983,
        "cosine_min": 0.991,
        "spearman_fp32": 0.8672,
        "spearman_served": 0.8667,
        "sets": {
            name: {
                "texts": texts,
                "spearman_fp32": 0.8672,
                "variants": {
                    "int8": {"spearman": 0.8667, "cosine_mean": 0.9983, "cosine_min": 0.991},
                    "other": {"spearman": 0.86, "cosine_mean": 0.99, "cosine_min": 0.9},
                },
            }
            for name, texts in (("dev", 3000), ("test", 2758))
        },
        "refused": {"int8-fused": "no library"},
        "batch_invariance": {
            "texts": 500,
            "batches": 200,
            "rows_compared": 6866,
            "rows_different": 0,
            "ways": {"all_cores": {"rows_compared": 6866, "rows_different": 0}},
        },
    }


def ragged() -> dict[str, object]:
    ways = ("ragged", "padded", "sorted")
    return {
        **HOW,
        "variant": "int8-fused",
        "texts": 3000,
        "tokens": 48709,
        "batch_texts": 64,
        "max_tokens_per_run": 256,
        "runs": dict(zip(ways, (219, 369, 218), strict=True)),
        "computed_tokens": dict(zip(ways, (48709, 84888, 48709), strict=True)),
        "rounds_tokens_per_s": dict(zip(ways, ([20000.0, 21000.0], [12000.0] * 2, [20000.0] * 2), strict=True)),
        "ratios": {"ragged/padded": 1.75, "ragged/sorted": 1.0},
        "noise": {"ragged/padded": 0.1, "ragged/sorted": 0.02},
        "lone_ms": {"one": {"16": 0.5, "256": 20.0}, "all": {"16": 0.5, "256": 11.0}},
        "all_cores_time_share": {"16": 1.0, "256": 0.55},
        "all_cores_time_share_noise": {"16": 0.2, "256": 0.04},
    }


def batching() -> dict[str, object]:
    figures = {"tokens_per_s": 9000.0, "padding_share": 0.25, "runs": 12, "p50_ms": 3.5}
    return {**HOW, "traces": {"steady": {"equal length": figures, "padded": figures}}, "ratios": {"steady": 1.25}}


def scale() -> dict[str, object]:
    return {
        **HOW,
        "tokens_per_run": {"16": {"64": 8000.0, "128": 9000.0}},
        "lone_text_ms": {"one": {"256": 40.0}, "all": {"256": 25.0}},
        "side_by_side": {"1": [1.0, 1.5, 2.0]},
    }


def mixed() -> dict[str, object]:
    padding = {
        "tokens_per_s": {"vecd": [200.0], "fifo": [100.0]},
        "padding_share": {"vecd": 0.0, "fifo": 0.5},
        "ratios": {"vecd/fifo": 2.0},
    }
    return {**HOW, "padding": padding, "company": {"of_allowed": 0.75, "errors": {}}}


def overload() -> dict[str, object]:
    statuses = {"200": 1428, "429": 318}
    how = {name: value for name, value in HOW.items() if name != "rounds"}
    return {**how, "seconds": 60.0, "flags": {"--times": "2"}, "statuses": statuses, "other_errors": {}}


def soak() -> dict[str, object]:
    vitals = {"rss_mb": {"start": 170.0, "end": 171.0}, "threads": {"start": 6, "end": 6}}
    return {**HOW, "vitals": vitals, "gauges": {"vecd_queue_texts": {"start": None, "end": 0.0}}, "same_bits": True}


def door() -> dict[str, object]:
    return {
        **HOW,
        "seconds": 3.0,
        "connections": 16,
        "doors": {"vecd-guarded": load(6500.0), "vecd-open": load(8000.0), "raw-asgi": load(26000.0)},
        "dialects": {"openai": load(5200.0)},
        "goals": {"requests/s of a cached text": {"goal": 7000.0, "value": 6500.0, "met": False}},
    }


def retrieval(hybrid: float = 0.7031) -> dict[str, object]:
    ndcg = {"exact fp32": 0.5021, "bm25s": 0.4512, "vecd vector, whole documents": 0.5011, HYBRID: hybrid}
    quality = {row: {"ndcg_at_10": value, "recall_at_100": 0.875, "mrr_at_10": 0.6125} for row, value in ndcg.items()}
    pets = {
        "documents": 1398,
        "queries": 225,
        "documents_left_out": 2,
        "queries_left_out": 3,
        "quality": quality,
        "search_ms": {HYBRID: {"p50": 12.5, "p99": 31.0}},
        "documents_per_s": {"whole documents": 73.5},
    }
    goals = {"hybrid less the weighted sum, at least": {"goal": -0.005, "value": -0.0071, "met": False}}
    how = {name: value for name, value in HOW.items() if name != "rounds"}
    return {
        **how,
        "collections": {"pets": pets, "plants": pets},
        "mean": quality,
        "goals": goals,
        "bm25_versions": {"bm25s": "0.3.16", "pystemmer": "3.1.0"},
    }


def index(recall: float = 0.995) -> dict[str, object]:
    """Return two sizes of an index, of which the second finds this much under a filter."""
    ms = {"p50": 1.5, "p99": 3.0}
    size = {"search_ms": ms, "written_per_s": 700.0, "viewed_per_s": 650.0, "memory_mb": 15.0, "database_mb": 26.0}
    filtered = {"10%": {"recall_at_10": recall, "p50_ms": 2.0, "p99_ms": 4.0}}
    more = {"filtered": filtered, "hybrid_ms": ms, "text_ms": ms, "settled_s": 2.0, "width": 128}
    large = {**size, **more, "recall_at_10": 0.995}
    start = {"restart_s": 0.8, "restart_pending": 0, "rss_mb": 350.0, "rss_mb_model": 190.0}
    return {
        **HOW,
        "documents": 10_000,
        "queries": 500,
        "recall_at_10": 0.995,
        "search_ms": ms,
        "filtered": filtered,
        "hybrid_ms": ms,
        "text_ms": ms,
        "ingest_search_ms": ms,
        "ingest_beside_searches_per_s": 900.0,
        **start,
        "sizes": {"1000": {**size, "recall_at_10": 1.0}, "10000": large},
    }


def lone_load(slower: float, connections: int = 1) -> dict[str, object]:
    """Return a load that takes so many times what it takes the bare loop."""
    per_s = [100 / slower * factor for factor in (0.995, 1.0, 1.005)]
    latency = {"p50": 2.0 * slower, "p99": 9.0, "p99.9": 12.0}
    speed = {"requests": 100, "requests_per_s": per_s[1], "texts_per_s": per_s[1], "tokens_per_s": 12 * per_s[1]}
    return {
        **HOW,
        "server": "vecd",
        "dialect": "native",
        "load": {"profile": "short", "connections": connections, "seed": 20},
        "result": {
            "figures": {"seconds": 1.0, "errors": {}, "latency_ms": latency, "most_late_ms": 0.1, **speed},
            "usage": {"rss_mb": 200.0, "server_cores": 0.9, "generator_cores": 0.1},
        },
        "rounds_texts_per_s": per_s,
        "rounds_p50_ms": [2.0 * slower] * 3,
        "rounds_errors": [0] * 3,
        "of_raw_batch1": None,
        "of_raw_best": None,
        "p50_over_raw_ms": None,
        "raw": None,
        "cold_start_s": 1.0,
        "bare": {
            "threads": 0,
            "requests_per_s": [100.0] * 3,
            "p50_ms": [2.0] * 3,
            "errors": [0] * 3,
            "requests_per_s_of_bare": [one / 100 for one in per_s],
            "p50_of_bare": [slower] * 3,
        },
        "goals": {"p50 against the bare loop": {"goal": 0.8, "value": 1 / slower, "met": slower <= 1.25}},
    }


def write_results(folder: Path, **kinds: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, figures in kinds.items():
        (folder / f"{kind}-box.json").write_bytes(msgspec.json.encode(figures))
    return folder


def write_all(folder: Path) -> Path:
    return write_results(
        folder,
        peers=peers(),
        kernels=kernels(),
        fidelity=fidelity(),
        ragged=ragged(),
        batching=batching(),
        scale=scale(),
        load={**HOW, "closed": {"p50_ms": 2.0}},
        mixed=mixed(),
        overload=overload(),
        soak=soak(),
        door=door(),
        retrieval=retrieval(),
        index=index(),
    )
