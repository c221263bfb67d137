"""Compares the vectors and the graph in memory with the database."""

import numpy as np

from index.errors import DamagedError
from index.store import rows
from index.store.connections import Readers
from index.store.passage_rows import all_several
from index.store.vector_rows import all_vectors
from index.view.captures import Moment
from index.view.vectors import Vectors


def differences(readers: Readers, vectors: Vectors) -> list[str]:
    """Return what differs in memory: the keys, every row as it was rounded, and what the graph should have.

    Both are seen as of one moment, so this holds while others write. But exchanging all vectors meanwhile shows as a
    difference.
    """
    problems: list[str] = []
    clock = vectors.clock
    with readers.reading() as connection:
        capture, graph = vectors.capture(Moment(clock, rows.highest_key(connection)))
        try:
            several = all_several(connection)
        except DamagedError as error:
            return [str(error)]
        for keys, truth in all_vectors(connection, capture.rows.shape[1]):
            slots, known = capture.slots(keys)
            if not known.all():
                problems.append(f"{int((~known).sum())} vectors are not in memory")
            if (capture.owners[slots[known]] != several.owners(keys)[known]).any():
                problems.append("vectors in memory are of other documents than in the database")
            differing = (capture.rows[slots[known]] != truth[known].astype(np.float16)).any(axis=1)
            if differing.any():
                problems.append(f"{int(differing.sum())} vectors in memory differ from the database")
    lacking = np.setdiff1d(capture.nodes[capture.viewed], graph.keys())
    now, graph_now = vectors.capture()  # no row names a node any more before it is taken out of the graph
    missing = np.isin(now.nodes, lacking) if graph_now is graph and len(lacking) else np.zeros(0, np.bool_)
    if missing.any():
        problems.append(f"{int(missing.sum())} rows that the view should have are not in it")
    return problems
