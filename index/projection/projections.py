"""The projection of a collection: made when it is asked for, and kept until its documents change.

A commit of documents gives a new number, before it and after it: what was made of a transaction within which the number
was still the one that was read before it is right for as long as the number stays.
"""

import secrets
import sys
import threading
from typing import Any

import msgspec
import numpy as np

from index.documents.projection import Plane, Projection
from index.filters.parsing import parse_filter
from index.filters.tree import Condition
from index.projection.components import places_of, plane_of
from index.projection.reading import Material, material_of, values_of
from index.store.connections import Readers
from index.store.group import Changes
from index.store.queries import Keys
from index.store.reads import Reads
from index.store.rows import highest_key
from index.store.store import Store
from index.view.captures import Moment
from index.view.vectors import Vectors


class Choice(msgspec.Struct, frozen=True):
    """Which documents are shown: so many at most of those that match."""

    limit: int
    condition: Condition | None


class Made(msgspec.Struct, frozen=True, eq=False):
    """A projection without values, its documents' keys, of which they are, and its number where that is known."""

    projection: Projection
    keys: Keys
    choice: Choice
    number: int | None

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        shown = self.projection
        return self.keys.nbytes + shown.x.nbytes + shown.y.nbytes + sum(map(sys.getsizeof, shown.ids))


class Projections:
    """Of one collection. Follows the writer; asked from any thread, once it is attached."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._readers: Readers | None = None
        self._reads: Reads | None = None
        self._lock = threading.Lock()
        self._run, self._number = secrets.token_hex(4), 0
        self._kept: Made | None = None
        self._kept_bytes = 0

    def attach(self, store: Store) -> None:
        """Take the database whose documents these are."""
        self._readers, self._reads = store.readers, store.reads

    def admit(self, before: Changes, changes: Changes) -> None:
        """Refuse nothing."""

    def expect(self, changes: Changes) -> None:
        """Before a commit: from here on readers may see it."""
        if changes.added or changes.leaves or changes.renamed:
            with self._lock:
                self._number += 1
                self._kept = None

    def applied(self, changes: Changes) -> None:
        """After it: all readers that begin from here on see it."""
        self.expect(changes)

    def abandoned(self, changes: Changes) -> None:
        """There is no commit."""
        self.expect(changes)

    @property
    def number(self) -> int | None:
        """What changes with the documents; None while some have expired that are not deleted yet."""
        number = self._number
        return number if self._lasting() is None else None

    @property
    def size_bytes(self) -> int:
        """The memory that the one which is kept takes. Never waits."""
        return 0 if self._kept is None else self._kept_bytes

    def project(self, field: str | None, limit: int, filter_: dict[str, Any] | None = None) -> Projection:
        """Return the projection of at most `limit` documents that match, with the values of a field of theirs.

        Whoever asks while it is made for another makes it, too. Raises FilterError.
        """
        assert self._readers is not None
        choice = Choice(limit, parse_filter(filter_) if filter_ else None)
        lasting, before, clock = self._lasting(), self._number, self._vectors.clock
        with self._readers.reading() as connection:
            moment = Moment(clock, highest_key(connection))
            number = before if before == self._number else None  # that of what the transaction shows, where it is known
            kept = self._find(number) if lasting is None else None
            made: Made | Material | None = kept if kept is not None and kept.choice == choice else None
            if made is None:
                made = material_of(connection, self._vectors.capture(moment)[0], lasting, choice.condition, limit)
            values = [] if field is None else values_of(connection, made.keys, field)
        if isinstance(made, Material):
            plane = plane_of(made.learned) if kept is None else kept.projection.plane
            made = Made(self._drawn(made, plane, number), made.keys, choice, number)
            if lasting is None:
                self._keep(made)
        return msgspec.structs.replace(made.projection, values=values)

    def _lasting(self) -> Condition | None:
        assert self._reads is not None
        return self._reads.lasting()

    def _find(self, number: int | None) -> Made | None:
        kept = self._kept
        return kept if kept is not None and kept.number == number else None

    def _drawn(self, material: Material, plane: Plane, number: int | None) -> Projection:
        places = places_of(material.shown, plane)
        known = f"{number}-{material.documents}"  # of one number some may have expired, and none come
        state = f"{self._run}-{known if number is not None else secrets.token_hex(8)}"
        x, y = np.ascontiguousarray(places.T)
        return Projection(material.matching, material.ids, x, y, [], plane, state)

    def _keep(self, made: Made) -> None:
        size_bytes = made.size_bytes
        with self._lock:
            if made.number == self._number:
                self._kept, self._kept_bytes = made, size_bytes
