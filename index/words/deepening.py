"""Finds the best documents of the index of words that a transaction shows and a filter leaves.

Among what the index gives are documents that have gone since or that the filter does not leave. So more is asked for
until there is enough or nothing more; but where few documents match the filter, the index is asked for these alone.
"""

from collections.abc import Callable

import apsw
import msgspec
import numpy as np

from index.filters.selectivity import Cover, smallest_cover
from index.filters.tree import Condition
from index.store.interruption import checkpoint
from index.store.narrowing import FEW_PROBES, matching, narrowed
from index.words.bm25 import Weights
from index.words.presence import living
from index.words.reading import Reading
from index.words.sought import Sought
from index.words.ties import NONE, Best, Keys, descending, in_order

SPARE_ROWS = 16  # what is looked at beside what is wanted: some have gone since, some score the same
TIED_ROWS = 64  # what is asked for beside it; where the last ones are equal to more, deeper is looked for older ones
FILTERED_FACTOR = 8  # where there is a filter, so many times more
SHARE_FACTOR = 1.5  # or so many times more than its share of all documents says, where that is known
FIRST_PAGE, NEXT_PAGES = 2, 4  # of these so many times what is wanted is looked up together, and so many times more
DEEPER = 8  # and so many times more each time
MAX_TIED_ROWS = 1_000  # among more documents of one score than this, the older is not always first
MAX_ASKED_ROWS = 20_000  # beyond this, everything that holds a word is ranked
# A document that matches a filter is listed in 0.12 µs, and looked up in 3. Of a filter's documents so many are listed
# at most, and so many for each that would be looked up, or this share of all documents.
LISTED_ROWS, LISTED_A_PROBE, LISTED_SHARE = 20_000, 20, 0.02
NAMED_TOGETHER = 500  # documents in one query
# Microseconds of a document that is named to the index, of one that is ranked, and of each document that a word has,
# in an index of a million. What takes SURELY_US at most is not compared.
NAMED_US, HIT_US, POSTING_US, SURELY_US = 4.0, 0.8, 0.03, 400.0

Left = Callable[[Best], Best]


class Asked(msgspec.Struct, frozen=True, eq=False):
    """What is sought in the index within one transaction, and how many documents are wanted."""

    connection: apsw.Connection
    reading: Reading
    sought: Sought
    weights: Weights
    condition: Condition | None
    wanted: int


class Plan(msgspec.Struct, frozen=True, eq=False):
    """How the best documents are looked for: down to a depth at first, of which `left` stay.

    `listed` are the documents that match, where these are few; with `depth` 0 the index is asked for them alone.
    """

    asked: Asked
    depth: int
    left: Left
    listed: Keys | None = None

    def begin(self) -> Best:
        """Ask the index for the first time, which reads nothing of the transaction: any thread may do it."""
        if self.listed is not None and not self.depth:
            return named(self.asked, self.listed)
        return self.asked.reading.best(self.asked.sought, self.asked.weights, self.depth)


def planned(asked: Asked) -> Plan:
    """Return how to look for the best documents, which the filter decides."""
    enough = asked.wanted + SPARE_ROWS
    if asked.condition is None:
        return Plan(asked, asked.wanted + TIED_ROWS, lambda best: those_there(asked, best))
    probes = FILTERED_FACTOR * enough
    few = min(LISTED_ROWS, max(LISTED_A_PROBE * probes, int(LISTED_SHARE * asked.reading.documents)))
    cover = smallest_cover(asked.connection, asked.condition, few + 1)
    if cover is None or cover.rows > few:
        return Plan(asked, probes, lambda best: those_left(asked, best, cover))
    keys = matching(asked.connection, asked.condition, cover)
    depth = int(SHARE_FACTOR * enough * asked.reading.documents / max(1, len(keys)))
    depth = 0 if is_quicker_named(asked, len(keys), depth) else depth
    return Plan(asked, depth, lambda best: best.among(keys), keys)


def finished(plan: Plan, best: Best) -> Best:
    """Return so many of the best documents as are wanted, of equal scores the older first.

    `best` is what the plan began with; more is asked for as long as that was not enough.
    """
    asked, depth = plan.asked, plan.depth
    while depth:
        whole = len(best) < depth
        sure = best if whole or depth > MAX_TIED_ROWS else best.above_the_last()
        kept = plan.left(in_order(sure))
        if whole or len(kept) >= asked.wanted:
            return kept.at(slice(asked.wanted))
        depth = deeper(plan, depth, len(kept))
        checkpoint()
        if depth:
            best = asked.reading.best(asked.sought, asked.weights, depth)
        elif plan.listed is not None:
            best = named(asked, plan.listed)
    return in_order(best).at(slice(asked.wanted))


def deeper(plan: Plan, depth: int, kept: int) -> int:
    """Return how deep to look next, where so many were left of this depth; 0 to ask for those listed alone."""
    depth *= max(DEEPER, 2 * plan.asked.wanted // (kept + 1))
    if depth > MAX_ASKED_ROWS:
        depth = plan.asked.reading.documents + 1
    return 0 if plan.listed is not None and is_quicker_named(plan.asked, len(plan.listed), depth) else depth


def is_quicker_named(asked: Asked, count: int, depth: int) -> bool:
    """Say whether naming so many documents to the index takes less time than ranking down to a depth."""
    postings = sum(map(asked.reading.holding, asked.sought.stems))
    return NAMED_US * count <= max(SURELY_US, POSTING_US * postings + HIT_US * min(depth, postings))


def those_there(asked: Asked, best: Best) -> Best:
    """Return as many as are wanted of those that the transaction shows and the filter leaves, from the best on.

    Others are not looked up, as far as can be guessed.
    """
    found, start, missing = [NONE], 0, asked.wanted
    factor = 1 if asked.condition is None else FIRST_PAGE
    while missing > 0 and start < len(best):
        page = best.at(slice(start, start + factor * (missing + SPARE_ROWS)))
        found.append(page.among(living(asked.connection, page.keys, asked.condition)))
        start, missing, factor = start + len(page), missing - len(found[-1]), NEXT_PAGES * factor
    return Best(np.concatenate([part.keys for part in found]), np.concatenate([part.scores for part in found]))


def those_left(asked: Asked, best: Best, cover: Cover | None) -> Best:
    """Return those that the filter leaves, as many as are wanted at least if there are so many."""
    assert asked.condition is not None
    if cover is None or len(best) <= FEW_PROBES:
        return those_there(asked, best)
    # Whatever matches has an attribute, and so is there.
    return best.among(narrowed(asked.connection, asked.condition, np.sort(best.keys)))


def named(asked: Asked, keys: Keys) -> Best:
    """Return those of these documents that are among those that are sought."""
    parts = []
    for start in range(0, len(keys), NAMED_TOGETHER):
        checkpoint()
        together = keys[start : start + NAMED_TOGETHER].tolist()
        parts.append(asked.reading.scored(asked.sought, asked.weights, together))
    return descending(parts)
