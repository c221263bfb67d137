"""Ranges and prefixes: they mean what the naive evaluator says, and leave no more rows to look at than are in them."""

import random
from collections.abc import Iterator
from typing import Any

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.documents.attributes import NUMBER, STRING
from index.errors import FilterError
from index.filters.parsing import parse_filter
from index.filters.ranges import successor
from index.filters.selectivity import smallest_cover
from index.filters.tree import Comparison, Every, Range
from index.store.narrowing import matching
from index.store.rows import insert_attributes
from index.store.schema import migrate
from tests.index.oracle import matches

LETTERS = ("a", "/", "\ud7ff", "\ue000", "\U0010ffff", "\U0010fffe", "\0", "é", "😀")
PATHS = st.text(st.sampled_from(LETTERS), max_size=4)


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    found = apsw.Connection(":memory:")
    migrate(found)
    yield found
    found.close()


def fill(connection: apsw.Connection, documents: list[dict[str, Any]]) -> None:
    for key, metadata in enumerate(documents, 1):
        connection.execute("INSERT INTO docs (key, id, text, metadata, crc) VALUES (?, ?, '', x'', 0)", (key, str(key)))
        insert_attributes(connection, ((key, "", 0, 0), *((key, field, *one) for field, one in kinds(metadata))))


def kinds(metadata: dict[str, Any]) -> list[tuple[str, tuple[int, Any]]]:
    return [(field, (STRING if isinstance(value, str) else NUMBER, value)) for field, value in metadata.items()]


def found(connection: apsw.Connection, filter_: dict[str, Any]) -> tuple[list[int], int]:
    """The documents that match, by number from 0, and how many rows their cover has."""
    condition = parse_filter(filter_)
    cover = smallest_cover(connection, condition, 1_000)
    assert cover is not None
    return [key - 1 for key in matching(connection, condition, cover).tolist()], cover.rows


@given(PATHS, PATHS)
@example("", "")
@example("\ud7ff", "\ue000")
@example("a\U0010ffff", "b")
@example("\U0010ffff", "\U0010ffff\U0010ffff")
def test_a_prefix_is_the_range_up_to_its_successor(prefix: str, text: str) -> None:
    end = successor(prefix)
    assert text.startswith(prefix) == (prefix <= text and (end is None or text < end))
    assert (end is None) == (not prefix.strip("\U0010ffff"))
    if end is not None:
        assert prefix < end
        end.encode()  # which no surrogate can be


def test_prefixes_find_what_begins_so_and_count_no_other_row(connection: apsw.Connection) -> None:
    random_ = random.Random(1)
    paths = ["".join(random_.choices(LETTERS, k=random_.randint(0, 4))) for _ in range(400)]
    fill(connection, [{"path": path, "n": place} for place, path in enumerate(paths)])
    for prefix in {*random_.sample(paths, 60), *LETTERS, ""}:
        expected = [place for place, path in enumerate(paths) if path.startswith(prefix)]
        assert found(connection, {"path": {"$prefix": prefix}}) == (expected, len(expected)), ascii(prefix)
    assert found(connection, {"n": {"$prefix": ""}}) == ([], 0)


DAYS = [
    f"2026-{month:02}-{day:02}T{hour:02}:30:00Z" for month in range(1, 13) for day in (1, 15, 28) for hour in (0, 23)
]


@pytest.mark.parametrize(
    "bounds",
    [
        {"$gte": "2026-03-01", "$lt": "2026-04-01"},
        {"$gt": "2026-03-01T00:30:00Z", "$lte": "2026-03-15T00:30:00Z"},
        {"$lt": "2026-02", "$gte": "2026-01-28T12"},
        {"$gte": "2026-12-31", "$lt": "2027-01-01"},
        {"$gte": "2026-05-01", "$lt": "2026-04-01"},
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_dates_compare_as_strings_and_two_bounds_leave_the_rows_between_them(
    connection: apsw.Connection, bounds: dict[str, str], apart: bool
) -> None:
    documents = [{"date": day, "n": place} for place, day in enumerate(DAYS)]
    fill(connection, documents)
    filter_ = {"$and": [{"date": {name: bound}} for name, bound in bounds.items()]} if apart else {"date": bounds}
    expected = [place for place, metadata in enumerate(documents) if matches({"date": bounds}, metadata)]
    assert found(connection, filter_) == (expected, len(expected))
    left, rows = found(connection, {"n": {"$gte": 0}, **filter_})
    assert (left, rows) == (expected, len(expected))


def test_bounds_of_one_field_and_kind_alone_make_a_range() -> None:
    low, high = Comparison("a", NUMBER, ">", (1,)), Comparison("a", NUMBER, "<=", (2,))
    between = Range("a", NUMBER, ">", 1, "<=", 2)
    assert between.bounds == (low, high)
    assert parse_filter({"a": {"$gt": 1, "$lte": 2}}) == between
    assert parse_filter({"a": {"$lte": 2, "$gt": 1}}) == between
    assert parse_filter({"a": {"$gt": 1, "$lte": 2, "$gte": 0}}) == Every(
        (between, Comparison("a", NUMBER, ">=", (0,)))
    )
    assert parse_filter({"$and": [{"a": {"$gt": 1}}, {"b": 1}, {"a": {"$lte": 2}}]}) == Every(
        (between, Comparison("b", NUMBER, "=", (1,)))
    )
    for kept in (
        {"a": {"$gt": 1}, "b": {"$lt": 2}},
        {"a": {"$gt": 1, "$lt": "2"}},
        {"a": {"$gt": 1, "$gte": 2}},
        {"a": {"$gt": 1, "$eq": 2}},
        {"$and": [{"a": {"$gt": 1}}, {"$not": {"a": {"$lt": 2}}}]},
    ):
        condition = parse_filter(kept)
        assert isinstance(condition, Every)
        assert len(condition.parts) == 2


@pytest.mark.parametrize("given_", [1, True, None, ["a"], {"a": 1}, "\ud800"])
def test_what_is_no_text_is_no_prefix(given_: object) -> None:
    with pytest.raises(FilterError):
        parse_filter({"a": {"$prefix": given_}})
