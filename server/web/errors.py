"""The errors of a request before the backend is called, and of a stream of documents."""

from server.contract.errors import RetryLaterError, ServerError


class TooLargeError(ServerError):
    """The body has more bytes than are allowed."""


class UnsupportedMediaError(ServerError):
    """The body's content type or encoding is not one that the route takes."""


class NotAcceptableError(ServerError):
    """The client accepts none of the media types that the route gives."""


class UnauthorizedError(ServerError):
    """The request carries no key, an unknown one, or one that has ended."""


class ForbiddenError(ServerError):
    """The key does not allow this, or the request comes from a foreign page or for a foreign host."""


class RateError(RetryLaterError):
    """This client has used up its share for now; `parameter` is requests or tokens."""


class StreamStoppedError(ServerError):
    """A stream of documents had to stop because of `cause`; the message says how far it came."""

    def __init__(self, message: str, cause: ServerError) -> None:
        super().__init__(message)
        self.cause = cause
