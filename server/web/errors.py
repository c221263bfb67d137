"""What can go wrong with a request before anything is asked of the backend, or with a stream of documents."""

from server.contract.errors import RetryLaterError, ServerError


class TooLargeError(ServerError):
    """The body has more bytes than are taken."""


class UnsupportedMediaError(ServerError):
    """The body's content type or encoding is not one that the route takes."""


class NotAcceptableError(ServerError):
    """The client accepts none of the media types that the route gives."""


class UnauthorizedError(ServerError):
    """The request carries no key, or one that is not known."""


class ForbiddenError(ServerError):
    """The key is known and does not allow this, or the request comes from a foreign page or for a foreign host."""


class RateError(RetryLaterError):
    """This client has used up its share for now; `parameter` names which: requests or tokens."""


class StreamStoppedError(ServerError):
    """A stream of documents had to stop; `cause` is why, and the message says how far it came."""

    def __init__(self, message: str, cause: ServerError) -> None:
        super().__init__(message)
        self.cause = cause
