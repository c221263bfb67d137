"""`bench fidelity`: how true the embeddings are that the server's engine gives, and whether a batch changes them.

In: the STS benchmark's dev and test sets. Out: cosine to the artifact's fp32 graph and Spearman with people's scores,
of every variant; and whether a text alone, in any batch, by one thread and on all cores has the same bits.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.stats import spearmanr

from bench.artifacts import OUTPUT, Artifact, LoadedModel, Rows, load_model, open_artifact
from bench.figures.fidelity import (
    FidelityFigures,
    Invariance,
    SetFidelity,
    VariantFidelity,
    render_table,
    row_cosines,
)
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.graphs.invariance import check_invariance
from bench.progress import open_bar
from bench.workload.sts import FILES, Pair, read_pairs
from models import Variant
from server.contract.errors import ServerError

TEXTS_PER_REQUEST = 64

Item = TypeVar("Item")
Sets = dict[str, Item]  # by the benchmark's set


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help=f"folder with {' and '.join(FILES.values())}"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Embed every sentence of both sets with the engine and with every variant, then compare."""
    pairs = {name: read_pairs(options.data, name) for name in FILES}
    texts = {name: [pair.first for pair in found] + [pair.second for pair in found] for name, found in pairs.items()}
    artifact = open_artifact(options.models, options.model)
    reference = _embed_alone(artifact, artifact.fp32(), "cpu", texts)
    model = load_model(options.models, options.model, options.provider)
    served, invariance = asyncio.run(_measure_engine(model, artifact, texts, options.seed))
    others, refused = _embed_others(artifact, model.variant, options.provider, texts)
    sets = compare_sets(pairs, {model.variant.name: served} | others, reference)
    figures = FidelityFigures(
        **origin_fields(options),
        **_dev_fields(sets["dev"], model.variant),
        sets=sets,
        refused=refused,
        batch_bits_equal=invariance.rows_different == 0,
        batch_invariance=invariance,
    )
    return Outcome(figures, render_table(figures))


def compare_sets(
    pairs: Sets[list[Pair]], rows: Mapping[str, Sets[Rows]], reference: Sets[Rows]
) -> dict[str, SetFidelity]:
    """Compare the rows of every variant with fp32's and with people's scores, set by set."""
    return {
        name: SetFidelity(
            len(reference[name]),
            spearman_with_people(found, reference[name]),
            {variant: compare(found, embedded[name], reference[name]) for variant, embedded in rows.items()},
        )
        for name, found in pairs.items()
    }


def compare(pairs: Sequence[Pair], rows: Rows, reference: Rows) -> VariantFidelity:
    """Compare a variant's rows (2 * pairs, ndim) with fp32's and with people's scores."""
    cosines = row_cosines(rows, reference)
    return VariantFidelity(spearman_with_people(pairs, rows), float(cosines.mean()), float(cosines.min()))


def spearman_with_people(pairs: Sequence[Pair], rows: Rows) -> float:
    """Return Spearman's rank correlation of the pairs' cosines with their scores.

    `rows` holds the embeddings of all first sentences, then of all second ones: (2 * pairs, ndim).
    """
    cosines = row_cosines(rows[: len(pairs)], rows[len(pairs) :])
    return float(spearmanr(cosines, [pair.score for pair in pairs]).statistic)


def _dev_fields(dev: SetFidelity, chosen: Variant) -> dict[str, Any]:
    """Return the fields of FidelityFigures that are of the dev set and of what is served."""
    served = dev.variants[chosen.name]
    return {
        "variant": chosen.name,
        "texts": dev.texts,
        "cosine_mean": served.cosine_mean,
        "cosine_min": served.cosine_min,
        "spearman_fp32": dev.spearman_fp32,
        "spearman_served": served.spearman,
        "spearman_int8": served.spearman if chosen.precision == "int8" else None,
    }


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
                rows[name].append(session.run([tokenizer.encode(text).ids], OUTPUT)[0])
                bar.update()
    return {name: np.stack(found) for name, found in rows.items()}


async def _measure_engine(
    model: LoadedModel, artifact: Artifact, texts: Sets[list[str]], seed: int
) -> tuple[Sets[Rows], Invariance]:
    with model.running():
        served = {name: await _embed_served(model, found) for name, found in texts.items()}
        return served, await check_invariance(model, artifact.tokenizer(), texts["dev"], seed)


async def _embed_served(model: LoadedModel, texts: list[str]) -> Rows:
    parts = []
    with open_bar("served", len(texts), "texts") as bar:
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            request = texts[start : start + TEXTS_PER_REQUEST]
            parts.append((await model.embed(request)).rows)
            bar.update(len(request))
    return np.concatenate(parts)
