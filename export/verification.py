"""Decides whether what was built may be written: measures, and refuses what misses its bar.

Checks the fp32 graph against a plain numpy encoder on the golden probes, and every variant against the fp32 graph on
texts that calibration never saw.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from export.errors import ExportError
from export.runner import GraphRunner
from models import Fidelity

# A sound graph differs from float64 by 1e-6; a wrong epsilon, Gelu or axis by more than 1e-4.
REFERENCE_DIFFERENCE = 1e-5
# Sound static int8 gives 0.9965 and 0.977 on these texts, chosen to be hard; both bars leave it a little room.
INT8_COSINE_MEAN, INT8_COSINE_MIN = 0.9950, 0.9650


def check_reference(built: NDArray[np.float32], reference: NDArray[np.float64]) -> None:
    """Compare embeddings (texts, hidden) of the fp32 graph with the reference's.

    Raises:
        ExportError: they differ by more than rounding.
    """
    difference = float(np.abs(built - reference).max())
    if not difference <= REFERENCE_DIFFERENCE:
        message = f"the fp32 graph is wrong: it differs from the reference by {difference:.1e}"
        raise ExportError(f"{message}, {REFERENCE_DIFFERENCE:.0e} is allowed")


def measure_fidelity(
    runner: GraphRunner,
    reference: NDArray[np.float32],
    encodings: Sequence[list[int]],
    advance: Callable[[], object],
) -> Fidelity:
    """Return the cosine of the runner's embeddings with `reference` (texts, hidden), both of unit norm."""
    cosines = []
    for ids, expected in zip(encodings, reference, strict=True):
        cosines.append(float(runner.embed(ids) @ expected))
        advance()
    return Fidelity(len(cosines), float(np.mean(cosines)), float(np.min(cosines)))


def check_int8(fidelity: Fidelity) -> None:
    """Hold an int8 variant to its bar.

    Raises:
        ExportError: it is further from fp32 than the bar allows.
    """
    if not (fidelity.cosine_mean >= INT8_COSINE_MEAN and fidelity.cosine_min >= INT8_COSINE_MIN):
        message = (
            f"the int8 graph is not true enough to fp32: cosine mean {fidelity.cosine_mean:.4f}, "
            f"min {fidelity.cosine_min:.4f} over {fidelity.texts} texts; "
            f"at least {INT8_COSINE_MEAN} and {INT8_COSINE_MIN} are required"
        )
        raise ExportError(message)
