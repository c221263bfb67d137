"""The checker of histories finds what no order explains, and nothing else: it agrees with a trial of all orders."""

import itertools
import random
from collections.abc import Sequence

import pytest

from tests.index.linearizability.checker import check, groups
from tests.index.linearizability.history import Operation, State, Value, apply

X, XY = ("x",), ("x", "y")
ONE, TWO = Value(1), Value(2)


def put(began: int, ended: int, *numbers: int, ids: tuple[str, ...] = X, known: bool = True) -> Operation:
    return Operation("put", ids, began, ended, numbers, known=known)


def read(began: int, ended: int, *values: Value | None, ids: tuple[str, ...] = X) -> Operation:
    return Operation("read", ids, began, ended, result=values)


def delete(began: int, ended: int, count: int, ids: tuple[str, ...] = X) -> Operation:
    return Operation("delete", ids, began, ended, result=count)


def patch(began: int, ended: int, field: str, number: int, result: Value | None) -> Operation:
    assert field in {"a", "b"}
    return Operation("patch", X, began, ended, (number,), "a" if field == "a" else "b", (result,))


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([put(0, 1, 1), read(2, 3, ONE)], id="what was written is read"),
        pytest.param([put(0, 5, 1), read(1, 2, None), read(3, 4, ONE)], id="a write takes effect while it lasts"),
        pytest.param([put(0, 9, 1), put(0, 9, 2), read(1, 2, TWO), read(3, 4, ONE)], id="in either order"),
        pytest.param([put(0, 9, 1, known=False), read(2, 3, None), read(4, 5, ONE)], id="unknown, later"),
        pytest.param([put(0, 9, 1, known=False), read(10, 11, None)], id="unknown, never"),
        pytest.param([put(0, 1, 1), patch(2, 9, "a", 3, Value(1, 3)), patch(2, 9, "b", 4, Value(1, 3, 4))], id="both"),
        pytest.param([put(0, 5, 1, 2, ids=XY), read(1, 2, None), read(3, 4, ONE)], id="a batch of which one is read"),
    ],
)
def test_a_history_that_some_order_explains_is_accepted(history: list[Operation]) -> None:
    assert check(history) == []


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([put(0, 1, 1), read(2, 3, None)], id="a lost write"),
        pytest.param([put(0, 1, 1), put(2, 3, 2), read(4, 5, ONE)], id="a stale read"),
        pytest.param([put(0, 9, 1), read(1, 2, ONE), read(3, 4, None)], id="read, and then not"),
        pytest.param([put(0, 1, 1), delete(2, 3, 1), read(4, 5, ONE)], id="a document back from the dead"),
        pytest.param([put(0, 3, 1, known=False), read(4, 5, None), read(6, 7, ONE)], id="a dead write comes back"),
        pytest.param([read(0, 1, ONE)], id="what nobody wrote"),
        pytest.param([put(0, 1, 1), delete(2, 9, 1), delete(2, 9, 1)], id="deleted twice"),
        pytest.param(
            [put(0, 1, 1), patch(2, 9, "a", 3, Value(1, 3)), patch(2, 9, "b", 4, Value(1, b=4))], id="a lost patch"
        ),
        pytest.param([put(0, 9, 1, 2, ids=XY), read(1, 2, ONE, None, ids=XY)], id="half a batch in one read"),
        pytest.param(
            [put(0, 9, 1, 1, ids=XY), read(1, 2, ONE), read(3, 4, None, ids=("y",))], id="half a batch in two reads"
        ),
        pytest.param(
            [put(0, 4, 1, 1, ids=XY, known=False), read(5, 6, ONE), read(5, 6, None, ids=("y",))], id="half, at a kill"
        ),
    ],
)  # fmt: skip
def test_a_history_that_no_order_explains_is_refused(history: list[Operation]) -> None:
    assert len(check(history)) == 1


def test_documents_that_nothing_joins_are_checked_apart() -> None:
    history = [put(0, 1, 1), put(0, 1, 1, 2, ids=("y", "z")), read(2, 3, None, ids=("w",)), read(2, 3, ONE, ids=("y",))]
    assert [{id_ for one in group for id_ in one.ids} for group in groups(history)] == [{"x"}, {"y", "z"}, {"w"}]


def test_it_agrees_with_a_trial_of_all_orders() -> None:
    random_, seen = random.Random(1), {True: 0, False: 0}
    for _ in range(3000):
        history = [made_up(random_) for _ in range(random_.randint(2, 5))]
        joined = [read(100, 101, *tried, ids=XY) for tried in [random_.choices([None, ONE, TWO], k=2)]]
        expected = explained(history + joined)
        assert (check(history + joined) == []) is expected, history + joined
        seen[expected] += 1
    assert min(seen.values()) > 200, seen


def made_up(random_: random.Random) -> Operation:
    began = random_.randrange(10)
    ended, known = began + random_.randint(1, 8), random_.random() < 0.8
    ids: tuple[str, ...] = random_.choice([X, ("y",), XY])
    kind = random_.choice(["put", "put", "read", "delete"])
    if kind == "put":
        return put(began, ended, *random_.choices([1, 2], k=len(ids)), ids=ids, known=known)
    if kind == "delete":
        return delete(began, ended, random_.randint(0, len(ids)), ids=ids)
    return read(began, ended, *random_.choices([None, ONE, TWO], k=len(ids)), ids=ids)


def explained(history: Sequence[Operation]) -> bool:
    """Try every order of every subset that leaves out only what nobody knows of."""
    places = {"x": 0, "y": 1}
    certain, doubtful = [one for one in history if one.known], [one for one in history if not one.known]
    for count in range(len(doubtful) + 1):
        for some in itertools.combinations(doubtful, count):
            if any(in_order(order, places) for order in itertools.permutations([*certain, *some])):
                return True
    return False


def in_order(order: Sequence[Operation], places: dict[str, int]) -> bool:
    state: State = (None, None)
    latest = 0
    for operation in order:
        latest = max(latest, operation.began_ns)
        if operation.ended_ns < latest:
            return False
        state, told = apply(operation, state, places)
        if operation.known and told != operation.result:
            return False
    return True
