"""Random metadata and random filters over them, the same for the same seed.

Values come from few, so that filters meet them; among them are those that look alike and are of different kinds. All
of it is vecd's dialect; what is made with `whole` false means the same in chromadb's.
"""

import random
from typing import Any

INTEGERS = (-3, -1, 0, 1, 2, 3, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
INTEGRAL = (-1.0, -0.0, 1.0, 2.0)
FLOATS = (*INTEGRAL, 0.5, 2.5, float(2**53), 1e300, -9.2e18)
FRACTIONS = (-0.5, 0.5, 2.5)
STRINGS = ("", "a", "b", "ab", "B", "é", "1", "true", "a\0b", "😀", "%", "' OR 1=1 --")
BOOLEANS = (True, False)
LISTS: tuple[tuple[Any, ...], ...] = (INTEGERS, FRACTIONS, STRINGS, BOOLEANS)
ODD: tuple[Any, ...] = (None, [], {}, [[]], [1, "1"], [None], [1.0, True], {"inner": 1})
EQUALITIES, ORDERS, SETS = ("$eq", "$ne"), ("$gt", "$gte", "$lt", "$lte"), ("$in", "$nin")
# chromadb cuts off a fraction before it compares it with an integer, so no field has both where it is to agree.
NUMBERS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "a": (INTEGERS, INTEGRAL),
    "b": (INTEGERS, INTEGRAL),
    "c": (FLOATS,),
    "größe": (FLOATS,),
    "x' OR 1=1 --": (INTEGERS, INTEGRAL),
}
FIELDS = tuple(NUMBERS)

Filter = dict[str, Any]
Metadata = dict[str, Any]


def numbers(field: str, whole: bool) -> tuple[tuple[Any, ...], ...]:
    return (INTEGERS, FLOATS) if whole else NUMBERS[field]


def pool(random_: random.Random, field: str, whole: bool) -> tuple[Any, ...]:
    """Values of one kind that the field may have."""
    return random_.choice((*numbers(field, whole), STRINGS, BOOLEANS))


def metadata(random_: random.Random, whole: bool) -> Metadata:
    """What a document may say of itself."""
    made: Metadata = {}
    for field in random_.sample(FIELDS, random_.randint(0, 4)):
        kind = random_.random()
        if kind < 0.25:
            made[field] = random_.choices(random_.choice(LISTS), k=random_.randint(1, 3))
        elif whole and kind < 0.4:
            made[field] = random_.choice(ODD)
        else:
            made[field] = random_.choice(pool(random_, field, whole))
    return made


def filter_(random_: random.Random, whole: bool, depth: int = 3) -> Filter:
    """A filter of the whole dialect, or of the part of it that can be said in chromadb's."""
    kind = random_.random()
    if depth > 1 and kind < 0.45:
        parts = [filter_(random_, whole, depth - 1) for _ in range(random_.randint(1, 3))]
        logic: Filter = {random_.choice(("$and", "$or")): parts}
        return logic | (condition(random_, whole, True) if random_.random() < 0.3 else {})
    if depth > 1 and kind < 0.6:
        return {"$not": filter_(random_, whole, depth - 1) if whole else condition(random_, whole, False)}
    return condition(random_, whole, True)


def condition(random_: random.Random, whole: bool, ordered: bool) -> Filter:
    """One to three fields, each with what it must meet."""
    fields = random_.sample(FIELDS, random_.choice((1, 1, 1, 2, 3)))
    return {field: demand(random_, field, whole, ordered) for field in fields}


def demand(random_: random.Random, field: str, whole: bool, ordered: bool) -> Any:
    """A bare value, or one or two operators."""
    kind = random_.random()
    if kind < 0.2:
        return random_.choice(pool(random_, field, whole))
    found: Filter = {}
    for _ in range(random_.choice((1, 1, 2))):
        found |= operator(random_, field, whole, ordered)
    return found


def operator(random_: random.Random, field: str, whole: bool, ordered: bool) -> Filter:
    """One operator and what it takes."""
    names = [*EQUALITIES, *SETS, "$contains", "$not"]
    names += [*ORDERS] if ordered else []
    names += ["$exists", "$exists", "$prefix"] if whole else []
    name = random_.choice(names)
    if name == "$not":
        inner = operator(random_, field, whole, whole and ordered)
        return inner if "$not" in inner else {"$not": inner}
    return {name: operand(random_, field, name, whole)}


def operand(random_: random.Random, field: str, name: str, whole: bool) -> Any:
    """What an operator takes: of the whole dialect, or what chromadb takes too."""
    if name == "$exists":
        return random_.random() < 0.5
    if name in ORDERS:
        return random_.choice(random_.choice((*numbers(field, whole), *([STRINGS] if whole else []))))
    if name == "$prefix":
        return random_.choice(STRINGS)
    if name in SETS and whole:
        return [random_.choice(pool(random_, field, whole)) for _ in range(random_.randint(0, 4))]
    if name in SETS:
        return random_.choices(pool(random_, field, whole), k=random_.randint(1, 4))
    return random_.choice(random_.choice(LISTS) if name == "$contains" else pool(random_, field, whole))
