"""A request's body: bytes in, a typed struct out, or an error that says what is wrong and where.

Strict: unknown fields, wrong types, lone surrogates, invalid UTF-8 and nesting without end are the client's mistake.
"""

from typing import Generic, TypeVar

import msgspec
from litestar.dto import MsgspecDTO

from server.errors import InvalidInputError, UnsupportedMediaError

T = TypeVar("T", bound=msgspec.Struct)

JSON = "application/json"


class BodyDTO(MsgspecDTO[T], Generic[T]):
    """Litestar's hook for a body; Litestar's own decoding coerces types and ignores the content type."""

    def decode_bytes(self, value: bytes) -> T:
        """Decode the body of this connection's request."""
        headers = self.asgi_connection.headers
        check_media(headers.get("content-type", ""), headers.get("content-encoding", "identity"))
        return decode_json(value, self.model_type)


def check_media(content_type: str, content_encoding: str) -> None:
    """Accept JSON as it is.

    Raises:
        UnsupportedMediaError: another content type, charset or encoding.
    """
    essence, _, parameters = content_type.partition(";")
    if essence.strip().lower() != JSON:
        message = f"the content type is {content_type or 'missing'!r}; this route takes {JSON}"
        raise UnsupportedMediaError(message)
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in {"utf-8", "utf8"}:
            message = f"the content type says {parameter.strip()!r}; JSON is UTF-8"
            raise UnsupportedMediaError(message)
    if content_encoding.strip().lower() not in {"", "identity"}:
        message = f"the content encoding is {content_encoding!r}; bodies are taken as they are"
        raise UnsupportedMediaError(message)


def decode_json(body: bytes, kind: type[T]) -> T:
    """Decode strictly.

    Raises:
        InvalidInputError: the body is not JSON, or not of that kind; the message says where.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message = f"the body does not fit: {error}"
        raise InvalidInputError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"the body is not JSON in UTF-8: {error}"
        raise InvalidInputError(message) from error
    except RecursionError as error:
        message = "the body is nested too deep"
        raise InvalidInputError(message) from error
