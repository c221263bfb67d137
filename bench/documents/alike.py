"""Makes some of the rows of a corpus equal, or nearly so, as boilerplate and templates are."""

import numpy as np

from bench.artifacts import Rows
from bench.documents.corpus import unit

ORIGINALS = 20
LEAST_COSINE, MOST_COSINE = 0.95, 0.999  # of a row to the template it is made of


def copy_exactly(originals: Rows, _: np.random.Generator) -> Rows:
    return originals


def fill_templates(originals: Rows, rng: np.random.Generator) -> Rows:
    """Return rows whose cosine with the original is evenly spread over the bounds, moved in any direction."""
    directions = rng.normal(size=originals.shape)
    directions -= np.sum(directions * originals, axis=1, keepdims=True) * originals
    noise = unit(np.asarray(directions, np.float32))
    cosines = rng.uniform(LEAST_COSINE, MOST_COSINE, (len(originals), 1)).astype(np.float32)
    return unit(np.asarray(cosines * originals + np.sqrt(1 - cosines**2) * noise, np.float32))


KINDS = {"exact": copy_exactly, "templated": fill_templates}


def make_alike(rows: Rows, share: float, kind: str, seed: int) -> None:
    """Put rows made of ORIGINALS of them in the place of this share of the rows."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(rows))[: round(share * len(rows))]
    originals = rows[rng.choice(len(rows), ORIGINALS, replace=False)]
    rows[chosen] = KINDS[kind](originals[rng.integers(0, ORIGINALS, len(chosen))], rng)


def parse_shares(given: str) -> tuple[float, ...]:
    """Read shares between 0 and 1 with commas between them, as an argparse type."""
    shares = tuple(float(share) for share in given.split(","))
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError
    return shares


def parse_kinds(given: str) -> tuple[str, ...]:
    """Read names of KINDS with commas between them, as an argparse type."""
    kinds = tuple(given.split(","))
    if not KINDS.keys() >= set(kinds):
        raise ValueError
    return kinds
