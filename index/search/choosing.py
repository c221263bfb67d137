"""From a ranking to the hits that are wanted: grouped, bounded by the threshold, chosen to differ, one page of them."""

import apsw
import msgspec
import numpy as np

from index.documents.query import Query
from index.search.candidates import Ranking
from index.search.diversity import diverse, relative
from index.search.found import MAX_DEPTH, Found, Rank
from index.search.grouping import best_of_groups, values_of
from index.search.vectors import rows_of

FIRST_GROUPED, DEEPER = 64, 4  # how deep is looked first for groups, and how many times deeper each time


class Choice(msgspec.Struct, frozen=True, eq=False):
    """The hits to read, what they were found by, and how many of those asked for are below the threshold."""

    page: Ranking
    found: Found
    below: int


def choose(connection: apsw.Connection, query: Query, rank: Rank) -> Choice:
    """Return the documents that a query wants, of rankings within one transaction."""
    if query.group_by is None:
        found = rank(query.wanted)
        left = found.ranking
    else:
        found, left = grouped(connection, query, query.group_by, rank)
    bounded = [row for row in left if row[1] >= query.lowest_score]
    chosen = chosen_to_differ(connection, query, found, bounded) if query.diversity else bounded
    page = slice(query.offset, query.end)
    return Choice(chosen[page], found, len(left[page]) - len(bounded[page]))


def grouped(connection: apsw.Connection, query: Query, field: str, rank: Rank) -> tuple[Found, Ranking]:
    """Return the best of each group, after looking as deep as it takes to have enough, at most MAX_DEPTH."""
    depth = max(FIRST_GROUPED, query.wanted)
    while True:
        found = rank(depth)
        ranking = found.ranking[:MAX_DEPTH]
        values = values_of(connection, [key for key, _ in ranking], field)
        left = best_of_groups(ranking, values, query.per_group)
        if len(left) >= query.wanted or found.exhausted or depth == MAX_DEPTH:
            return found, left
        depth = min(DEEPER * depth, MAX_DEPTH)


def chosen_to_differ(connection: apsw.Connection, query: Query, found: Found, ranking: Ranking) -> Ranking:
    """Return the documents up to the last that is wanted, in the order in which `diverse` chooses them."""
    assert query.diversity is not None
    among = ranking[: query.wanted]
    scores = np.array([score for _, score in among], np.float64)
    relevance = scores if query.mode == "vector" else relative(scores)
    rows = rows_of(connection, [key for key, _ in among], found.rows)
    return [among[place] for place in diverse(relevance, rows, query.end, query.diversity)]
