"""From vecd's dialect of filters to chromadb's, where the two meet. Pure."""

from collections.abc import Mapping
from typing import Any

OPPOSITE_PAIRS = (("$eq", "$ne"), ("$in", "$nin"), ("$contains", "$not_contains"))
OPPOSITES = dict(OPPOSITE_PAIRS) | {second: first for first, second in OPPOSITE_PAIRS}


def to_chroma(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter that holds of the same documents."""
    return joined("$and", [clause(name, value) for name, value in given.items()])


def clause(name: str, value: Any) -> dict[str, Any]:
    if name in {"$and", "$or"}:
        return joined(name, [to_chroma(part) for part in value])
    if name == "$not":
        return negated(to_chroma(value))
    if not isinstance(value, Mapping):
        return {name: {"$eq": value}}
    demands = [
        negated(clause(name, operand)) if operator == "$not" else {name: {operator: operand}}
        for operator, operand in value.items()
    ]
    return joined("$and", demands)


def joined(name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Join two or more: chromadb takes no fewer."""
    return parts[0] if len(parts) == 1 else {name: parts}


def negated(given: dict[str, Any]) -> dict[str, Any]:
    """Turn a filter round by De Morgan's laws: chromadb has no $not, and orders have no opposite."""
    ((name, value),) = given.items()
    if name in {"$and", "$or"}:
        return {"$or" if name == "$and" else "$and": [negated(part) for part in value]}
    ((operator, operand),) = value.items()
    return {name: {OPPOSITES[operator]: operand}}
