"""What a document, a vector and a query may be; everything else is the caller's mistake, told with the limit."""

from typing import Any

import msgspec
import numpy as np
import pytest

from index.documents.attributes import attributes_of
from index.documents.document import MAX_TEXT_BYTES, Document, Entry, check_content, entry_of
from index.documents.ids import check_id
from index.documents.metadata import MAX_METADATA_BYTES, MAX_METADATA_FIELDS, Room, check_value, encode_metadata
from index.documents.passages import Passages, whole
from index.documents.query import Query, check_query
from index.documents.vector import check_vector
from index.errors import DocumentError, QueryError, VectorError
from tests.index.vectors import one

ROW = one(1)


@pytest.mark.parametrize(
    "id_", ["a/b", "a/", "/", "..", "batch", "delete", "😀", "é" * 256, "x" * 512, " ", "%2F", "\n"]
)
def test_any_text_of_512_bytes_without_nul_is_an_id(id_: str) -> None:
    assert check_id(id_) == id_


@pytest.mark.parametrize(
    ("id_", "said"), [("", "0"), ("x" * 513, "513"), ("é" * 257, "514"), ("a\0", "NUL"), ("\ud800", "Unicode")]
)
def test_any_other_id_is_refused(id_: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        check_id(id_)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        (ROW[:-1], "has 32 numbers"),
        (ROW[None], "has 32 numbers"),
        (np.full(32, np.nan, np.float32), "not finite"),
        (np.full(32, np.inf, np.float32), "not finite"),
        (np.zeros(32, np.float32), "length 1"),
        (ROW * 2, "length 1"),
    ],
)
def test_a_vector_that_is_no_unit_row_is_refused(vector: Any, said: str) -> None:
    with pytest.raises(VectorError, match=said):
        check_vector(vector, 32)


def test_a_document_without_a_vector_cannot_be_written() -> None:
    with pytest.raises(VectorError, match="no vector"):
        entry_of(Document("a", "text"), 32)
    with pytest.raises(DocumentError, match="Unicode"):
        entry_of(Document("a", "\udfff", {}, ROW), 32)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ([], "must be an object"),
        ({"a": 2**63}, "64 bits"),
        ({"a": [-(2**63) - 1]}, "64 bits"),
        ({"a": float("nan")}, "not finite"),
        ({"a": "\ud800"}, "Unicode"),
        ({"a": {1: 2}}, "not a string"),
        ({"a": b"x"}, "not JSON"),
        ({"a": "x" * MAX_METADATA_BYTES}, "bytes of JSON"),
        ({str(number): 1 for number in range(MAX_METADATA_FIELDS + 1)}, "fields"),
        (eval("[" * 20 + "]" * 20), "must be an object"),
        ({"a": eval("[" * 20 + "]" * 20)}, "deeper"),
    ],
)
def test_metadata_beyond_the_limits_is_refused(metadata: Any, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        encode_metadata(metadata)


def test_metadata_comes_back_as_given() -> None:
    given: dict[str, Any] = {
        "z": 1,
        "a": 1.0,
        "n": None,
        "deep": {"x": [1, "1", True, None, {"y": []}]},
        "": "",
        "big": 2**63 - 1,
    }
    back = msgspec.json.decode(encode_metadata(given))
    assert repr(back) == repr(given)


def test_every_field_has_a_row_and_kinds_differ() -> None:
    given = {"t": True, "i": 1, "f": 1.5, "s": "1", "n": None, "o": {}, "e": [], "l": [1, 1, "a", None]}
    assert {field for field, _, _ in attributes_of(given)} == set(given)
    kinds = {field: kind for field, kind, _ in attributes_of(given) if field != "l"}
    assert kinds == {"t": 1, "i": 2, "f": 2, "s": 3, "n": 0, "o": 0, "e": 0}
    assert {row for row in attributes_of(given) if row[0] == "l"} == {("l", 12, 1), ("l", 13, "a")}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (Query(), QueryError),
        (Query(mode="text"), QueryError),
        (Query(mode="hybrid", text="a"), QueryError),
        (Query(mode="hybrid", vector=ROW), QueryError),
        (Query(vector=ROW, top_k=0), QueryError),
        (Query(vector=ROW, top_k=1001), QueryError),
        (Query(vector=ROW, threshold=float("nan")), QueryError),
        (Query(vector=ROW[:3]), VectorError),
    ],
)
def test_a_query_that_lacks_what_its_mode_needs_is_refused(query: Query, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_query(query, 32)


def test_content_is_checked_without_a_vector_as_a_put_would() -> None:
    check_content("a", "text", {"n": 1})
    contents: list[tuple[str, str, Any]] = [
        ("", "text", {}), ("a", "\udfff", {}), ("a", "text", {"n": 2**63}), ("a", "text", [])
    ]  # fmt: skip
    for id_, text, metadata in contents:
        with pytest.raises(DocumentError) as checked:
            check_content(id_, text, metadata)
        with pytest.raises(DocumentError) as put:
            entry_of(Document(id_, text, metadata, ROW), 32)
        assert str(checked.value) == str(put.value)


def test_checked_content_becomes_an_entry_as_the_document_does() -> None:
    metadata: dict[str, Any] = {"n": 1, "tags": ["a", "b"]}
    by_content = entry_of(Entry(check_content("a", "text", metadata), whole(ROW)), 32)
    by_document = entry_of(Document("a", "text", metadata, ROW), 32)
    assert msgspec.structs.astuple(by_content.content) == msgspec.structs.astuple(by_document.content)
    assert (by_content.passages.rows == by_document.passages.rows).all()


class Untouched(list[Any]):
    """A list that says how long it is, and must not be looked into."""

    def __iter__(self) -> Any:
        raise AssertionError


class Long(str):
    """A text that says how long it is, and must not be copied."""

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise AssertionError


def test_metadata_are_measured_before_they_are_walked() -> None:
    with pytest.raises(DocumentError, match="more bytes of JSON"):
        encode_metadata({"a": Untouched([1] * MAX_METADATA_BYTES)})
    looked = 0

    class Counted(list[Any]):
        def __iter__(self) -> Any:
            nonlocal looked
            for element in super().__iter__():
                looked += 1
                yield element

    with pytest.raises(DocumentError, match="more bytes of JSON"):
        encode_metadata({"a": [Counted([[]] * 1_000) for _ in range(1_000)]})
    assert looked < MAX_METADATA_BYTES


def test_what_is_too_long_in_characters_is_not_copied() -> None:
    with pytest.raises(DocumentError, match="longer than"):
        check_content("a", Long("a" * (MAX_TEXT_BYTES + 1)), {})
    with pytest.raises(DocumentError, match="513"):
        check_id(Long("a" * 513))


@pytest.mark.parametrize("value", [None, True, 7, -1.5, "", "text", [], {}, [1, "a", None], {"a": {"b": [1]}}])
def test_no_metadata_that_fit_are_measured_as_too_large(value: object) -> None:
    room = Room()
    check_value(value, 1, room)
    assert MAX_METADATA_BYTES - room.left <= len(msgspec.json.encode(value))
    copies = (MAX_METADATA_BYTES - len('{"a":[]}') + 1) // (len(msgspec.json.encode(value)) + 1)
    assert len(encode_metadata({"a": [value] * copies})) <= MAX_METADATA_BYTES


def test_of_an_entry_only_the_vectors_and_spans_are_checked() -> None:
    content = check_content("a", "text", {"n": 1})
    assert entry_of(Entry(content, whole(ROW)), 32).content is content
    with pytest.raises(VectorError, match="length 1"):
        entry_of(Entry(content, whole(ROW * 2)), 32)
    with pytest.raises(DocumentError, match="passages end at 3, the text at 4"):
        entry_of(Entry(content, Passages(np.stack([ROW, ROW]), ((0, 2), (2, 3)))), 32)
