"""Whose vectors a collection holds, and what that allows: another model's can be neither searched nor added to."""

from index.documents.vector import Model
from index.errors import DamagedError, FingerprintError
from index.store.meta import LACKS_MODEL, write_meta
from index.store.store import Store


class Binding:
    """Of a database that is open; an empty one is bound to the present model. `fingerprint` is that of its vectors."""

    def __init__(self, name: str, store: Store, model: Model) -> None:
        self._name = name
        self._model = model
        self.fingerprint = bound(store, model)

    @property
    def foreign(self) -> bool:
        """Whether the vectors are another model's."""
        return self.fingerprint != self._model.fingerprint

    def exchanged(self) -> None:
        """Take note that all vectors are the present model's from now on."""
        self.fingerprint = self._model.fingerprint

    def check(self, what: str) -> None:
        """Raise FingerprintError where this cannot be done, since the vectors are another model's."""
        if self.foreign:
            raise FingerprintError(
                f"the collection {self._name!r} holds vectors of another model ({self.fingerprint}; this one is "
                f"{self._model.fingerprint}) and cannot be {what}; `python -m index reindex` mends it"
            )


def bound(store: Store, model: Model) -> str:
    """Return the fingerprint of the vectors that are there; an empty collection takes the model's."""
    known = store.meta.get("fingerprint"), store.meta.get("ndim")
    if store.writer.documents and None in known:
        raise DamagedError(LACKS_MODEL)
    if store.writer.documents or known == (model.fingerprint, model.ndim):
        return str(store.meta["fingerprint"])
    store.writer.submit(
        lambda connection, _: write_meta(connection, fingerprint=model.fingerprint, ndim=model.ndim), 0
    ).result()
    return model.fingerprint
