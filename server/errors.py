"""What can go wrong between a request and its embeddings. Knows nothing of HTTP; `server/problems.py` does."""

import math


class ServerError(Exception):
    """Base of all errors of this room; the message is safe to show to a client."""


class SettingsError(ServerError):
    """A flag or a VECD_ variable is unknown or out of range."""


class StartError(ServerError):
    """The server cannot start with this artifact, provider or machine."""


class InvalidInputError(ServerError):
    """The request cannot be understood: malformed, of the wrong type, or out of range."""


class UnacceptableInputError(ServerError):
    """The request was understood, but a text or parameter in it is beyond a limit."""


class UnsupportedMediaError(ServerError):
    """The body's content type or encoding is not one that the route takes."""


class RetryLaterError(ServerError):
    """Nothing is wrong with the request; `retry_after_s` is when to send it again, in whole seconds, 1 at least."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class OverloadedError(RetryLaterError):
    """There is no room; the request was refused whole."""


class UnavailableError(RetryLaterError):
    """The engine is stopping, or a worker died."""


class DeadlineError(ServerError):
    """The time that the caller gave passed before the work began."""


class InferenceError(ServerError):
    """The tokenizer or the session raised, or gave something that is not an embedding. Our own fault."""
