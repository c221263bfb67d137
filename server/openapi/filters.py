"""Filters as JSON schemas: what `index/filters/parsing.py` parses, for programs that write filters.

Depth, the number of conditions and the size of integers are beyond what a schema can say; the description says them.
"""

from server.contract.limits import MAX_FILTER_CONDITIONS, MAX_FILTER_DEPTH, MAX_FILTER_VALUES
from server.openapi.limits import FILTER, Schema

CONDITION = FILTER.replace("Filter", "FieldCondition")
SCALAR: Schema = {"anyOf": [{"type": "boolean"}, {"type": "number"}, {"type": "string"}]}
ORDERED: Schema = {"anyOf": [{"type": "number"}, {"type": "string"}]}
SCALARS: Schema = {"type": "array", "items": SCALAR, "maxItems": MAX_FILTER_VALUES}
FILTERS: Schema = {"type": "array", "items": {"$ref": FILTER}, "minItems": 1}


def filter_components() -> dict[str, Schema]:
    """Return the schemas of a filter and of what it says of one field, by the names of their components."""
    operators = (
        dict.fromkeys(("$eq", "$ne", "$contains"), SCALAR)
        | dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ORDERED)
        | dict.fromkeys(("$in", "$nin"), SCALARS)
        | {"$exists": {"type": "boolean"}, "$not": {"$ref": CONDITION}}
    )
    return {
        _name(FILTER): {
            "title": "Filter",
            "type": "object",
            "description": "Which documents: each name is a field of the metadata with what it must meet, or one of "
            f"$and, $or and $not; all must hold. At most {MAX_FILTER_DEPTH} deep, with {MAX_FILTER_CONDITIONS} "
            f"conditions and {MAX_FILTER_VALUES:,} values; integers have 64 bits.",
            "properties": {"$and": FILTERS, "$or": FILTERS, "$not": {"$ref": FILTER}},
            "patternProperties": {"^([^$]|$)": {"anyOf": [*SCALAR["anyOf"], {"$ref": CONDITION}]}},
            "additionalProperties": False,
        },
        _name(CONDITION): {
            "title": "FieldCondition",
            "type": "object",
            "description": "What a field must meet: all of these. A bare value in its place means $eq.",
            "properties": operators,
            "minProperties": 1,
            "additionalProperties": False,
        },
    }


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
