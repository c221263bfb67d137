"""Filters as JSON schemas: what `index/filters/parsing.py` parses, for programs that write filters.

A schema cannot express the limits on depth, conditions and integers; the description states them.
"""

from server.contract.limits import MAX_FILTER_CONDITIONS, MAX_FILTER_DEPTH, MAX_FILTER_VALUES
from server.openapi.limits import FILTER, Schema

CONDITION = FILTER.replace("Filter", "FieldCondition")
SCALAR: Schema = {"anyOf": [{"type": "boolean"}, {"type": "number"}, {"type": "string"}]}
ORDERED: Schema = {"anyOf": [{"type": "number"}, {"type": "string"}]}
SCALARS: Schema = {"type": "array", "items": SCALAR, "maxItems": MAX_FILTER_VALUES}
FILTERS: Schema = {"type": "array", "items": {"$ref": FILTER}, "minItems": 1}


def filter_components() -> dict[str, Schema]:
    """Return the schemas of a filter and of the condition on one field, by the names of their components."""
    operators = (
        dict.fromkeys(("$eq", "$ne", "$contains"), SCALAR)
        | dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ORDERED)
        | dict.fromkeys(("$in", "$nin"), SCALARS)
        | {"$exists": {"type": "boolean"}, "$not": {"$ref": CONDITION}, "$prefix": {"type": "string"}}
    )
    return {
        _name(FILTER): {
            "title": "Filter",
            "type": "object",
            "description": "Which documents: each name is a field of the metadata with its condition, or one of "
            f"$and, $or and $not; all must hold. At most {MAX_FILTER_DEPTH} deep, with {MAX_FILTER_CONDITIONS} "
            f"conditions and {MAX_FILTER_VALUES:,} values; integers have 64 bits.",
            "properties": {"$and": FILTERS, "$or": FILTERS, "$not": {"$ref": FILTER}},
            "patternProperties": {"^([^$]|$)": {"anyOf": [*SCALAR["anyOf"], {"$ref": CONDITION}]}},
            "additionalProperties": False,
        },
        _name(CONDITION): {
            "title": "FieldCondition",
            "type": "object",
            "description": "Conditions on a field, all of which must hold. A bare value in their place means $eq.",
            "properties": operators,
            "minProperties": 1,
            "additionalProperties": False,
        },
    }


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
