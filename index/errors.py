"""What can go wrong with documents and search. Knows nothing of HTTP; the messages are safe to show to a client."""


class IndexRoomError(Exception):
    """Base of all errors of this room."""


class CallerError(IndexRoomError):
    """What was asked for can never be done: the caller has to change it."""


class DocumentError(CallerError):
    """An id, a text or metadata is beyond what a document may hold."""


class VectorError(CallerError):
    """A vector has the wrong length, or holds what is not a finite number."""


class FilterError(CallerError):
    """A filter is not of the dialect, or beyond its limits."""


class QueryError(CallerError):
    """A search lacks what its mode needs, or asks for too much."""


class CollectionNameError(CallerError):
    """A collection's name is not 1 to 64 of a-z, 0-9, `-` and `_`."""


class CollectionSettingsError(CallerError):
    """A setting of a collection is beyond what it may be."""


class UnknownCollectionError(IndexRoomError):
    """No collection has this name."""


class FingerprintError(IndexRoomError):
    """The collection's vectors come from another model; reindexing mends it."""


class StorageFullError(IndexRoomError):
    """The disk is full or cannot be written. What was acknowledged is there.

    What raised this was not written, unless the message says that it is unknown.
    """


class MemoryFullError(IndexRoomError):
    """The documents of all collections would take more memory than they may. What raised this was not written."""


class UnreadableError(IndexRoomError):
    """The disk cannot be read just now: it fails, or there are no descriptors left. Nothing was asked to be written."""


class FolderInUseError(IndexRoomError):
    """Another process has the data folder."""


class DamagedError(IndexRoomError):
    """What lies on the disk is not what was written there."""


class NewerSchemaError(IndexRoomError):
    """The data were written by a newer vecd, in a form that this one does not know."""


class StoppedError(IndexRoomError):
    """Whoever asked for this waits no longer. Nothing is wrong."""


class ClosedError(IndexRoomError):
    """The index is closed, or closing."""


class ReopenedError(ClosedError):
    """The collection is just being opened anew, after a fault; another try may find it open."""

    def __init__(self, message: str = "the collection is opened anew after a fault; try again") -> None:
        super().__init__(message)
