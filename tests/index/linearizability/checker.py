"""Is there an order in which a history's operations may have taken effect, each between its call and its answer?

Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with Lowe's just-in-time linearization ("Testing for
linearizability", 2017): all states that are possible are carried from answer to answer, and an operation is put in
place no sooner than an answer needs it. Documents that no operation joins are checked apart (Herlihy and Wing, 1990:
linearizability is local).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from tests.index.linearizability.history import Operation, State, apply

# A state that documents may be in, and which of the operations in progress have taken effect in it.
Possible: TypeAlias = tuple[State, frozenset[int]]


class Fault(msgspec.Struct, frozen=True):
    """An answer that no order explains: what could be instead, and what was in progress."""

    operation: Operation
    states: list[State]
    beside: list[Operation]

    def __str__(self) -> str:
        lines = [f"no order explains {self.operation}", "possible before it:", *map(str, self.states)]
        return "\n  ".join([*lines, "in progress:", *map(str, self.beside)])


def check(history: Iterable[Operation]) -> list[Fault]:
    """Return the first fault of each group of documents; none is there at the start of a history."""
    return [fault for group in groups(history) if (fault := check_group(group)) is not None]


def groups(history: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Divide operations into groups whose documents no operation joins."""
    parent: dict[str, str] = {}

    def root(id_: str) -> str:
        while parent.setdefault(id_, id_) != id_:
            id_ = parent[id_]
        return id_

    operations = list(history)
    for operation in operations:
        for id_ in operation.ids[1:]:
            parent[root(id_)] = root(operation.ids[0])
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(root(operation.ids[0]), []).append(operation)
    yield from found.values()


def check_group(operations: Sequence[Operation]) -> Fault | None:
    """Return the first answer that no order explains, or None."""
    places = {id_: place for place, id_ in enumerate(sorted({id_ for one in operations for id_ in one.ids}))}
    # Of a call and an answer at one instant the call comes first: it may have been in time.
    events = sorted(
        event
        for number, one in enumerate(operations)
        for event in ((one.began_ns, 0, number), (one.ended_ns, 1, number))
    )
    possible: set[Possible] = {((None,) * len(places), frozenset())}
    pending: dict[int, Operation] = {}
    for _, ends, number in events:
        if not ends:
            pending[number] = operations[number]
            continue
        after = settled(possible, pending, number, places)
        if not after:
            states = sorted({state for state, _ in possible}, key=repr)
            beside = [one for other, one in pending.items() if other != number]
            return Fault(operations[number], states, beside)
        possible = after
        del pending[number]
    return None


def settled(
    possible: set[Possible], pending: dict[int, Operation], number: int, places: dict[str, int]
) -> set[Possible]:
    """Return what is possible once an operation has ended: it took effect, or, if nobody knows, perhaps not."""
    found: set[Possible] = set()
    seen, left = set(possible), list(possible)
    while left:
        state, done = left.pop()
        if number in done:
            found.add((state, done - {number}))
            continue
        if not pending[number].known:
            found.add((state, done))
        for other, operation in pending.items():
            if other in done:
                continue
            after, told = apply(operation, state, places)
            one = (after, done | {other})
            if (told == operation.result or not operation.known) and one not in seen:
                seen.add(one)
                left.append(one)
    return found
