"""Vectors of this model that another variant of it computed, as the first lines tell of them."""

from collections.abc import Iterator, Mapping

from server.contract.facts import Variant

# Of all-MiniLM-L6-v2, over 2,358 abstracts and 335 joined sentences of 64 tokens and more: docs/decisions/0026.
COSINE_MEAN, COSINE_LEAST = 0.9995, 0.9985
MEND = "they are searched all the same; python -m index reindex computes them anew"


def told_of(others: Mapping[str, Mapping[str, int]], variant: Variant) -> Iterator[str]:
    """Yield what is said of each collection; `others` are their vectors by the variant that computed them.

    An earlier version's are told from none of the present ones, since its operators had other bytes.
    """
    for collection, counts in others.items():
        unknown = sum(count for name, count in counts.items() if name not in variant.others)
        known = {variant.others[name]: count for name, count in counts.items() if name in variant.others}
        for attention, count in known.items():
            yield (
                f"{collection}: {vectors(count)} with attention in {attention}, here it is {variant.attention}, which "
                f"makes no difference to short texts and a cosine of {COSINE_MEAN} in the mean and {COSINE_LEAST} at "
                f"least between two vectors of one long text of all-MiniLM-L6-v2; {MEND}"
            )
        if unknown:
            yield f"{collection}: {vectors(unknown)} of another variant or version; {MEND}"


def vectors(count: int) -> str:
    return f"{count:,} vector{'s' if count != 1 else ''}"
