"""Parses a filter as it arrives, in the dialect of MongoDB, into a tree of conditions. Pure.

Fields are those at the top of the metadata. Several fields, and several operators of one field, are joined by "and"; a
bare value means $eq. Comparisons hold between values of one kind alone, so a missing field matches $ne and $nin only
(and what $not turns around).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from index.documents.attributes import BOOLEAN, ELEMENT, Scalar, comparable
from index.documents.metadata import MAX_INTEGER, MIN_INTEGER
from index.errors import FilterError
from index.filters.ranges import beginning_with, with_ranges
from index.filters.tree import Comparison, Condition, Every, Exists, Negation, Some

MAX_FILTER_DEPTH, MAX_FILTER_CONDITIONS, MAX_FILTER_VALUES = 8, 64, 1_000
ORDERS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


class Budget:
    """What is left of the conditions and values that a filter may have."""

    def __init__(self) -> None:
        self.conditions = MAX_FILTER_CONDITIONS
        self.values = MAX_FILTER_VALUES

    def take(self, values: int) -> None:
        """Count one condition over so many values."""
        self.conditions -= 1
        self.values -= values
        if self.conditions < 0:
            raise FilterError(f"the filter has more than {MAX_FILTER_CONDITIONS} conditions")
        if self.values < 0:
            raise FilterError(f"the filter names more than {MAX_FILTER_VALUES} values")


def parse_filter(given: object) -> Condition:
    """Return the filter's tree; raises FilterError, which says what is wrong and what is allowed."""
    return parse_object(given, Budget(), 1)


def parse_object(given: object, budget: Budget, depth: int) -> Condition:
    """Parse {field: condition, ..., "$and": [...]}."""
    check_depth(depth)
    if not isinstance(given, Mapping):
        raise FilterError(f"a filter must be an object, not {type(given).__name__}")
    if not given:  # it holds for every document, but many of them take time too
        budget.take(0)
    parts = []
    for name, value in given.items():
        if not isinstance(name, str):
            raise FilterError("a filter's names must be strings")
        parse = LOGIC.get(name)
        if parse is not None:
            parts.append(parse(value, budget, depth))
        elif name.startswith("$"):
            raise FilterError(f"{name} stands where a field or one of {', '.join(LOGIC)} is expected")
        else:
            parts.append(parse_field(checked_text(name), value, budget, depth))
    return every(parts)


def parse_list(name: str, given: object, budget: Budget, depth: int) -> tuple[Condition, ...]:
    """Parse the list of filters under $and and $or."""
    if not isinstance(given, list | tuple) or not given:
        raise FilterError(f"{name} takes a list of one filter at least")
    return tuple(parse_object(part, budget, depth + 1) for part in given)


def every(parts: Sequence[Condition]) -> Condition:
    """Return the condition that all parts hold."""
    joined = with_ranges(parts)
    return joined[0] if len(joined) == 1 else Every(joined)


LOGIC: dict[str, Callable[[object, Budget, int], Condition]] = {
    "$and": lambda given, budget, depth: every(parse_list("$and", given, budget, depth)),
    "$or": lambda given, budget, depth: Some(parse_list("$or", given, budget, depth)),
    "$not": lambda given, budget, depth: Negation(parse_object(given, budget, depth + 1)),
}


def parse_field(field: str, given: object, budget: Budget, depth: int) -> Condition:
    """Parse what a field must meet: a bare value, or {operator: operand, ...}."""
    check_depth(depth)
    if not isinstance(given, Mapping):
        return parse_operator(field, "$eq", given, budget)
    if not given:
        raise FilterError(f"the field {field!r} has no operator")
    parts = tuple(
        Negation(parse_field(field, operand, budget, depth + 1))
        if operator == "$not" and isinstance(operand, Mapping)
        else parse_operator(field, operator, operand, budget)
        for operator, operand in given.items()
    )
    return every(parts)


def parse_operator(field: str, operator: object, operand: Any, budget: Budget) -> Condition:  # noqa: PLR0911 - a table
    """Parse one operator and its operand."""
    many = operator in {"$in", "$nin"}
    if many and not isinstance(operand, list | tuple):
        raise FilterError(f"{operator} takes a list")
    budget.take(len(operand) if many else 1)
    match operator:
        case "$eq":
            return equal(field, [operand], operator)
        case "$ne":
            return Negation(equal(field, [operand], operator))
        case "$in":
            return equal(field, operand, operator)
        case "$nin":
            return Negation(equal(field, operand, operator))
        case "$contains":
            kind, value = scalar(field, operator, operand)
            return Comparison(field, kind + ELEMENT, "=", (value,))
        case "$exists":
            if not isinstance(operand, bool):
                raise FilterError("$exists takes true or false")
            return Exists(field) if operand else Negation(Exists(field))
        case "$gt" | "$gte" | "$lt" | "$lte":
            kind, value = scalar(field, operator, operand)
            if kind == BOOLEAN:
                raise FilterError(f"{operator} takes a number or a string; booleans have no order")
            return Comparison(field, kind, ORDERS[operator], (value,))
        case "$prefix":
            if not isinstance(operand, str):
                raise FilterError(f"$prefix of the field {field!r} takes a string")
            return beginning_with(field, checked_text(operand))
    known = "$eq $ne $gt $gte $lt $lte $in $nin $exists $contains $prefix $not"
    raise FilterError(f"{operator} is not an operator; the field {field!r} can be met by {known}")


def equal(field: str, operands: Sequence[object], operator: str) -> Condition:
    """Return the condition that the field equals one of these; values of one kind make one comparison."""
    kinds: dict[int, list[Scalar]] = {}
    for operand in operands:
        kind, value = scalar(field, operator, operand)
        kinds.setdefault(kind, []).append(value)
    parts = tuple(Comparison(field, kind, "=", tuple(values)) for kind, values in kinds.items())
    return parts[0] if len(parts) == 1 else Some(parts)


def scalar(field: str, operator: str, operand: object) -> tuple[int, Scalar]:
    """Return the kind and value of an operand, or raise what is wrong with it."""
    if isinstance(operand, int) and not MIN_INTEGER <= operand <= MAX_INTEGER:
        raise FilterError(f"the field {field!r} is compared with an integer that needs more than 64 bits")
    if isinstance(operand, float) and not math.isfinite(operand):
        raise FilterError(f"the field {field!r} is compared with a number that is not finite")
    found = comparable(checked_text(operand) if isinstance(operand, str) else operand)
    if found is None:
        hint = "; use $exists" if operand is None else "; use $in or $contains" if isinstance(operand, list) else ""
        raise FilterError(f"{operator} of the field {field!r} takes a boolean, a number or a string{hint}")
    return found


def checked_text(text: str) -> str:
    """Return the text if it is Unicode, which a lone surrogate is not."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FilterError("the filter holds text that is not Unicode (a lone surrogate)") from error
    return text


def check_depth(depth: int) -> None:
    if depth > MAX_FILTER_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_FILTER_DEPTH}")
