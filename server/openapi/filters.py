"""The dialect of filters as JSON schemas: what `index/filters.py` parses, for whoever writes filters by a program.

Depth, the number of conditions and the size of integers are beyond what a schema can say; the description says them.
"""

from server.openapi.limits import FILTER, Schema

CONDITION = FILTER.replace("Filter", "FieldCondition")
MOST_VALUES = 1_000
SCALAR: Schema = {"anyOf": [{"type": "boolean"}, {"type": "number"}, {"type": "string"}]}
ORDERED: Schema = {"anyOf": [{"type": "number"}, {"type": "string"}]}
SCALARS: Schema = {"type": "array", "items": SCALAR, "maxItems": MOST_VALUES}
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
            "$and, $or and $not; all must hold. At most 8 deep, with 64 conditions and 1,000 values; integers have 64 "
            "bits.",
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
