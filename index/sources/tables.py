"""Rows of tables as records: which columns are id, text and vector; the others are metadata.

A row in vecd's own shape, with nothing but a document's fields, gives its metadata as they are; what a server
computes is left out.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from index.sources.records import BadRow, Reading, Record, SourceError
from index.sources.values import fields_of, json_value

# By how surely a column of this name holds the text that is meant, in any case of letters.
TEXT_FIELDS = (
    "text", "content", "body", "page_content", "document", "passage", "paragraph", "article", "description", "abstract",
    "summary", "transcript", "message", "comment", "review", "note", "notes", "sentence",
)  # fmt: skip
ID, TEXT, METADATA, EXPIRES_AT = "id", "text", "metadata", "expires_at"
OWN = frozenset({ID, TEXT, METADATA, EXPIRES_AT, "vector", "passages"})
KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),  # which is an int, too
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)
SHOWN_COLUMNS, SHOWN_CHARACTERS = 30, 100
EMBEDDING = 64


class Plan(msgspec.Struct, frozen=True):
    """Which columns become what; `named` are those that the user named."""

    texts: tuple[str, ...]
    id: str | None
    vector: str | None
    named: frozenset[str]

    @property
    def taken(self) -> set[str]:
        """The columns that are not metadata."""
        return {*self.texts, *filter(None, (self.id, self.vector))}


class RowError(Exception):
    """Why a row is no record."""


def plan_of(names: Collection[str], reading: Reading) -> Plan:
    """Return the plan for a table of these columns, or raise SourceError if one is missing that is needed."""
    named = (*reading.text_fields, *filter(None, (reading.id_field, reading.vector_field)))
    if missing := [name for name in named if name not in names]:
        raise SourceError(f"has no column {' and no column '.join(missing)}; {columns(names)}")
    texts = reading.text_fields or first_of(TEXT_FIELDS, names)
    if not texts:
        raise SourceError(f"has no column that is known to hold text; say which with --text-field; {columns(names)}")
    id_ = reading.id_field or next(iter(set(first_of((ID,), names)) - set(texts)), None)
    return Plan(texts, id_, reading.vector_field, frozenset(named))


def first_of(usual: Iterable[str], names: Collection[str]) -> tuple[str, ...]:
    """Return the column that has the first of the usual names, or nothing; an exact name counts for more."""
    for wanted in usual:
        for name in sorted(names, key=lambda name: name != wanted):
            if name.lower() == wanted:
                return (name,)
    return ()


def columns(names: Collection[str]) -> str:
    shown = ", ".join(name[:SHOWN_CHARACTERS] for name in [*names][:SHOWN_COLUMNS])
    return f"its columns are {shown}{', …' if len(names) > SHOWN_COLUMNS else ''}" if names else "it has none"


def is_own_shape(names: Collection[str]) -> bool:
    """Whether these are the fields of a document, and enough of them."""
    return set(names) <= OWN and TEXT in names


def record_of(row: Mapping[str, object], number: int, plan: Plan) -> Record | BadRow:
    """Return a row's record, or why it is none. Null, NaN, bytes and embeddings are left out of the metadata."""
    try:
        text, id_, vector = text_of(row, plan), id_of(row, plan), vector_of(row, plan)
        if is_own_shape(row) and plan.texts == (TEXT,) and plan.id in {ID, None}:
            return Record(text, own_metadata(row), id_, number, vector, expiry(row))
        taken = plan.taken
        rest = {name: value for name, value in row.items() if name not in taken and not is_embedding(value)}
        return Record(text, fields_of(rest), id_, number, vector)
    except RowError as error:
        return BadRow(number, str(error))


def text_of(row: Mapping[str, object], plan: Plan) -> str:
    found = [text for name in plan.texts if (text := column_text(row, name, plan)).strip()]
    if not found:
        raise RowError(f"the text is missing ({', '.join(plan.texts)})")
    return "\n\n".join(found)


def column_text(row: Mapping[str, object], name: str, plan: Plan) -> str:
    """Return a column's text, nothing where it is null; numbers are text in a column that the user named."""
    value = row.get(name)
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            try:
                return value.decode()  # some writers of Parquet do not say that their strings are text
            except UnicodeDecodeError as error:
                raise RowError(f"{name} holds bytes that are not UTF-8") from error
        case int() | float() if name in plan.named and not isinstance(value, bool):
            return str(value) if math.isfinite(value) else ""
    raise RowError(f"{name} is {kind_of(value)}, not text")


def id_of(row: Mapping[str, object], plan: Plan) -> str | None:
    """Return the id; None where no column was named and this row has none."""
    value = None if plan.id is None else row.get(plan.id)
    if value is None or value == "":
        if plan.id in plan.named:
            raise RowError(f"the id is missing ({plan.id})")
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowError(f"the id ({plan.id}) is {kind_of(value)}, neither text nor an integer")


def vector_of(row: Mapping[str, object], plan: Plan) -> list[float] | None:
    """Return the vector, also one that is written as JSON in a cell of text; None where the row has none."""
    value: Any = None if plan.vector is None else row.get(plan.vector)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise RowError(f"the vector ({plan.vector}) is text that is no JSON") from error
    if not isinstance(value, list) or not value or not all(is_number(element) for element in value):
        raise RowError(f"the vector ({plan.vector}) is no list of finite numbers")
    return [float(element) for element in value]


def is_embedding(value: object) -> bool:
    """Whether this is a list of so many floats that it is no metadata."""
    return isinstance(value, list) and len(value) >= EMBEDDING and all(isinstance(one, float) for one in value)


def is_number(value: object) -> bool:
    """Whether this is a number that a vector can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e39 and math.isfinite(value)  # beyond 32 bits of float; an int may be larger than any float


def own_metadata(row: Mapping[str, object]) -> dict[str, Any]:
    """Return the metadata of a row in vecd's own shape: an object, or one as JSON as `export` writes it to Parquet."""
    value = row.get(METADATA)
    if isinstance(value, str) and value:
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise RowError(f"the metadata are no JSON: {error}") from error
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise RowError(f"the metadata are {kind_of(value)}, not an object")
    found: dict[str, Any] = json_value(value)
    return found


def expiry(row: Mapping[str, object]) -> str | None:
    value = row.get(EXPIRES_AT)
    found = json_value(value)
    if value is None or value == "":
        return None
    if not isinstance(found, str):
        raise RowError(f"expires_at is {kind_of(value)}, not a time as RFC 3339")
    return found


def kind_of(value: object) -> str:
    return next((name for kind, name in KINDS if isinstance(value, kind)), f"a {type(value).__name__}")
