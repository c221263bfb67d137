"""What clients asked and were answered: operations on documents, each with the time in which it took effect.

A document is its seed, of which its text is made, and two fields of its metadata that are patched apart.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

Kind = Literal["put", "patch", "delete", "read"]


class Value(msgspec.Struct, frozen=True):
    seed: int
    a: int | None = None
    b: int | None = None


State: TypeAlias = tuple[Value | None, ...]  # of the documents of a group, in the order of its ids
# What an operation told: the documents that it read or patched, or how many it deleted.
Result: TypeAlias = State | int | None


class Operation(msgspec.Struct, frozen=True):
    """It took effect at one moment between `began_ns` and `ended_ns`.

    `put` writes a document of each id, with the seeds of `numbers`; `patch` sets `field` of one to its number; `delete`
    and `read` are of all ids. Where `known` is false nobody was answered: it took effect until `ended_ns`, or never.
    """

    kind: Kind
    ids: tuple[str, ...]
    began_ns: int
    ended_ns: int
    numbers: tuple[int, ...] = ()
    field: Literal["a", "b"] = "a"
    result: Result = None
    known: bool = True
    client: int = 0


def apply(operation: Operation, state: State, places: dict[str, int]) -> tuple[State, Result]:
    """Return what documents are after an operation, all at once, and what it tells; `places` are those of the ids."""
    held = [state[places[id_]] for id_ in operation.ids]
    match operation.kind:
        case "read":
            return state, tuple(held)
        case "put":
            return changed(state, operation, places, [Value(seed) for seed in operation.numbers]), None
        case "delete":
            gone = changed(state, operation, places, [None] * len(held))
            return gone, sum(one is not None for one in held)
    one = held[0]
    if one is None:
        return state, (None,)
    patched = msgspec.structs.replace(one, **{operation.field: operation.numbers[0]})
    return changed(state, operation, places, [patched]), (patched,)


def changed(state: State, operation: Operation, places: dict[str, int], values: Iterable[Value | None]) -> State:
    found = list(state)
    for id_, value in zip(operation.ids, values, strict=True):
        found[places[id_]] = value
    return tuple(found)
