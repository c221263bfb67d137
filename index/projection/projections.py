"""The projection of a collection: made when it is asked for, and kept until its documents change.

A commit of documents gives a new number, and there is none while it is on its way: what was made of a transaction
within which the number was still the one that was read before it is right for as long as the number stays.
"""

import secrets
import sys
import threading

import msgspec
import numpy as np

from index.documents.projection import Plane, Projection
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
        self._run, self._number, self._settling = secrets.token_hex(4), 0, False
        self._kept: Made | None = None
        self._kept_bytes = 0

    def attach(self, store: Store) -> None:
        """Take the database whose documents these are."""
        self._readers, self._reads = store.readers, store.reads

    def admit(self, before: Changes, changes: Changes) -> None:
        """Refuse nothing."""

    def expect(self, changes: Changes) -> None:
        """Before a commit: from here on readers may see it."""
        self._note(changes, settling=True)

    def applied(self, changes: Changes) -> None:
        """After it: all readers that begin from here on see it."""
        self._note(changes, settling=False)

    def abandoned(self, changes: Changes) -> None:
        """There is no commit."""
        self._note(changes, settling=False)

    def _note(self, changes: Changes, *, settling: bool) -> None:
        if changes.added or changes.leaves or changes.renamed:
            with self._lock:
                self._number, self._settling, self._kept = self._number + 1, settling, None

    @property
    def number(self) -> int | None:
        """What changes with the documents; None while they change, or some have expired that are not deleted yet."""
        lasting = self._lasting()  # looked at first: what has expired since may be deleted, which changes the number
        return self._settled() if lasting is None else None

    @property
    def size_bytes(self) -> int:
        """The memory that the one which is kept takes. Never waits."""
        return 0 if self._kept is None else self._kept_bytes

    def project(self, field: str | None, limit: int, condition: Condition | None = None) -> Projection:
        """Return the projection of at most `limit` documents that match, with the values of a field of theirs.

        Whoever asks while it is made for another makes it, too.
        """
        assert self._readers is not None
        choice = Choice(limit, condition)
        lasting, before, clock = self._lasting(), self._settled(), self._vectors.clock
        with self._readers.reading() as connection:
            moment = Moment(clock, highest_key(connection))
            number = before if before == self._settled() else None  # of what the transaction shows, where it is known
            kept = self._find(number) if lasting is None else None
            made: Made | Material | None = kept if kept is not None and kept.choice == choice else None
            if made is None:
                made = material_of(connection, self._vectors.capture(moment)[0], lasting, condition, limit)
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

    def _settled(self) -> int | None:
        with self._lock:
            return None if self._settling else self._number

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
        """Keep this one while its number stays; one of some documents never in the place of one of all."""
        size_bytes = made.size_bytes
        with self._lock:
            whole = self._kept is not None and self._kept.choice.condition is None
            if made.number == self._number and not (whole and made.choice.condition is not None):
                self._kept, self._kept_bytes = made, size_bytes
