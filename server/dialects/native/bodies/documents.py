"""Bodies of the routes about documents."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from server.contract.limits import (
    MAX_ID_BYTES,
    MAX_METADATA_DEPTH,
    MAX_METADATA_FIELDS,
    MAX_METADATA_KIB,
)
from server.web.operations import limited

MAX_LIFETIME_S = 3_155_760_000  # a hundred years

# The index checks whether an id is valid (422); this documents it.
Id = Annotated[
    str,
    msgspec.Meta(
        description=f"any text of 1 to {MAX_ID_BYTES} bytes in UTF-8 without NUL",
        extra_json_schema={"minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": "^[^\\u0000]*$"},
    ),
]
Metadata = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description=f"an object of at most {MAX_METADATA_FIELDS} fields and {MAX_METADATA_KIB} KiB, nested at most "
        f"{MAX_METADATA_DEPTH} deep; integers have 64 bits",
        extra_json_schema={"maxProperties": MAX_METADATA_FIELDS},
    ),
]
Patch = Annotated[dict[str, Any], msgspec.Meta(description="the result must be within the limits of metadata")]
Filter = Annotated[dict[str, Any], limited("filter")]
Text = Annotated[str, limited("text")]
IdOrInteger = Annotated[
    str | int,
    msgspec.Meta(
        description=f"any text of 1 to {MAX_ID_BYTES} bytes in UTF-8 without NUL; an integer means its decimal digits",
        extra_json_schema={"minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": "^[^\\u0000]*$"},
    ),
]
GivenVector = Annotated[
    list[float],
    limited("vector"),
    msgspec.Meta(
        description="the vector of the whole text by this model, which is then not embedded; finite numbers, not all "
        "zero, of which only the direction counts"
    ),
]
Lifetime = Annotated[
    float,
    msgspec.Meta(
        gt=0, le=MAX_LIFETIME_S, description="after so many seconds the document is gone; not with expires_at"
    ),
]
Moment = Annotated[
    datetime,
    msgspec.Meta(tz=True, description="from then on the document is gone: a time of RFC 3339 with its zone"),
]
Ids = Annotated[list[IdOrInteger], limited("texts")]
Row = Annotated[list[float], limited("vector")]


class Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A document to store; it replaces the one with the same id. Where the id is left out the server makes a UUID."""

    id: IdOrInteger | None = None
    text: Text
    metadata: Metadata | None = None
    vector: GivenVector | None = None
    ttl_s: Lifetime | None = None
    expires_at: Moment | None = None


class Indexed(msgspec.Struct):
    """The document is on the disk, under this id."""

    indexed: str


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Documents to store in one transaction: all or none."""

    documents: Annotated[list[Document], limited("texts")]


class LineId(msgspec.Struct):
    """The id that the server made for a line without one; `line` counts from 1."""

    line: int
    id: str


class LineError(msgspec.Struct):
    """Why a line of NDJSON was not stored; `line` counts from 1."""

    line: int
    status: int
    detail: str


class BatchIndexed(msgspec.Struct, omit_defaults=True):
    """How many documents are on the disk: an id that comes again counts once.

    For NDJSON also how many lines failed, the errors of the first 1,000, and how many texts were cut, if any. Where ids
    were left out, `ids` are those of all documents of a batch in order, and `line_ids` those that lines got.
    """

    indexed: int
    ids: list[str] | msgspec.UnsetType = msgspec.UNSET
    line_ids: list[LineId] | msgspec.UnsetType = msgspec.UNSET
    failed: int | msgspec.UnsetType = msgspec.UNSET
    errors: list[LineError] | msgspec.UnsetType = msgspec.UNSET
    truncated: int | msgspec.UnsetType = msgspec.UNSET


class Passage(msgspec.Struct, omit_defaults=True):
    """A part of a text, from `start` up to `end` in characters; its vector if the request asked for vectors."""

    start: int
    end: int
    vector: Row | msgspec.UnsetType = msgspec.UNSET


Gone = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class StoredDocument(msgspec.Struct, omit_defaults=True):
    """A document; when it goes, if it does; its vector and its passages if the request asked for them."""

    id: str
    text: str
    metadata: dict[str, Any]
    expires_at: Gone | msgspec.UnsetType = msgspec.UNSET
    vector: Row | msgspec.UnsetType = msgspec.UNSET
    passages: list[Passage] | msgspec.UnsetType = msgspec.UNSET


class PatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Metadata to merge into a document's: null removes a field."""

    metadata: Patch


class Deleted(msgspec.Struct):
    """The document is deleted."""

    deleted: str


class DeletedCount(msgspec.Struct):
    """How many documents were deleted."""

    deleted: int


class DeleteRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What to delete: either these ids, or all documents that match a filter."""

    ids: Ids | None = None
    filter: Filter | None = None


class DeleteByIds(msgspec.Struct, forbid_unknown_fields=True):
    """The documents with these ids; an id without a document is not an error."""

    ids: Ids
    filter: None = None


class DeleteByFilter(msgspec.Struct, forbid_unknown_fields=True):
    """All documents that match a filter, which may not be empty."""

    filter: Annotated[dict[str, Any], limited("filter of something")]
    ids: None = None
