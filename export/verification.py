"""Measures what was built, and refuses a graph that misses its bar.

Checks the fp32 graph against a plain numpy encoder on the golden probes, and every variant against the fp32 graph on
texts that calibration does not hold; on the CPU also on every token of the vocabulary as a text of its own.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from export.errors import ExportError
from export.runner import GraphRunner
from models import Fidelity

# A sound graph differs from float64 by 1e-6; a wrong mask, epsilon, Gelu or axis by more than 1e-4.
REFERENCE_DIFFERENCE = 1e-5


class Reference(msgspec.Struct, frozen=True):
    """Token ids of one part of the corpus, and their fp32 embeddings (texts, hidden), of unit norm."""

    encodings: list[list[int]]
    rows: NDArray[np.float32]


class Bar(msgspec.Struct, frozen=True):
    """The least cosine with fp32 that is allowed: of the mean, and of each text."""

    cosine_mean: float
    cosine_min: float


# Sound graphs give 0.9987 and 0.992 on these texts, chosen to be hard, and with seven bits 0.9980 and 0.984.
INT8_BAR, REDUCED_BAR = Bar(0.9970, 0.9850), Bar(0.9950, 0.9700)
# Over every token as a text of its own, sound graphs give 0.9985 and 0.993, and with seven bits 0.9979 and 0.987.
VOCABULARY_BAR = Bar(0.9950, 0.9800)


def check_reference(name: str, built: NDArray[np.float32], reference: NDArray[np.floating]) -> None:
    """Compare a float32 graph's embeddings (texts, hidden) with those of the same encoder built in another way.

    Raises:
        ExportError: they differ by more than rounding.
    """
    difference = float(np.abs(built - reference).max())
    if not difference <= REFERENCE_DIFFERENCE:
        message = f"the {name} is wrong: in fp32 it differs from the reference by {difference:.1e}"
        raise ExportError(f"{message}, {REFERENCE_DIFFERENCE:.0e} is allowed")


def measure_fidelity(runner: GraphRunner, reference: Reference, advance: Callable[[], object]) -> Fidelity:
    """Return the cosine of the runner's embeddings with the reference's."""
    cosines = (runner.embed_all(reference.encodings, advance) * reference.rows).sum(axis=1, dtype=np.float64)
    return Fidelity(len(cosines), float(cosines.mean()), float(cosines.min()))


def least_of(found: Sequence[Fidelity]) -> Fidelity:
    """Return the least mean and the least cosine of several measurements over the same texts."""
    return Fidelity(found[0].texts, min(one.cosine_mean for one in found), min(one.cosine_min for one in found))


def check_fidelity(name: str, fidelity: Fidelity, bar: Bar) -> None:
    """Raise an ExportError if a variant is further from fp32 than the bar allows."""
    if not (fidelity.cosine_mean >= bar.cosine_mean and fidelity.cosine_min >= bar.cosine_min):
        message = (
            f"the {name} graph is not true enough to fp32: cosine mean {fidelity.cosine_mean:.4f}, "
            f"min {fidelity.cosine_min:.4f} over {fidelity.texts} texts; "
            f"at least {bar.cosine_mean} and {bar.cosine_min} are required"
        )
        raise ExportError(message)
