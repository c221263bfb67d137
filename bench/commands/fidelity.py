"""`bench fidelity`: how true the embeddings are that the server's engine gives, and whether a batch changes them.

In: the STS benchmark's dev and test sets. Out: cosine to the artifact's fp32 graph and Spearman with people's scores,
of every variant; and whether a text alone, in any batch, by one thread and on all cores has the same bits.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from bench.artifacts import Artifact, open_artifact
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.graphs.invariance import Invariance, check_invariance
from bench.progress import open_bar
from bench.workload.sts import FILES, Pair, read_pairs
from models import Variant
from server import MEMORY, Daemon, Demand, Engine, ServerError, Settings, build_daemon

TEXTS_PER_REQUEST = 64

Rows = NDArray[np.float32]
Item = TypeVar("Item")
Sets = dict[str, Item]  # by the benchmark's set


class VariantFidelity(msgspec.Struct, frozen=True):
    """How a variant's embeddings of a set relate to fp32's, and to people's scores."""

    spearman: float
    cosine_mean: float
    cosine_min: float


class SetFidelity(msgspec.Struct, frozen=True):
    """A set of the benchmark: its texts, fp32's rank correlation with people, and each other variant's fidelity."""

    texts: int
    spearman_fp32: float
    variants: dict[str, VariantFidelity]


class FidelityFigures(Origin, frozen=True, kw_only=True):
    """What is served against fp32 on the dev set, and in `sets` every variant on dev and test.

    `variant` is what the server chose; in `sets` its figures are those of what it serves, the others' those of each
    text run alone. `spearman_int8` is null where the self-check has refused int8, `refused` says which variant cannot
    run here and why.
    """

    variant: str
    texts: int
    cosine_mean: float
    cosine_min: float
    spearman_fp32: float
    spearman_served: float
    spearman_int8: float | None
    sets: dict[str, SetFidelity]
    refused: dict[str, str]
    batch_bits_equal: bool
    batch_invariance: Invariance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --data."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help=f"folder with {' and '.join(FILES.values())}"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Embed every sentence of both sets with the engine and with every variant, then compare."""
    pairs = {name: read_pairs(options.data, name) for name in FILES}
    texts = {name: [pair.first for pair in found] + [pair.second for pair in found] for name, found in pairs.items()}
    artifact = open_artifact(options.models, options.model)
    reference = _embed_alone(artifact, artifact.fp32(), "cpu", texts)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    chosen = daemon.chosen.variant
    served, invariance = asyncio.run(_measure_engine(daemon, artifact, texts, options.seed))
    others, refused = _embed_others(artifact, chosen, options.provider, texts)
    rows = {chosen.name: served} | others
    sets = {
        name: SetFidelity(
            len(texts[name]),
            spearman_with_people(found, reference[name]),
            {variant: compare(found, embedded[name], reference[name]) for variant, embedded in rows.items()},
        )
        for name, found in pairs.items()
    }
    dev = sets["dev"].variants[chosen.name]
    figures = FidelityFigures(
        **origin_fields(options),
        variant=chosen.name,
        texts=sets["dev"].texts,
        cosine_mean=dev.cosine_mean,
        cosine_min=dev.cosine_min,
        spearman_fp32=sets["dev"].spearman_fp32,
        spearman_served=dev.spearman,
        spearman_int8=dev.spearman if chosen.precision == "int8" else None,
        sets=sets,
        refused=refused,
        batch_bits_equal=invariance.rows_different == 0,
        batch_invariance=invariance,
    )
    return Outcome(figures, _table(figures))


def compare(pairs: Sequence[Pair], rows: Rows, reference: Rows) -> VariantFidelity:
    """Compare a variant's rows (2 * pairs, ndim) with fp32's and with people's scores."""
    cosines = row_cosines(rows, reference)
    return VariantFidelity(spearman_with_people(pairs, rows), float(cosines.mean()), float(cosines.min()))


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


def _embed_others(
    artifact: Artifact, chosen: Variant, provider: str, texts: Sets[list[str]]
) -> tuple[dict[str, Sets[Rows]], dict[str, str]]:
    """Return the rows of every variant but fp32 and the chosen one, and why a variant has none."""
    rows, refused = {}, {}
    for variant in artifact.variants(provider):
        if variant.name != chosen.name and variant.precision != "fp32":
            try:
                rows[variant.name] = _embed_alone(artifact, variant, provider, texts)
            except ServerError as error:
                refused[variant.name] = str(error)
    return rows, refused


def _embed_alone(artifact: Artifact, variant: Variant, provider: str, texts: Sets[list[str]]) -> Sets[Rows]:
    session, tokenizer = artifact.open_session(variant, provider), artifact.tokenizer()
    rows: Sets[list[Rows]] = {name: [] for name in texts}
    with open_bar(variant.name, sum(map(len, texts.values())), "texts") as bar:
        for name, found in texts.items():
            for text in found:
                rows[name].append(session.run([tokenizer.encode(text).ids], "sentence_embedding")[0])
                bar.update()
    return {name: np.stack(found) for name, found in rows.items()}


async def _measure_engine(
    daemon: Daemon, artifact: Artifact, texts: Sets[list[str]], seed: int
) -> tuple[Sets[Rows], Invariance]:
    daemon.engine.start()
    try:
        served = {name: await _embed_served(daemon.engine, found) for name, found in texts.items()}
        return served, await check_invariance(daemon, artifact.tokenizer(), texts["dev"], seed)
    finally:
        daemon.engine.close()


async def _embed_served(engine: Engine, texts: list[str]) -> Rows:
    parts = []
    with open_bar("served", len(texts), "texts") as bar:
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            request = texts[start : start + TEXTS_PER_REQUEST]
            parts.append((await engine.embed(request, Demand(cache=False))).rows)
            bar.update(len(request))
    return np.concatenate(parts)


def _table(figures: FidelityFigures) -> list[str]:
    rows = [(figures.model, "texts", "cosine to fp32, mean", "least", "Spearman with people")]
    for name, one in figures.sets.items():
        rows.append((f"{name}, fp32", str(one.texts), "1", "1", f"{one.spearman_fp32:.4f}"))
        for variant, found in one.variants.items():
            cosines = f"{found.cosine_mean:.4f}", f"{found.cosine_min:.4f}"
            rows.append((f"{name}, {variant}", str(one.texts), *cosines, f"{found.spearman:.4f}"))
    invariance = figures.batch_invariance
    bits = [("rows compared with each text alone", "compared", "of other bits")]
    bits += [(way, str(one.rows_compared), str(one.rows_different)) for way, one in invariance.ways.items()]
    return [*align(rows), *align(bits), *(f"{name} cannot run here: {why}" for name, why in figures.refused.items())]
