"""The errors on either side of the contract. They know nothing of HTTP; `server/web/error_table.py` has their statuses.

Across a process boundary an error travels as a `Failure`, from which the other side makes the same error.
"""

import math

import msgspec


class ServerError(Exception):
    """Base of all errors of the server; the message is safe to show to a client.

    `parameter` names the part of the request that is wrong, if there is one.
    """

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class SettingsError(ServerError):
    """A flag or a VECD_ variable is unknown or out of range."""


class StartError(ServerError):
    """The server cannot start with this artifact, provider or machine."""


class InvalidInputError(ServerError):
    """The request cannot be understood: malformed, of the wrong type, or out of range."""


class UnacceptableInputError(ServerError):
    """The request is understood, but a text or parameter in it exceeds a limit."""


class EmptyInputError(InvalidInputError):
    """There is no text, or an empty one, in a dialect that refuses it."""


class UnknownModelError(ServerError):
    """The request names a model that is not served."""


class UnknownDocumentError(ServerError):
    """There is no document with this id."""


class UnknownCollectionError(ServerError):
    """There is no collection with this name."""


class CallerError(ServerError):
    """Base of what the index refuses until the caller changes the request."""


class DocumentError(CallerError):
    """An id, a text or metadata exceeds what a document may hold."""


class VectorError(CallerError):
    """A vector has the wrong length, or holds numbers that are not finite."""


class FilterError(CallerError):
    """A filter is not valid, or exceeds its limits."""


class QueryError(CallerError):
    """A search lacks what its mode needs, or asks for too much."""


class CollectionNameError(CallerError):
    """A collection's name is not valid, or there are too many collections."""


class CollectionSettingsError(CallerError):
    """A setting of a collection is not one that it may have."""


class FingerprintError(ServerError):
    """The collection's vectors come from another model; reindexing replaces them."""


class StorageFullError(ServerError):
    """The disk is full or cannot be written. Acknowledged writes are kept."""


class MemoryFullError(ServerError):
    """The documents would take more memory than they may. What is stored stays, and can be read and deleted."""


class IndexFaultError(ServerError):
    """The index failed: its files are damaged, or cannot be read."""


class InferenceError(ServerError):
    """The tokenizer or the session raised, or returned something that is not an embedding. The server's own fault."""


class UnexpectedError(ServerError):
    """A bug of the server; the log has the cause."""


class DeadlineError(ServerError):
    """The caller's time passed before the work began, or before it was done."""


class RetryLaterError(ServerError):
    """Nothing is wrong with the request; it can be sent again after `retry_after_s`, whole seconds, at least 1."""

    def __init__(self, message: str, retry_after_s: float = 1.0, parameter: str | None = None) -> None:
        super().__init__(message, parameter)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class OverloadedError(RetryLaterError):
    """There is no room; the request was refused whole."""


class UnavailableError(RetryLaterError):
    """The engine is stopping, or a worker died."""


class ClosedError(RetryLaterError):
    """The index is closing."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error as data. `kind` is the name of its class."""

    kind: str
    message: str
    parameter: str | None = None
    retry_after_s: int | None = None


def failure_of(error: ServerError) -> Failure:
    retry_after_s = error.retry_after_s if isinstance(error, RetryLaterError) else None
    return Failure(
        kind=type(error).__name__, message=str(error), parameter=error.parameter, retry_after_s=retry_after_s
    )


def error_of(failure: Failure) -> ServerError:
    """Return the error that a failure stands for."""
    kind = _KINDS.get(failure.kind, UnexpectedError)
    if issubclass(kind, RetryLaterError):
        return kind(failure.message, failure.retry_after_s or 1, failure.parameter)
    return kind(failure.message, failure.parameter)


_KINDS: dict[str, type[ServerError]] = {
    kind.__name__: kind for kind in list(globals().values()) if isinstance(kind, type) and issubclass(kind, ServerError)
}
