"""Large bodies decoded in steps, between which other threads run: msgspec holds the interpreter lock while it decodes.

First the outline, in which the elements of lists of structs, objects of any fields and lists of numbers are bytes; then
each of these by itself, once it is known not to be too large. The struct is the same as in one step.
"""

import types
import typing
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, TypeVar, Union, cast

import msgspec

from server.contract.errors import DocumentError, FilterError, InvalidInputError, ServerError, VectorError
from server.web.aside import give_way

T = TypeVar("T")
Decode = Callable[..., Any]

# The most bytes of what has any fields, as metadata (64 KiB at most) and filters, or is a list of numbers: some
# milliseconds, or ten for numbers of two bytes.
MOST_BYTES = 1 << 20
# As the index tells what is too large and reaches it.
TOO_LARGE: Mapping[str, type[ServerError]] = {
    "metadata": DocumentError,
    "filter": FilterError,
    "vector": VectorError,
}


class Outline(msgspec.Struct, frozen=True):
    """A struct in which some fields are bytes; by the name of a field, the type of it or of its elements."""

    kind: type
    objects: Mapping[str, Any]
    lists: Mapping[str, type]


def decode_in_steps(decode: Decode, body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Decode a body with msgspec's `decode` of JSON or MessagePack.

    Raises:
        DocumentError, FilterError, VectorError, InvalidInputError: an object or a list of numbers is too large.
        msgspec.ValidationError, msgspec.DecodeError: as those of `decode`, with the place in the whole body.
    """
    outline = outline_of(cast("Hashable", kind))
    if outline is None:
        found: T = decode(body, type=kind)
        return found
    shell = decode(body, type=outline.kind)
    values = {field: getattr(shell, field) for field in shell.__struct_fields__}
    for field, wanted in outline.objects.items():
        if isinstance(raw := values[field], msgspec.Raw):
            check_size(raw, field)
            values[field] = _placed(decode, raw, wanted, f".{field}")
    for field, element in outline.lists.items():
        # One after the other, so that the bytes of one are not needed any more when the next one is decoded.
        values[field] = [_placed(decode, raw, element, f".{field}[{index}]") for index, raw in enumerate(values[field])]
    return kind(**values)


@cache
def outline_of(kind: Hashable) -> Outline | None:
    """Return the outline of a struct that has a field which takes a step of its own; None for all other types."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    objects = {name: hint for name, hint in hints.items() if _is_object(hint) or _is_numbers(hint)}
    lists = {name: element for name, hint in hints.items() if (element := _element(hint)) is not None}
    if not (objects or lists) or any(one.name != one.encode_name for one in msgspec.structs.fields(kind)):
        return None
    fields = [
        (one.name, _outlined(one.name, hints[one.name], objects, lists), _default(one))
        for one in msgspec.structs.fields(kind)
    ]
    config = kind.__struct_config__
    return Outline(
        msgspec.defstruct(
            kind.__name__,
            [(name, hint) if default is msgspec.NODEFAULT else (name, hint, default) for name, hint, default in fields],
            forbid_unknown_fields=config.forbid_unknown_fields,
            kw_only=True,
        ),
        objects,
        lists,
    )


def check_size(raw: msgspec.Raw, field: str) -> None:
    """Raise one of TOO_LARGE, or InvalidInputError, where a field is too large to be decoded in one step."""
    size = len(memoryview(raw))
    if size > MOST_BYTES:
        message = f"{field} takes {size} bytes, more than any that is valid"
        raise TOO_LARGE.get(field, InvalidInputError)(message)


def _placed(decode: Decode, raw: msgspec.Raw, wanted: Any, place: str) -> Any:
    give_way()
    try:
        return decode_in_steps(decode, raw, wanted)
    except msgspec.ValidationError as error:
        message, found, inner = str(error).rpartition(" - at `$")
        text = f"{message} - at `${place}{inner}" if found else f"{error} - at `${place}`"
        raise msgspec.ValidationError(text) from error
    except msgspec.DecodeError as error:
        message = f"{error}, in `${place}`"
        raise msgspec.DecodeError(message) from error


def _outlined(name: str, hint: Any, objects: Mapping[str, Any], lists: Mapping[str, type]) -> Any:
    if name in objects:
        return msgspec.Raw
    return list[msgspec.Raw] if name in lists else hint


def _bare(hint: Any) -> Any:
    """Return a type without annotations."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def _default(one: msgspec.structs.FieldInfo) -> Any:
    if one.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=one.default_factory)
    return one.default


def _plain(hint: Any) -> Any:
    """Return a type without annotations and without None; a union of several others as it is."""
    hint = _bare(hint)
    if typing.get_origin(hint) in (Union, types.UnionType):
        others = [one for one in typing.get_args(hint) if one is not type(None)]
        return _plain(others[0]) if len(others) == 1 else hint
    return hint


def _is_object(hint: Any) -> bool:
    return typing.get_origin(_plain(hint)) is dict


def _is_numbers(hint: Any) -> bool:
    plain = _plain(hint)
    return typing.get_origin(plain) is list and _plain(typing.get_args(plain)[0]) in (int, float)


def _element(hint: Any) -> type | None:
    plain = _bare(hint)
    if typing.get_origin(plain) is not list:
        return None
    element = _plain(typing.get_args(plain)[0])
    return element if isinstance(element, type) and issubclass(element, msgspec.Struct) else None
