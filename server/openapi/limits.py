"""Bounds that a setting or the model decides, which a struct cannot declare, written into its JSON schema.

In: a schema with markers (`server/web/operations.py`, LIMITED) and the limits of one daemon. Out: one without markers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from server.contract.names import LATEST
from server.settings import Settings
from server.web.operations import LIMITED, MAX_IDS

Schema = dict[str, Any]

# The references of the document's schemas, and of that of a filter.
PLACE = "#/components/schemas/"
FILTER = f"{PLACE}vecd.Filter"
# The kinds of searches; each has its own schema, because msgspec has no union of structs.
SEARCHES = ("SearchByQuery", "SearchByVector", "SearchByLike")
# Markers of values that may neither be empty nor hold an empty value.
REFUSING_EMPTY = {"given", "given texts", "ids", "texts but one"}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one daemon; `names` are the model's own name and its aliases."""

    names: tuple[str, ...]
    prompts: tuple[str, ...]
    dimensions: int
    vocabulary: int
    max_client_batch_size: int
    max_text_bytes: int
    accept_token_ids: bool
    passage_tokens: int


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What the document needs of a model; `names` are its own name and its aliases."""

    names: Sequence[str]
    prompts: Iterable[str]
    dimensions: int
    vocabulary: int
    passage_tokens: int


def limits_of(settings: Settings, model: Model) -> Limits:
    return Limits(
        names=tuple(model.names),
        prompts=tuple(sorted(model.prompts)),
        dimensions=model.dimensions,
        vocabulary=model.vocabulary,
        max_client_batch_size=settings.max_client_batch_size,
        max_text_bytes=settings.max_text_bytes,
        accept_token_ids=settings.accept_token_ids,
        passage_tokens=model.passage_tokens,
    )


def resolve_markers(node: Any, limits: Limits) -> Any:
    """Return a copy of a schema with every marker replaced by its bounds."""
    if isinstance(node, list):
        return [resolve_markers(one, limits) for one in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: resolve_markers(value, limits) for name, value in node.items() if name != LIMITED}
    if LIMITED in node:
        found |= RULES[node[LIMITED]](found, limits)
    if "enum" in found and "default" in found and found["default"] not in found["enum"]:
        del found["default"]  # the default is none of the allowed values
    return found


def markers_of(kind: Any) -> set[str]:
    """Return the markers in the schema of a type."""
    return {marker for one in parts_of(kind) for marker in _markers(msgspec.json.schema(one))}


def parts_of(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself: msgspec has no union of two structs, or of two lists."""
    return get_args(kind) if get_origin(kind) is UnionType else (kind,)


def _markers(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if LIMITED in node:
            yield node[LIMITED]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _markers(one)


def _text(most_bytes: int, least: int = 0) -> Schema:
    # A character takes at least one byte, so the bytes bound the characters.
    bounds = {"minLength": least} if least else {}
    return {"type": "string", **bounds, "maxLength": most_bytes, "description": f"At most {most_bytes} bytes in UTF-8."}


def _given(node: Schema, limits: Limits) -> Schema:
    """One text or many, none of them empty; or token ids where they are accepted."""
    text, most = (
        _text(min(limits.max_text_bytes, node.get("maxLength", limits.max_text_bytes)), 1),
        _texts(node, limits),
    )
    node.pop("maxItems", None)
    node.pop("maxLength", None)
    ways = [text, {"type": "array", "items": text, "minItems": 1, **most}]
    if limits.accept_token_ids:
        ids = _sequence(limits)
        ways += [ids, {"type": "array", "items": ids, "minItems": 1, **most}]
    return {"anyOf": ways + [way for way in node["anyOf"] if "$ref" in way]}


def _given_or_nothing(node: Schema, limits: Limits) -> Schema:
    text = _text(limits.max_text_bytes)
    return {"anyOf": [text, {"type": "array", "items": text, **_texts(node, limits)}]}


def _sequence(limits: Limits) -> Schema:
    """The token ids of one text."""
    return {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": limits.vocabulary - 1},
        "minItems": 1,
        "maxItems": MAX_IDS,
    }


def _ids(_: Schema, limits: Limits) -> Schema:
    """The token ids of one text, or of many."""
    sequence = _sequence(limits)
    many = {"type": "array", "items": sequence, "minItems": 1, **_texts({}, limits)}
    return {"type": "array", "minItems": 1, "items": {}, "anyOf": [sequence, many]}


def _prompt(_: Schema, limits: Limits) -> Schema:
    # A model without prompts accepts none; the field's schema allows null besides this.
    return {"enum": list(limits.prompts)} if limits.prompts else {"type": "null"}


def _model(_: Schema, limits: Limits) -> Schema:
    return {"enum": [*limits.names, *(name + LATEST for name in limits.names)]}


def _filter(node: Schema, _: Limits) -> Schema:
    node.clear()
    return {"$ref": FILTER}


def _searches(_: Schema, limits: Limits) -> Schema:
    ways = [{"$ref": f"{PLACE}vecd.{name}"} for name in SEARCHES]
    return {"maxItems": limits.max_client_batch_size, "items": {"anyOf": ways}}


def _texts(node: Schema, limits: Limits) -> Schema:
    return {"maxItems": min(limits.max_client_batch_size, node.get("maxItems", limits.max_client_batch_size))}


RULES: dict[str, Callable[[Schema, Limits], Schema]] = {
    "text": lambda _, limits: _text(limits.max_text_bytes),
    "given": _given,
    "given texts": lambda node, limits: _given(node, msgspec.structs.replace(limits, accept_token_ids=False)),
    "given, or nothing": _given_or_nothing,
    "ids": _ids,
    "texts": _texts,
    "half": lambda _, limits: {
        "maxItems": limits.max_client_batch_size,
        "description": f"Both lists together have at most {limits.max_client_batch_size} texts.",
    },
    "texts but one": lambda _, limits: {"minItems": 1, "maxItems": limits.max_client_batch_size - 1},
    "dimensions": lambda _, limits: {"maximum": limits.dimensions},
    "prompt": _prompt,
    "vector": lambda _, limits: {"minItems": limits.dimensions, "maxItems": limits.dimensions},
    "model": _model,
    "passage tokens": lambda _, limits: {"maximum": limits.passage_tokens},
    "half a passage": lambda _, limits: {"maximum": limits.passage_tokens // 2},
    "filter": _filter,
    "filter of something": lambda node, limits: _filter(node, limits) | {"minProperties": 1},
    "searches": _searches,
}
