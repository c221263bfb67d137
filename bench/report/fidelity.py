"""The page's part on fidelity: every variant on every set of the benchmark, and what a batch changes."""

from bench.figures.fidelity import FidelityFigures, SetFidelity, VariantFidelity
from bench.report.markdown import cosine, table, yes_no

WAYS = {
    "served": "in other batches, as served",
    "one_thread": "alone, in batches and all together, by one thread",
    "all_cores": "alone, in batches and all together, on all cores",
}


def render_fidelity(result: FidelityFigures) -> list[str]:
    """Return one file's tables."""
    sets = result.sets or {"dev": _dev(result)}
    lines = [line for name, found in sets.items() for line in _set(name, found)]
    lines += [line for name, why in result.refused.items() for line in (f"{name} could not run: {why}.", "")]
    return [*lines, *_bits(result)]


def _dev(result: FidelityFigures) -> SetFidelity:
    """Return the figures of the dev set alone, which are all that a file may have."""
    served = VariantFidelity(result.spearman_served, result.cosine_mean, result.cosine_min)
    return SetFidelity(result.texts, result.spearman_fp32, {result.variant: served})


def _set(name: str, found: SetFidelity) -> list[str]:
    variants = found.variants.values()
    rows = [
        ["cosine to fp32, mean", "1", *(cosine(one.cosine_mean) for one in variants)],
        ["cosine to fp32, least", "1", *(cosine(one.cosine_min) for one in variants)],
        ["Spearman with people's scores", cosine(found.spearman_fp32), *(cosine(one.spearman) for one in variants)],
    ]
    return table([f"{name} set, {found.texts:,} texts", "fp32", *found.variants], rows)


def _bits(result: FidelityFigures) -> list[str]:
    all_rows = result.batch_invariance
    rows = [
        [WAYS.get(way, way), f"{one.rows_compared:,}", f"{one.rows_different:,}", yes_no(one.rows_different == 0)]
        for way, one in all_rows.ways.items()
    ]
    cells = [f"{all_rows.rows_compared:,}", f"{all_rows.rows_different:,}", yes_no(all_rows.rows_different == 0)]
    rows.append(["altogether", *cells])
    return table([f"{result.variant} against the text alone", "rows", "of other bits", "same bits"], rows)
