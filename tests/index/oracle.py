"""What a filter means, said a second time and naively: walks the filter as it was given over the metadata as given."""

from collections.abc import Mapping
from typing import Any

ORDERS = {
    "$gt": lambda a, b: a > b,
    "$gte": lambda a, b: a >= b,
    "$lt": lambda a, b: a < b,
    "$lte": lambda a, b: a <= b,
}
MISSING = object()


def same(a: object, b: object) -> bool:
    return kind(a) == kind(b) and a == b


def kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "other"


def matches(filter_: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    return all(holds(name, given, metadata) for name, given in filter_.items())


def holds(name: str, given: Any, metadata: Mapping[str, Any]) -> bool:
    if name == "$and":
        return all(matches(part, metadata) for part in given)
    if name == "$or":
        return any(matches(part, metadata) for part in given)
    if name == "$not":
        return not matches(given, metadata)
    value = metadata.get(name, MISSING)
    if not isinstance(given, Mapping):
        return meets(value, "$eq", given)
    return all(meets(value, operator, operand) for operator, operand in given.items())


def meets(value: Any, operator: str, operand: Any) -> bool:  # noqa: PLR0911 - a table
    match operator:
        case "$eq":
            return kind(operand) != "other" and same(value, operand)
        case "$ne":
            return not same(value, operand)
        case "$in":
            return any(same(value, one) for one in operand)
        case "$nin":
            return not any(same(value, one) for one in operand)
        case "$exists":
            return (value is not MISSING) is operand
        case "$contains":
            return isinstance(value, list) and any(same(one, operand) for one in value)
        case "$prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "$not":
            return not all(meets(value, one, given) for one, given in operand.items())
    return kind(value) == kind(operand) and bool(ORDERS[operator](value, operand))
