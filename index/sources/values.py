"""Values of YAML and tables as JSON: dates are ISO 8601 text, decimals numbers, what JSON cannot hold is absent."""

import datetime
import decimal
import math
import uuid
from collections.abc import Mapping
from typing import Any

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
MAX_DEPTH = 64  # far beyond what a server takes
ABSENT: Any = object()


def json_value(value: object, depth: int = 0) -> Any:
    """Return a value as JSON, or ABSENT for NaN, infinity, bytes, and what nobody foresaw.

    Integers beyond 64 bits become text. Within a list, null stands for what is absent.
    """
    found: Any = ABSENT
    match value:
        case None | bool() | str():
            found = value
        case int():
            found = value if MIN_INTEGER <= value <= MAX_INTEGER else str(decimal.Decimal(value))
        case float():
            found = value if math.isfinite(value) else ABSENT
        case Mapping() if depth < MAX_DEPTH:
            found = of_object(value, depth)
        case list() | tuple() if depth < MAX_DEPTH:
            found = of_list(value, depth)
        case _:
            found = of_scalar(value)
    return found


def fields_of(value: Mapping[Any, object]) -> dict[str, Any]:
    """Return an object as metadata: as JSON, without its nulls."""
    return {name: inner for name, inner in of_object(value, 0).items() if inner is not None}


def of_object(value: Mapping[Any, object], depth: int) -> dict[str, Any]:
    pairs = ((name_of(name), json_value(inner, depth + 1)) for name, inner in value.items())
    return {name: inner for name, inner in pairs if name is not None and inner is not ABSENT}


def of_list(value: list[object] | tuple[object, ...], depth: int) -> list[Any]:
    cleaned = (json_value(element, depth + 1) for element in value)
    return [None if element is ABSENT else element for element in cleaned]


def name_of(name: object) -> str | None:
    """Return a field's name as text: YAML takes numbers and dates for names, too."""
    if isinstance(name, bool):
        return str(name).lower()
    found = json_value(name)
    return str(found) if isinstance(found, str | int | float) else None


def of_scalar(value: object) -> Any:
    """Return what the types beside JSON's are as JSON."""
    match value:
        case datetime.datetime():
            return value.isoformat().replace("+00:00", "Z")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case decimal.Decimal():
            return of_decimal(value)
        case uuid.UUID():
            return str(value)
        case _:
            return ABSENT


def of_decimal(value: decimal.Decimal) -> Any:
    """Return a number where one says the same, else text."""
    if not value.is_finite():
        return ABSENT
    if value == value.to_integral_value() and abs(value) <= MAX_INTEGER:
        return int(value)
    number = float(value)
    return number if decimal.Decimal(repr(number)) == value else str(value)
