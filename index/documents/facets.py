"""Facets: which values a field of the metadata has, and how often."""

from typing import TypeAlias

import msgspec

Value: TypeAlias = bool | int | float | str


class Facet(msgspec.Struct, frozen=True):
    """The most frequent values of a field with how many documents have each, and how many `distinct` values there are.

    Values are scalars and those within an array; a document counts once for each of its values. Of equally frequent
    ones booleans come first, then numbers, then strings, each in ascending order.
    """

    values: list[tuple[Value, int]]
    distinct: int
