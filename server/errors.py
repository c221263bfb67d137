"""What can go wrong between a request and its embeddings. Knows nothing of HTTP; `server/problems.py` does."""

import math
import traceback
from itertools import islice
from pathlib import Path

MOST_PLACES = 6


class ServerError(Exception):
    """Base of all errors of this room; the message is safe to show to a client.

    `parameter` names the part of the request that is wrong, where there is one.
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
    """The request was understood, but a text or parameter in it is beyond a limit."""


class EmptyInputError(InvalidInputError):
    """There is no text, or an empty one, in a dialect that refuses that."""


class TooLargeError(ServerError):
    """The body has more bytes than are taken."""


class UnsupportedMediaError(ServerError):
    """The body's content type or encoding is not one that the route takes."""


class NotAcceptableError(ServerError):
    """The client accepts none of the media types that the route gives."""


class UnknownModelError(ServerError):
    """The request names a model that is not served."""


class UnknownDocumentError(ServerError):
    """There is no document of this id."""


class StreamStoppedError(ServerError):
    """A stream of documents had to stop; `cause` is why, and the message says how far it came."""

    def __init__(self, message: str, cause: Exception) -> None:
        super().__init__(message)
        self.cause = cause


class UnauthorizedError(ServerError):
    """The request carries no key, or one that is not known."""


class ForbiddenError(ServerError):
    """The key is known and does not allow this."""


class RetryLaterError(ServerError):
    """Nothing is wrong with the request; `retry_after_s` is when to send it again, in whole seconds, 1 at least."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class OverloadedError(RetryLaterError):
    """There is no room; the request was refused whole."""


class RateError(RetryLaterError):
    """This client has had its share for now; `parameter` says of what: requests or tokens."""

    def __init__(self, message: str, parameter: str, retry_after_s: float) -> None:
        super().__init__(message, retry_after_s)
        self.parameter = parameter


class UnavailableError(RetryLaterError):
    """The engine is stopping, or a worker died."""


class DeadlineError(ServerError):
    """The time that the caller gave passed before the work began."""


class InferenceError(ServerError):
    """The tokenizer or the session raised, or gave something that is not an embedding. Our own fault."""


def places(error: BaseException) -> str:
    """Return where an error came from, innermost first, for the log; its message may quote a text and is left out."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in islice(frames, MOST_PLACES))
