"""A text that is stored under any id is known, with the vectors that the present variant computed for it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from index import Collection, Entry, check_content
from index.documents.passages import whole
from index.store.checksums import digest_of_text
from index.store.queries import select
from index.store.unchanged import MAX_CANDIDATES
from tests.index.fakes import SetClock
from tests.index.harness import document, entry, open_index, passages
from tests.index.vectors import Rows, one

TEXT = "one text under many ids"


@pytest.fixture
def collection() -> Iterator[Collection]:
    index = open_index(None)
    yield index.collection()
    index.close()


def first_row(collection: Collection, id_: str) -> Rows:
    """The first vector that is known of the text under this id, or no numbers."""
    found = collection.unchanged({id_: TEXT}).get(id_)
    return np.empty(0, np.float32) if found is None else found.passages.rows[0]


def test_a_text_is_known_under_another_id_and_alone_if_it_is_equal(collection: Collection) -> None:
    collection.put_many([entry("a", [1, 2, 3], TEXT), entry("b", [4], "another text")]).result()
    found = collection.unchanged({"new": TEXT, "b": TEXT, "c": f"{TEXT} ", "d": TEXT.upper(), "e": "another text"})
    assert set(found) == {"new", "b", "e"}
    for id_ in ("new", "b"):
        assert found[id_].passages.spans == entry("a", [1, 2, 3], TEXT).passages.spans
        assert (found[id_].passages.rows == np.stack([one(1), one(2), one(3)])).all()
    assert (found["e"].passages.rows[0] == one(4)).all()
    assert collection.unchanged({}) == {}


def test_a_documents_own_vectors_come_first_then_those_that_are_not_stale(collection: Collection) -> None:
    collection.put_many([entry("old", [1, 2], TEXT, cutting=2), entry("own", [3, 4], TEXT, cutting=2)]).result()
    assert collection.unchanged({"new": TEXT})["new"].stale
    collection.put(entry("current", [5, 6], TEXT, cutting=1)).result()
    assert np.array_equal(first_row(collection, "own"), one(3))
    found = collection.unchanged({"new": TEXT, "own": TEXT})
    assert (found["new"].stale, found["own"].stale) == (False, True)
    assert (found["new"].passages.rows[0] == one(5)).all()


def test_what_is_deleted_replaced_or_expired_is_known_no_more() -> None:
    clock = SetClock(1_000)
    index = open_index(None, clock=clock)
    collection = index.collection()
    collection.put_many([document("a", 1, TEXT), document("b", 2, "second"), document("c", 3, "third")]).result()
    collection.put(msgspec.structs.replace(document("c", 3, "third"), expires_ms=2_000)).result()
    assert set(collection.unchanged({"1": TEXT, "2": "second", "3": "third"})) == {"1", "2", "3"}
    collection.delete("a").result()
    collection.put(document("b", 2, "something else")).result()
    clock.ms = 2_000
    assert collection.unchanged({"1": TEXT, "2": "second", "3": "third"}) == {}
    assert set(collection.unchanged({"2": "something else"})) == {"2"}
    index.close()


def test_another_variants_vectors_are_not_taken(tmp_path: Path) -> None:
    index = open_index(tmp_path, variant="first")
    index.collection().put(document("a", 1, TEXT)).result()
    index.close()
    index = open_index(tmp_path, variant="second")
    assert index.collection().unchanged({"a": TEXT, "b": TEXT}) == {}
    index.collection().put(document("c", 2, TEXT)).result()
    assert np.array_equal(first_row(index.collection(), "b"), one(2))
    index.close()


def test_texts_of_one_digest_are_told_apart(collection: Collection) -> None:
    """Another text is given the digest of this one, as a collision would."""
    collection.put(document("a", 1, "not that text")).result()
    digest = digest_of_text(TEXT.encode())
    collection.store.writer.submit(
        lambda connection, _: connection.execute("UPDATE docs SET digest = ?", (digest,)), 0
    ).result()
    assert not len(first_row(collection, "new"))
    collection.put(document("b", 2, TEXT)).result()
    assert np.array_equal(first_row(collection, "new"), one(2))


def test_of_very_many_equal_texts_few_are_looked_at(collection: Collection) -> None:
    many = [Entry(check_content(str(n), TEXT, {}), whole(one(n))) for n in range(5 * MAX_CANDIDATES)]
    collection.put_many(many).result()
    found = first_row(collection, "new")
    assert any(np.array_equal(found, one(n)) for n in range(MAX_CANDIDATES))


def test_a_document_from_before_there_were_digests_is_known_by_its_id(collection: Collection) -> None:
    collection.put(document("a", 1, TEXT)).result()
    collection.store.writer.submit(
        lambda connection, _: connection.execute("UPDATE docs SET digest = NULL"), 0
    ).result()
    assert set(collection.unchanged({"a": TEXT, "b": TEXT})) == {"a"}
    assert collection.health().problems == ()
    collection.put(document("a", 1, TEXT)).result()
    assert set(collection.unchanged({"a": TEXT, "b": TEXT})) == {"a", "b"}


def test_a_reindexed_document_has_its_digest_still(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put(entry("a", [1, 2], TEXT)).result()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    (lacking,) = collection.reindex().texts(5)
    collection.reindex().put({lacking.key: passages(TEXT, [7, 8, 9])}).result()
    assert collection.reindex().finish()
    assert np.array_equal(first_row(collection, "new"), one(7))
    with collection.store.readers.reading() as connection:
        assert select(connection, "SELECT digest FROM docs") == [(digest_of_text(TEXT.encode()),)]
    index.close()
