"""Bodies of the routes that list and count documents."""

from typing import Annotated, Any

import msgspec

from server.dialects.native.bodies.documents import Filter, Gone, Passage, Row

MAX_FACETS, MAX_FACET_VALUES = 16, 1_000


class ListedDocument(msgspec.Struct, omit_defaults=True):
    """A document of a list: all of these that it has, but for vectors and passages, or what `fields` name."""

    id: str | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    expires_at: Gone | msgspec.UnsetType = msgspec.UNSET
    vector: Row | msgspec.UnsetType = msgspec.UNSET
    passages: list[Passage] | msgspec.UnsetType = msgspec.UNSET


class Page(msgspec.Struct):
    """Documents in the order of their ids' bytes; `next` is the `after` of the next page, null at the end."""

    documents: list[ListedDocument]
    next: str | None


class CountRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which documents to count; without a filter all."""

    filter: Filter | None = None


class Count(msgspec.Struct):
    """How many documents there are."""

    count: int


class FacetsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Fields of the metadata, and of which documents; without a filter of all."""

    fields: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1, max_length=MAX_FACETS)
    ]
    filter: Filter | None = None
    limit: Annotated[
        int, msgspec.Meta(ge=1, le=MAX_FACET_VALUES, description="how many values of each field at most")
    ] = 20


class FacetValue(msgspec.Struct):
    """How many documents have this value in the field, by itself or in a list."""

    value: bool | int | float | str
    count: int


class Facet(msgspec.Struct):
    """The values that most documents have, most first, and how many different ones there are."""

    values: list[FacetValue]
    distinct: int


class Facets(msgspec.Struct):
    """The values of each field. Those that cannot be compared (null, objects, lists in lists) are none."""

    facets: dict[str, Facet]
