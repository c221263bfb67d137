"""`bench fidelity`: how true the embeddings are that the server's engine gives, and whether a batch changes them.

In: the STS benchmark's dev set. Out: cosine to the artifact's fp32 graph, Spearman with people's scores for both, and
whether a text alone, in any batch and on all cores has the same bits.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from bench.artifacts import Artifact, open_artifact
from bench.invariance import Invariance, check_invariance
from bench.origin import Origin, origin_fields
from bench.progress import open_bar
from bench.results import Outcome, align
from bench.sts import Pair, read_pairs
from server import Daemon, Engine, Settings, build_daemon

TEXTS_PER_REQUEST = 64

Rows = NDArray[np.float32]


class FidelityFigures(Origin, frozen=True, kw_only=True):
    """Cosines of what is served with fp32. `spearman_int8` is null where the self-check has refused int8."""

    variant: str
    texts: int
    cosine_mean: float
    cosine_min: float
    spearman_fp32: float
    spearman_served: float
    spearman_int8: float | None
    batch_bits_equal: bool
    batch_invariance: Invariance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --data."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder of the STS benchmark, with stsb-en-dev.csv"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Embed every sentence of the dev set with the engine and with fp32, then compare."""
    pairs = read_pairs(options.data)
    texts = [pair.first for pair in pairs] + [pair.second for pair in pairs]
    artifact = open_artifact(options.models, options.model)
    reference = _embed_fp32(artifact, texts)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0)
    )
    served, invariance = asyncio.run(_measure_engine(daemon, artifact, texts, options.seed))

    cosines = row_cosines(served, reference)
    spearman = spearman_with_people(pairs, served)
    variant = daemon.chosen.variant
    figures = FidelityFigures(
        **origin_fields(options),
        variant=variant.name,
        texts=len(texts),
        cosine_mean=float(cosines.mean()),
        cosine_min=float(cosines.min()),
        spearman_fp32=spearman_with_people(pairs, reference),
        spearman_served=spearman,
        spearman_int8=spearman if variant.precision == "int8" else None,
        batch_bits_equal=invariance.rows_different == 0,
        batch_invariance=invariance,
    )
    return Outcome(figures, _table(figures))


def row_cosines(rows: Rows, others: Rows) -> NDArray[np.float64]:
    """Return the cosine of each row with the other's same row: (texts, ndim) twice in, (texts,) out."""
    a, b = rows.astype(np.float64), others.astype(np.float64)
    products = np.einsum("ij,ij->i", a, b)
    return np.asarray(products / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))


def spearman_with_people(pairs: Sequence[Pair], rows: Rows) -> float:
    """Return Spearman's rank correlation of the pairs' cosines with their scores.

    `rows` holds the embeddings of all first sentences, then of all second ones: (2 * pairs, ndim).
    """
    cosines = row_cosines(rows[: len(pairs)], rows[len(pairs) :])
    return float(spearmanr(cosines, [pair.score for pair in pairs]).statistic)


def _embed_fp32(artifact: Artifact, texts: list[str]) -> Rows:
    session, tokenizer = artifact.open_session(artifact.fp32()), artifact.tokenizer()
    rows = []
    with open_bar("fp32", len(texts), "texts") as bar:
        for text in texts:
            rows.append(session.run([tokenizer.encode(text).ids], "sentence_embedding")[0])
            bar.update()
    return np.stack(rows)


async def _measure_engine(daemon: Daemon, artifact: Artifact, texts: list[str], seed: int) -> tuple[Rows, Invariance]:
    daemon.engine.start()
    try:
        served = await _embed_served(daemon.engine, texts)
        return served, await check_invariance(daemon, artifact.tokenizer(), texts, seed)
    finally:
        daemon.engine.close()


async def _embed_served(engine: Engine, texts: list[str]) -> Rows:
    parts = []
    with open_bar("served", len(texts), "texts") as bar:
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            request = texts[start : start + TEXTS_PER_REQUEST]
            parts.append((await engine.embed(request, cache=False)).rows)
            bar.update(len(request))
    return np.concatenate(parts)


def _table(figures: FidelityFigures) -> list[str]:
    invariance = figures.batch_invariance
    rows = [
        (f"{figures.model}, {figures.texts} texts", "fp32", figures.variant),
        ("cosine to fp32, mean", "1", f"{figures.cosine_mean:.4f}"),
        ("cosine to fp32, least", "1", f"{figures.cosine_min:.4f}"),
        ("Spearman with people", f"{figures.spearman_fp32:.4f}", f"{figures.spearman_served:.4f}"),
        (
            f"rows of other bits, of {invariance.rows_compared} in batches and on all cores",
            "",
            str(invariance.rows_different),
        ),
    ]
    return align(rows)
