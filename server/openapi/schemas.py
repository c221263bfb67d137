"""From types to JSON schemas: those of the structs that decode and encode, named after their dialect.

Answers have all their fields, and their schemas require them; requests may leave out fields with a default.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.inspect import ListType, Metadata, StructType, Type, UnionType, type_info

from server.openapi.limits import PLACE, Limits, Schema, parts_of, resolve_markers
from server.web.dialect import Dialect


class Schemas:
    """Makes schemas, and collects the components that they refer to."""

    def __init__(self, limits: Limits) -> None:
        self.components: dict[str, Schema] = {}
        self._limits = limits
        self._errors: dict[str, Schema] = {}

    def error_of(self, dialect: Dialect) -> Schema:
        """Return the schema of a dialect's errors, of which every route has many."""
        if dialect.name not in self._errors:
            self._errors[dialect.name] = self.of(dialect.error, dialect.name, answered=True)
        return self._errors[dialect.name]

    def of(self, kind: Any, dialect: str, *, answered: bool) -> Schema:
        """Return the schema of a type; its structs become components `dialect.Name`."""
        if len(parts := parts_of(kind)) > 1:
            return {"anyOf": [self.of(one, dialect, answered=answered) for one in parts]}
        template = f"{PLACE}{dialect}.{{name}}"
        (schema,), found = msgspec.json.schema_components([kind], ref_template=template)
        if answered:
            for struct in _structs(type_info(kind)):
                if not struct.__struct_config__.omit_defaults:
                    found[struct.__name__]["required"] = list(struct.__struct_encode_fields__)
        for name, given in found.items():
            given["description"] = inspect.cleandoc(given["description"])
            full, component = f"{dialect}.{name}", resolve_markers(given, self._limits)
            assert self.components.setdefault(full, component) == component, f"there are two {full}"
        bounded: Schema = resolve_markers(schema, self._limits)
        return bounded


def _structs(info: Type) -> Iterator[Any]:
    """Yield every struct in a type."""
    match info:
        case StructType(cls=cls, fields=fields):
            yield cls
            for field in fields:
                yield from _structs(field.type)
        case ListType(item_type=inner) | Metadata(type=inner):
            yield from _structs(inner)
        case UnionType(types=types):
            for one in types:
                yield from _structs(one)
