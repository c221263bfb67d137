"""Columns of any table: which are id, text and vector, what becomes of the others."""

import datetime
import decimal
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from index.sources.records import BadRow, Reading, Record, SourceError
from index.sources.tables import plan_of, record_of
from index.sources.values import fields_of
from tests.index.sources.files import only, refusal, written


def of(row: dict[str, Any], reading: Reading | None = None) -> Record:
    found = record_of(row, 1, plan_of(row, reading or Reading()))
    assert isinstance(found, Record), found
    return found


def reason(row: dict[str, Any], reading: Reading | None = None) -> str:
    found = record_of(row, 1, plan_of(row, reading or Reading()))
    assert isinstance(found, BadRow), found
    return found.reason


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["body", "content", "text"], "text"),
        (["summary", "Body"], "Body"),
        (["TEXT", "text"], "text"),
        (["abstract", "description"], "description"),
    ],
)
def test_the_surest_of_the_usual_names_is_the_text(names: list[str], text: str) -> None:
    assert plan_of(names, Reading()).texts == (text,)


def test_a_table_without_a_usual_name_is_told_with_its_columns_and_the_option() -> None:
    with pytest.raises(SourceError, match="--text-field; its columns are a, b"):
        plan_of(["a", "b"], Reading())
    with pytest.raises(SourceError, match=r"its columns are c0, .*, c29, …$"):
        plan_of([f"c{n}" for n in range(100)], Reading())
    with pytest.raises(SourceError, match=r"its columns are c{100}, d$"):
        plan_of(["c" * 10**6, "d"], Reading())


@pytest.mark.parametrize(
    "reading", [Reading(text_fields=("text", "x")), Reading(id_field="x"), Reading(vector_field="x")]
)
def test_a_named_column_that_is_not_there_is_told(reading: Reading) -> None:
    with pytest.raises(SourceError, match="has no column x; its columns are text, b"):
        plan_of(["text", "b"], reading)


def test_several_texts_are_joined_by_an_empty_line_and_those_without_anything_left_out() -> None:
    reading = Reading(text_fields=("title", "body", "n"))
    found = of({"title": "T", "body": " ", "n": 5, "text": "other"}, reading)
    assert (found.text, found.metadata) == ("T\n\n5", {"text": "other"})


def test_numbers_are_text_in_a_named_column_alone() -> None:
    assert of({"text": 5}, Reading(text_fields=("text",))).text == "5"
    assert reason({"text": 5}) == "text is a number, not text"
    assert reason({"text": True}, Reading(text_fields=("text",))) == "text is a boolean, not text"
    assert reason({"text": ["x"]}) == "text is a list, not text"


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_text_that_is_missing_is_told(value: str | None) -> None:
    assert reason({"text": value, "b": 1}) == "the text is missing (text)"


def test_ids_are_text_or_integers() -> None:
    assert of({"id": 7, "text": "x"}).id == "7"
    assert of({"ID": "007", "text": "x"}).id == "007"
    assert of({"key": -1, "id": "a", "text": "x"}, Reading(id_field="key")) == Record("x", {"id": "a"}, "-1", 1)
    for value in (1.5, True, ["a"]):
        assert reason({"id": value, "text": "x"}).endswith("neither text nor an integer")


def test_an_id_may_be_missing_unless_its_column_is_named() -> None:
    for value in (None, ""):
        assert of({"id": value, "text": "x"}).id is None
        assert reason({"id": value, "text": "x"}, Reading(id_field="id")) == "the id is missing (id)"


def test_a_column_of_ids_can_be_the_text() -> None:
    assert of({"id": "x", "b": 1}, Reading(text_fields=("id",))) == Record("x", {"b": 1}, None, 1)


def test_vectors_are_read_from_the_named_column() -> None:
    reading = Reading(vector_field="emb")
    assert of({"text": "x", "emb": [1, 0.5]}, reading) == Record("x", {}, None, 1, [1.0, 0.5])
    assert of({"text": "x", "emb": "[1, 0.5]"}, reading).vector == [1.0, 0.5]
    assert of({"text": "x", "emb": None}, reading).vector is None


@pytest.mark.parametrize(
    "value", [[], ["a"], [True], [float("nan")], [10**400], [1e39], {"a": 1}, 5, "5", "[1", "[[1]]"]
)
def test_what_is_no_vector_is_told(value: object) -> None:
    assert reason({"text": "x", "emb": value}, Reading(vector_field="emb")).startswith("the vector (emb) is ")


def test_embeddings_that_nobody_asked_for_are_no_metadata() -> None:
    row = {"text": "x", "emb": [0.5] * 64, "short": [0.5] * 63, "counts": [1] * 64}
    assert of(row).metadata == {"short": [0.5] * 63, "counts": [1] * 64}


def test_rows_in_vecds_own_shape_give_their_metadata_as_they_are() -> None:
    row = {
        "id": "a",
        "text": "x",
        "metadata": {"k": None, "deep": [{"n": 1}]},
        "vector": [1.0],
        "passages": [],
        "expires_at": "2026-11-29T21:40:00Z",
    }
    assert of(row) == Record("x", {"k": None, "deep": [{"n": 1}]}, "a", 1, None, "2026-11-29T21:40:00Z")
    assert of({"text": "x", "metadata": '{"k": 1}'}).metadata == {"k": 1}
    assert of({"text": "x", "metadata": None}).metadata == {}
    assert of({"id": 1, "text": "x", "vector": [1, 2]}, Reading(vector_field="vector")).vector == [1.0, 2.0]


def test_rows_with_another_column_keep_what_is_called_metadata_as_a_field() -> None:
    assert of({"text": "x", "metadata": {"k": 1}, "lang": "de"}).metadata == {"metadata": {"k": 1}, "lang": "de"}


def test_what_is_wrong_with_an_own_shape_is_told() -> None:
    assert reason({"text": "x", "metadata": [1]}) == "the metadata are a list, not an object"
    assert reason({"text": "x", "metadata": "{"}).startswith("the metadata are no JSON")
    assert reason({"text": "x", "expires_at": 5}) == "expires_at is a number, not a time as RFC 3339"


def test_values_become_json() -> None:
    utc = datetime.timezone.utc  # noqa: UP017 - as libraries hand it out
    found = fields_of(
        {
            "null": None,
            "nan": float("nan"),
            "infinite": float("-inf"),
            "bytes": b"x",
            "set": {1},
            "moment": datetime.datetime(2026, 11, 29, 21, 40, 0, 500000, utc),
            "naive": datetime.datetime(2026, 11, 29, 21, 40),
            "day": datetime.date(2026, 11, 29),
            "time": datetime.time(21, 40),
            "span": datetime.timedelta(minutes=1.5),
            "price": decimal.Decimal("19.90"),
            "whole": decimal.Decimal("5.00"),
            "exact": decimal.Decimal("0.12345678901234567890123"),
            "not a number": decimal.Decimal("NaN"),
            "uuid": uuid.UUID(int=5),
            "huge": 2**63,
            "least": -(2**63),
            "list": [1, None, float("nan"), (b"", "x")],
            "object": {"a": None, "b": float("nan"), 3: "three", False: 0, None: 1},
        }
    )
    assert found == {
        "moment": "2026-11-29T21:40:00.500000Z",
        "naive": "2026-11-29T21:40:00",
        "day": "2026-11-29",
        "time": "21:40:00",
        "span": 90.0,
        "price": 19.9,
        "whole": 5,
        "exact": "0.12345678901234567890123",
        "uuid": "00000000-0000-0000-0000-000000000005",
        "huge": "9223372036854775808",
        "least": -(2**63),
        "list": [1, None, None, [None, "x"]],
        "object": {"a": None, "3": "three", "false": 0},
    }
    msgspec.json.encode(found)


def test_deep_nesting_ends(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    found = only(written(tmp_path, "a.ndjson", f'{{"text": "x", "deep": {deep}, "b": 1}}'))
    assert found.metadata["b"] == 1
    assert "read as JSON" in refusal(written(tmp_path, "a.json", "[" * 100_000))
