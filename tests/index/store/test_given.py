"""Vectors that callers gave: searched as others are, never taken for computed ones, computed when the model changes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from index import Collection, Document, Entry, Include, PassageSettings, Query, SettingsChange, check_content, whole
from tests.index.harness import computed, document, entry, open_index, vector_of
from tests.index.vectors import one

LONG = "a text that is long enough to be cut into passages by whatever model reads it, so it goes on and on " * 3


def given(id_: str, seed: int, text: str = "") -> Entry:
    content = check_content(id_, text or f"the text of {id_}", {})
    return Entry(content, whole(one(seed), given=True))


@pytest.fixture
def collection() -> Iterator[Collection]:
    index = open_index(None, variant="fp32")
    yield index.collection()
    index.close()


def test_they_are_found_and_counted_apart(collection: Collection) -> None:
    collection.put_many([given("given", 1), entry("computed", [2, 3]), document("put", 4)]).result()
    assert collection.count_by_variant() == {"fp32": 3, "given": 1}
    assert [hit.id for hit in collection.search(Query(vector=one(1), top_k=1))] == ["given"]
    found = collection.get("given", Include(vector=True))
    assert found is not None
    assert (vector_of(found) == one(1)).all()
    assert collection.health().problems == ()


def test_they_are_not_taken_for_computed_ones(collection: Collection) -> None:
    collection.put(given("given", 1)).result()
    text = "the text of given"
    assert collection.unchanged({"given": text, "other": text}) == {}
    collection.put(Document("computed", text, {}, one(2))).result()
    found = collection.unchanged({"given": text, "other": text})
    assert {id_: bool((stored.passages.rows[0] == one(2)).all()) for id_, stored in found.items()} == {
        "given": True,
        "other": True,
    }


def test_the_same_model_leaves_them_alone_whatever_cuts_texts(tmp_path: Path) -> None:
    index = open_index(tmp_path, variant="fp32")
    collection = index.collection()
    collection.put_many([given("given", 1, LONG), Document("put", LONG, {}, one(2))]).result()
    collection.configure(SettingsChange(passages=PassageSettings(max_tokens=50, overlap_tokens=10))).result()
    assert [found.text for found in collection.reindex().texts(5)] == [LONG]
    index.close()
    index = open_index(tmp_path, variant="int8")
    collection = index.collection()
    reindex = collection.reindex()
    texts = reindex.texts(5)
    assert len(texts) == 1
    reindex.put({texts[0].key: msgspec.structs.replace(whole(one(3)), cutting=2)}).result()
    assert reindex.texts(5) == []
    assert reindex.finish()
    assert collection.count_by_variant() == {"given": 1, "int8": 1}
    assert not collection.stats().passages_stale
    assert [hit.id for hit in collection.search(Query(vector=one(1), top_k=1))] == ["given"]
    index.close()


def test_another_model_computes_them_from_the_texts(tmp_path: Path) -> None:
    index = open_index(tmp_path, variant="fp32")
    index.collection().put_many([given("given", 1), document("put", 2)]).result()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b", variant="fp32")
    collection = index.collection()
    reindex = collection.reindex()
    texts = reindex.texts(5)
    assert [found.text for found in texts] == ["the text of given", "the text of put"]
    reindex.put(computed(texts, lambda key: one(100 + key))).result()
    assert reindex.finish()
    assert collection.count_by_variant() == {"fp32": 2}
    assert set(collection.unchanged({"given": "the text of given"})) == {"given"}
    index.close()


def test_a_put_replaces_given_by_computed_and_computed_by_given(collection: Collection) -> None:
    collection.put_many([given("a", 1), document("b", 2)]).result()
    collection.put_many([document("a", 3), given("b", 4)]).result()
    assert collection.count_by_variant() == {"fp32": 1, "given": 1}
    assert set(collection.unchanged({"a": "the text of a", "b": "the text of b"})) == {"a"}


def test_several_passages_may_be_given(collection: Collection) -> None:
    several = entry("several", [1, 2, 3])
    collection.put(Entry(several.content, msgspec.structs.replace(several.passages, given=True))).result()
    assert collection.count_by_variant() == {"given": 3}
    found = collection.get("several", Include(passages=True))
    assert found is not None
    assert len(found.passages or ()) == 3
