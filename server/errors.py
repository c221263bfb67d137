"""What can go wrong between a request and its embeddings. Knows nothing of HTTP; `server/problems.py` does."""


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


class OverloadedError(ServerError):
    """A queue is full; the request was refused whole."""


class UnavailableError(ServerError):
    """The engine is stopping, or a worker died."""


class InferenceError(ServerError):
    """The session raised, or gave something that is not an embedding. Our own fault."""
