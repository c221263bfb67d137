"""Which of the documents that the index of words names a transaction shows, and a filter leaves."""

import apsw
import numpy as np

from index.errors import DamagedError
from index.filters.tree import Condition, Every
from index.store.narrowing import matching_among
from index.store.queries import array_of
from index.words.ties import Keys

EVERYTHING = Every(())


def living(connection: apsw.Connection, keys: Keys, condition: Condition | None) -> Keys:
    """Return those of the keys, each once, whose documents are there and match, in ascending order."""
    if not len(keys):
        return keys
    wanted = np.sort(keys)
    found = matching_among(connection, condition or EVERYTHING, wanted)
    if condition is None and len(found) < len(wanted):
        refuse_lost(connection, np.setdiff1d(wanted, found))
    return found


def refuse_lost(connection: apsw.Connection, keys: Keys) -> None:
    """Raise DamagedError where a document of these keys is not there, and its vector is; both go at once."""
    sql = "SELECT vectors.key FROM carray(?) AS wanted CROSS JOIN vectors ON vectors.key = wanted.value"
    for (key,) in connection.execute(sql, (array_of(keys),)):
        raise DamagedError(f"the documents are damaged: none has the key {key}. Restore a backup")
