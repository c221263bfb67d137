"""Checks an open collection: its database, and what is kept in memory and beside it against that."""

from index.store.checks import MAX_PROBLEMS
from index.store.health import Health, examine
from index.store.store import Store
from index.view.comparison import differences
from index.view.memory import Memory
from index.words import comparison
from index.words.words import Words


def examine_all(store: Store, words: Words, memory: Memory | None) -> Health:
    """Return what is wrong, which reads everything. `memory` None is not looked at."""
    health = examine(store.database)
    problems = *health.problems, *comparison.differences(store.readers, words)
    if memory is not None:
        problems = *problems, *differences(store.readers, memory.vectors)
    return Health(health.documents, problems[:MAX_PROBLEMS])
