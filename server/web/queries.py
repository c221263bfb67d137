"""The parameters of a request's query, decoded strictly: an id that is not UTF-8 must not become another document's.

A plus sign stays a plus sign, as in a path (RFC 3986); only in forms does it mean a space, and in JSON, which clients
write as forms are written: there a plus sign that is meant comes as `%2B`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from server.contract.errors import InvalidInputError

FLAGS = {"true": True, "false": False}
JSON_PARAMETERS = {"filter"}


def query_of(scope: Any) -> dict[str, str]:
    """Return the parameters by name.

    Raises:
        InvalidInputError: one is not UTF-8, or given twice.
    """
    raw = scope["query_string"]
    if not raw:
        return {}
    try:
        pairs, spaced = (
            parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
            for text in (raw.replace(b"+", b"%2B"), raw)
        )
    except ValueError as error:
        message = f"the query is not percent-encoded UTF-8: {error}"
        raise InvalidInputError(message) from error
    found = dict(pairs) | {name: value for name, value in spaced if name in JSON_PARAMETERS}
    if len(found) < len(pairs):
        message = "a parameter of the query is given twice"
        raise InvalidInputError(message)
    return found


def check_known(query: Mapping[str, str], known: Sequence[str]) -> None:
    """Refuse parameters that a route does not know: ignored, they would make an answer look like what was asked for.

    Raises:
        InvalidInputError: there is one; the message names those that are known.
    """
    for name in query:
        if name not in known:
            message = f"the query has {name[:50]!r}, and this route takes {', '.join(known) or 'no parameters'}"
            raise InvalidInputError(message, name[:50])


def flag(query: dict[str, str], name: str) -> bool | None:
    """Return a parameter that is true or false; None where it is left out.

    Raises:
        InvalidInputError: it is neither.
    """
    value = query.get(name)
    if value is None:
        return None
    if value not in FLAGS:
        message = f"{name} is neither true nor false"
        raise InvalidInputError(message, name)
    return FLAGS[value]


def whole_number(query: dict[str, str], name: str, default: int, most: int) -> int:
    """Return a parameter that is a whole number from 1 to `most`.

    Raises:
        InvalidInputError: it is anything else.
    """
    value = query.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
        message = f"{name} is {value[:50]!r}, not a number from 1 to {most}"
        raise InvalidInputError(message, name)
    return int(value)
