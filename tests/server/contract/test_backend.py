"""What the interface promises by its form: structs and plain values, nothing that could not be sent."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
import pytest

from server.backend import LocalBackend
from server.contract.backend import Backend

CALLS = [name for name in vars(Backend) if not name.startswith("_")]
# UNSET is sent by leaving a field out.
PLAIN = {str, int, float, bool, bytes, type(None), object, msgspec.UnsetType}
STREAMS = {AsyncIterator, AsyncGenerator}


def unsendable(kind: Any, seen: frozenset[Any] = frozenset()) -> list[Any]:
    """Return the parts of a type that are neither plain values, nor structs of them, nor rows."""
    if kind in PLAIN or kind in seen or getattr(kind, "__name__", "") == "datetime":
        return []
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = [field.type for field in msgspec.structs.fields(kind)]
        return [bad for field in fields for bad in unsendable(field, seen | {kind})]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is np.ndarray or origin is Literal:
        return []
    if origin in {list, tuple, dict, Sequence, Union, UnionType, *STREAMS}:
        return [bad for one in inner if one is not Ellipsis for bad in unsendable(one, seen)]
    return [kind]


@pytest.mark.parametrize("name", CALLS)
def test_nothing_in_the_interface_is_any_or_a_callback(name: str) -> None:
    member = getattr(Backend, name)
    hints = get_type_hints(member.fget if isinstance(member, property) else member)
    assert hints
    for part, kind in hints.items():
        assert unsendable(kind) == [], (name, part)


@pytest.mark.parametrize("name", CALLS)
def test_the_backend_of_this_process_has_every_call_with_the_same_parameters(name: str) -> None:
    wanted, has = getattr(Backend, name), getattr(LocalBackend, name)
    if isinstance(wanted, property):
        assert isinstance(has, property)
    else:
        assert inspect.signature(has) == inspect.signature(wanted)


@pytest.mark.parametrize("kind", [Any, type(print), dict[str, Any], list[type(len)]])  # type: ignore[misc]
def test_what_cannot_be_sent_is_seen(kind: Any) -> None:
    assert unsendable(kind) != []
