"""Filters: the SQL means what the naive evaluator says, and what is not of the dialect is refused with a reason."""

from collections.abc import Iterator
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.documents.attributes import attributes_of
from index.errors import FilterError
from index.filters.clauses import probe
from index.filters.parsing import parse_filter
from index.filters.selectivity import smallest_cover
from index.store.narrowing import matching
from index.store.rows import insert_attributes
from index.store.schema import migrate
from tests.index.oracle import matches

FIELDS = st.sampled_from(["a", "b", "größe", 'c"d', "x' OR 1=1 --", "", "a.b"])
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.0, 1.0, 2.5, 2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), 9.2e18, 1e300]),
)
STRINGS = st.sampled_from(["", "a", "b", "ab", "B", "é", "1", "true", "a\0b", "😀", "%", "' OR 1=1 --"])
SCALARS = st.one_of(st.booleans(), NUMBERS, STRINGS)
VALUES: st.SearchStrategy[Any] = st.one_of(
    SCALARS,
    SCALARS,
    st.none(),
    st.lists(st.one_of(SCALARS, st.none(), st.just([]), st.just({})), max_size=3),
    st.just({"inner": 1}),
)
METADATA = st.dictionaries(FIELDS, VALUES, max_size=4)
OPERATORS = st.one_of(
    SCALARS,
    st.dictionaries(st.sampled_from(["$eq", "$ne", "$contains"]), SCALARS, min_size=1),
    st.dictionaries(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), st.one_of(NUMBERS, STRINGS), min_size=1),
    st.dictionaries(st.sampled_from(["$in", "$nin"]), st.lists(SCALARS, max_size=4), min_size=1),
    st.builds(lambda flag: {"$exists": flag}, st.booleans()),
    st.dictionaries(st.sampled_from(["$prefix"]), STRINGS, min_size=1),
    st.fixed_dictionaries({"$prefix": STRINGS, "$gt": STRINGS}),
    *(st.fixed_dictionaries({"$gte": values, "$lt": values}) for values in (NUMBERS, STRINGS)),
    st.builds(lambda value: {"$not": {"$gt": value}}, NUMBERS),
)
LEAVES = st.dictionaries(FIELDS, OPERATORS, max_size=3)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"$and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"$or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"$not": part}, inner),
        st.builds(lambda part, leaf: {**leaf, "$not": part}, inner, LEAVES),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    found = apsw.Connection(":memory:")
    migrate(found)
    yield found
    found.close()


def fill(connection: apsw.Connection, documents: list[dict[str, Any]]) -> None:
    connection.execute("DELETE FROM docs; DELETE FROM attr")
    for key, metadata in enumerate(documents, 1):
        connection.execute("INSERT INTO docs (key, id, text, metadata, crc) VALUES (?, ?, '', x'', 0)", (key, str(key)))
        insert_attributes(connection, ((key, *row) for row in attributes_of(metadata)))


@pytest.mark.parametrize("examples", [100, pytest.param(600, marks=pytest.mark.e2e)])
def test_sql_and_the_naive_evaluator_agree(connection: apsw.Connection, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(documents=st.lists(METADATA, min_size=1, max_size=6), filter_=FILTERS)
    def agree(documents: list[dict[str, Any]], filter_: dict[str, Any]) -> None:
        check_agreement(connection, documents, filter_)

    agree()


def check_agreement(connection: apsw.Connection, documents: list[dict[str, Any]], filter_: dict[str, Any]) -> None:
    expected = {key for key, metadata in enumerate(documents, 1) if matches(filter_, metadata)}
    condition = parse_filter(filter_)
    connection.execute("BEGIN")
    try:
        fill(connection, documents)
        clause = probe(condition, "docs.key")
        probed = connection.execute(f"SELECT key FROM docs WHERE {clause.sql}", clause.values).fetchall()
        assert {key for (key,) in probed} == expected
        for cover in (None, smallest_cover(connection, condition, 100)):
            assert sorted(matching(connection, condition, cover).tolist()) == sorted(expected), cover
    finally:
        connection.execute("ROLLBACK")


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"a": 1}
    for _ in range(depth - 1):
        found = {"$not": found}
    return found


@pytest.mark.parametrize(
    ("filter_", "said"),
    [
        ([], "must be an object"),
        ({"$where": "1"}, r"\$where"),
        ({"a": {"$regex": "x"}}, r"\$regex is not an operator"),
        ({"a": {"b": 1}}, "b is not an operator"),
        ({"a": {}}, "has no operator"),
        ({"a": None}, r"\$exists"),
        ({"a": [1]}, r"\$in or \$contains"),
        ({"a": {"$in": 1}}, "takes a list"),
        ({"a": {"$in": [None]}}, "boolean, a number or a string"),
        ({"a": {"$gt": True}}, "booleans have no order"),
        ({"a": {"$exists": 1}}, "true or false"),
        ({"a": {"$not": 1}}, r"\$not is not an operator"),
        ({"$and": []}, "one filter at least"),
        ({"$or": {"a": 1}}, "takes a list"),
        ({"a": 2**63}, "64 bits"),
        ({"a": {"$in": [-(2**63) - 1]}}, "64 bits"),
        ({"a": float("nan")}, "not finite"),
        ({"a": {"$lt": float("inf")}}, "not finite"),
        ({"a": "\ud800"}, "not Unicode"),
        ({"\ud800": 1}, "not Unicode"),
        (nested(9), "deeper than 8"),
        ({"$and": [{"a": 1}] * 65}, "more than 64 conditions"),
        ({"$and": [{}] * 65}, "more than 64 conditions"),
        ({"$or": [{"$and": [{}] * 40}] * 2}, "more than 64 conditions"),
        ({"a": {"$in": list(range(1001))}}, "more than 1000 values"),
        ({"a": {"$in": list(range(600))}, "b": {"$nin": list(range(600))}}, "more than 1000 values"),
    ],
)
def test_what_is_not_of_the_dialect_is_refused_with_a_reason(filter_: Any, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        parse_filter(filter_)


def test_the_limits_themselves_are_allowed() -> None:
    parse_filter(nested(8))
    parse_filter({"$and": [{"a": 1}] * 64})
    parse_filter({"$and": [{}] * 64})
    parse_filter({"a": {"$in": list(range(1000))}})
    parse_filter({"a": {"$gte": -(2**63), "$lte": 2**63 - 1}})


def test_a_missing_field_matches_ne_and_nin_only(connection: apsw.Connection) -> None:
    fill(connection, [{}])
    operands = dict.fromkeys(("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains"), 1)
    conditions: dict[str, Any] = {**operands, "$in": [1], "$nin": [1], "$exists": True}
    matching = [
        operator
        for operator, operand in conditions.items()
        if connection.execute(*statement({"a": {operator: operand}})).fetchall()
    ]
    assert matching == ["$ne", "$nin"]


def statement(filter_: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    clause = probe(parse_filter(filter_), "docs.key")
    return f"SELECT docs.key FROM docs WHERE {clause.sql}", clause.values


def test_no_value_of_a_filter_stands_in_the_sql() -> None:
    clause = probe(parse_filter({"field'": "value'", "n": {"$in": [1.5, "x'"]}}), "docs.key")
    assert "'" not in clause.sql
    assert "1.5" not in clause.sql
