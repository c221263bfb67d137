"""The figures of `bench fidelity`, their table, and how rows of embeddings are compared."""

import msgspec
import numpy as np
from msgspec import field
from numpy.typing import NDArray

from bench.artifacts import Rows
from bench.figures.origin import Origin
from bench.figures.outcomes import align


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


class Compared(msgspec.Struct, frozen=True):
    """Rows compared with those of each text alone, and how many of them have other bits."""

    rows_compared: int
    rows_different: int


class Invariance(msgspec.Struct, frozen=True):
    """The texts, the batches that they were in, and the rows compared: altogether, and by way of computing.

    `ways`: `served` by the engine, and straight through the session by `one_thread` and on `all_cores`.
    """

    texts: int
    batches: int
    rows_compared: int
    rows_different: int
    ways: dict[str, Compared] = {}


class FidelityFigures(Origin, frozen=True, kw_only=True):
    """What is served against fp32 on the dev set, and in `sets` every variant on dev and test.

    `variant` is what the server chose; in `sets` its figures are those of what it serves, the others' those of each
    text run alone. `spearman_int8` is None where the self-check has refused int8, `refused` says which variant cannot
    run here and why.
    """

    variant: str
    texts: int
    cosine_mean: float
    cosine_min: float
    spearman_fp32: float
    spearman_served: float
    spearman_int8: float | None = None
    sets: dict[str, SetFidelity] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    batch_bits_equal: bool | None = None
    batch_invariance: Invariance


def row_cosines(rows: Rows, others: Rows) -> NDArray[np.float64]:
    """Return the cosine of each row with the same row of the other array: (texts, ndim) twice in, (texts,) out."""
    a, b = rows.astype(np.float64), others.astype(np.float64)
    products = np.einsum("ij,ij->i", a, b)
    return np.asarray(products / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))


def render_table(figures: FidelityFigures) -> list[str]:
    rows = [(str(figures.model), "texts", "cosine to fp32, mean", "least", "Spearman with people")]
    for name, one in figures.sets.items():
        rows.append((f"{name}, fp32", str(one.texts), "1", "1", f"{one.spearman_fp32:.4f}"))
        for variant, found in one.variants.items():
            cosines = f"{found.cosine_mean:.4f}", f"{found.cosine_min:.4f}"
            rows.append((f"{name}, {variant}", str(one.texts), *cosines, f"{found.spearman:.4f}"))
    bits = [("rows compared with each text alone", "compared", "of other bits")]
    bits += [
        (way, str(one.rows_compared), str(one.rows_different)) for way, one in figures.batch_invariance.ways.items()
    ]
    return [*align(rows), *align(bits), *(f"{name} cannot run here: {why}" for name, why in figures.refused.items())]
