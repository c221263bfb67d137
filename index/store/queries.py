"""Ways to ask SQLite: for all rows, for one value, and with many keys as one parameter."""

from collections.abc import Sequence
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from index.documents.attributes import Scalar

Keys = NDArray[np.int64]


def array_of(keys: Sequence[int] | Keys) -> "apsw.CArrayBinding":
    """Return keys, at least one, as the one parameter of carray()."""
    return apsw.carray(np.ascontiguousarray(keys, np.int64))


def select(connection: apsw.Connection, sql: str, *values: Scalar) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()


def single(connection: apsw.Connection, sql: str, *values: Scalar) -> Any:
    """Return the only value of a query's only row."""
    found = connection.execute(sql, values).fetchone()
    assert found is not None
    return found[0]
