"""Reads all documents of a database in the order in which they came, and past damage where that is asked for."""

from collections.abc import Iterator
from typing import Any

import apsw

from index.documents.passages import Passages
from index.errors import DamagedError
from index.store import rows
from index.store.passage_rows import fetch_passages
from index.store.queries import single
from index.store.rows import StoredDocument

QUERY = f"SELECT {rows.COLUMNS} FROM docs WHERE key >= ? ORDER BY key"  # noqa: S608


class Documents:
    """Iterate once over (document, passages or None), without those that had expired by `now_ms`.

    With `skip_damaged`, `skipped` then says what was left out.
    """

    def __init__(self, connection: apsw.Connection, ndim: int | None, skip_damaged: bool, now_ms: int) -> None:
        self._connection = connection
        self._ndim = ndim
        self._skip_damaged = skip_damaged
        self._now_ms = now_ms
        self._next_key = 0
        self.skipped: list[str] = []

    def __iter__(self) -> Iterator[tuple[StoredDocument, Passages | None]]:
        if not self._skip_damaged:
            yield from self._from_here()
            return
        highest = self._highest()
        step = 1
        while self._next_key <= highest:
            before = self._next_key
            try:
                yield from self._from_here()
                return
            except (DamagedError, UnicodeDecodeError) as error:
                self._next_key = self._next_there()
                self._skip(1, str(error))
            except apsw.CorruptError as error:  # a page, with the keys on it: how many is not known
                step = 1 if self._next_key > before else 2 * step
                self._skip(step, str(error))

    def _skip(self, keys: int, why: str) -> None:
        self.skipped.append(f"{keys} from key {self._next_key}: {why}" if keys > 1 else f"key {self._next_key}: {why}")
        self._next_key += keys

    def _next_there(self) -> int:
        found = single(self._connection, "SELECT min(key) FROM docs WHERE key >= ?", self._next_key)
        return self._next_key if found is None else int(found)

    def _highest(self) -> int:
        try:
            return max(rows.highest_key(self._connection), self._next_key)
        except (apsw.CorruptError, TypeError):
            return 1 << 40

    def _from_here(self) -> Iterator[tuple[StoredDocument, Passages | None]]:
        for row in self._connection.execute(QUERY, (self._next_key,)):
            found = self._checked(row)
            if found is not None:
                yield found
            self._next_key = int(row[0]) + 1

    def _checked(self, row: Any) -> tuple[StoredDocument, Passages | None] | None:
        """Return a row as a document, or None where that has expired; raises DamagedError."""
        self._next_key = int(row[0])
        try:
            found = rows.checked_document(row)
            if found.has_expired(self._now_ms):
                return None
            if self._ndim is None:
                return found, None
            passages = fetch_passages(self._connection, [found.key], self._ndim).get(found.key)
        except (TypeError, AttributeError) as error:  # what is damaged may be of any type
            raise DamagedError(f"the document with key {row[0]} is damaged: {error}") from error
        if passages is None:
            raise DamagedError(f"the document {found.id!r} has no vector, or not all of its passages'")
        return found, passages
