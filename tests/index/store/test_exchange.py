"""All vectors exchanged for another model's, which cuts texts into other passages: at once, and each document stays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index import Collection, DocumentError, Entry, Include, Index, Lacking, Passages, Progress, Query, VectorError
from index.store.queries import select
from tests.index.harness import document, entry, open_index, passages, same_as_entry, through_graph
from tests.index.vectors import one

BEFORE = {
    "1 to 3": [1], "3 to 1": [11, 12, 13], "3 to 3": [21, 22, 23], "1 to 1": [31], "4 to 2": [41, 42, 43, 44],
}  # fmt: skip
AFTER = {
    "1 to 3": [101, 102, 103], "3 to 1": [111], "3 to 3": [121, 122, 123], "1 to 1": [131], "4 to 2": [141, 142],
}  # fmt: skip
ROWS_AFTER = 3 + 1 + 3 + 1 + 2


def filled(folder: Path) -> Index:
    """A folder of one model, opened with another."""
    index = open_index(folder)
    index.collection().put_many([entry(id_, seeds, cutting=7, name=id_) for id_, seeds in BEFORE.items()]).result()
    index.close()
    return open_index(folder, fingerprint="model-b")


def computed(lacking: Sequence[Lacking]) -> dict[int, Passages]:
    assert all(found.passages is None for found in lacking)
    return {found.key: passages(found.text, AFTER[found.text.removeprefix("the text of ")]) for found in lacking}


def check_content(collection: Collection, seeds_by_id: dict[str, list[int]]) -> None:
    """See that these documents are there and no others, with these passages, and found by words and by filters."""
    found = list(collection.documents(Include(vector=True, passages=True)))
    assert [one_.id for one_ in found] == sorted(seeds_by_id)
    assert all(same_as_entry(one_, entry(one_.id, seeds_by_id[one_.id], name=one_.id)) for one_ in found)
    assert collection.wait_for_words(30)
    with collection.store.readers.reading() as connection:
        keys = [key for (key,) in select(connection, "SELECT key FROM docs ORDER BY key")]
    assert sorted(collection.words.keeper.current().keys().tolist()) == keys  # none under a key that it had before
    for id_ in seeds_by_id:
        for filter_ in (None, {"name": id_}):
            hits = collection.search(Query(mode="text", text=f'"text of {id_}"', filter=filter_))
            assert [hit.id for hit in hits] == [id_]


def check_vectors(collection: Collection, seeds_by_id: dict[str, list[int]]) -> None:
    for id_, seeds in seeds_by_id.items():
        given = entry(id_, seeds)
        spans = given.passages.spans or ((0, len(given.content.text)),)
        for seed, span in zip(seeds, spans, strict=True):
            for filter_ in (None, {"name": id_}):
                query = Query(vector=one(seed), top_k=1, filter=filter_)
                for hits in (collection.search(query), through_graph(collection, query)):
                    found = [(hit.id, hit.passage and (hit.passage.start, hit.passage.end)) for hit in hits]
                    assert found == [(id_, span)]


@pytest.mark.parametrize("restarts", [False, True])
def test_documents_of_another_number_of_passages_are_found_as_before(tmp_path: Path, restarts: bool) -> None:
    index = filled(tmp_path)
    done = 0
    while texts := index.collection().reindex().texts(2):
        assert index.collection().reindex().progress() == Progress(5, done)
        index.collection().reindex().put(computed(texts)).result()
        done += len(texts)
        if restarts:
            index.close()
            index = open_index(tmp_path, fingerprint="model-b")
        check_content(index.collection(), BEFORE)  # until the end all is as it was
        assert index.collection().health().problems == ()
    assert index.collection().reindex().finish()
    for _ in range(2):
        collection = index.collection()
        assert not collection.foreign
        for viewed in (False, True):
            check_content(collection, AFTER)
            check_vectors(collection, AFTER)
            assert viewed or collection.wait_until_viewed(30)
        assert len(collection.memory.vectors) == ROWS_AFTER
        stored = collection.unchanged({id_: f"the text of {id_}" for id_ in AFTER})
        assert {id_: one_.stale for id_, one_ in stored.items()} == dict.fromkeys(AFTER, False)
        assert collection.reindex().texts(10) == []
        assert collection.health().problems == ()
        index.close()
        index = open_index(tmp_path, fingerprint="model-b")
    index.close()


def test_what_has_new_keys_is_written_as_ever(tmp_path: Path) -> None:
    index = filled(tmp_path)
    collection = index.collection()
    reindex = collection.reindex()
    reindex.put(computed(reindex.texts(10))).result()
    assert reindex.finish()
    collection.put(entry("new", [201, 202], name="new")).result()
    collection.put(entry("1 to 3", [211], name="1 to 3")).result()
    assert collection.delete("3 to 1").result() == 1
    assert collection.delete_matching({"name": "4 to 2"}).result() == 1
    assert collection.patch("3 to 3", {"name": "3 to 3", "n": 1}).result() is not None
    assert [hit.id for hit in collection.search(Query(vector=one(122), filter={"n": 1}))] == ["3 to 3"]
    assert collection.patch("3 to 3", {"n": None}).result() is not None
    left = {"1 to 3": [211], "3 to 3": AFTER["3 to 3"], "1 to 1": AFTER["1 to 1"], "new": [201, 202]}
    check_content(collection, left)
    check_vectors(collection, left)
    assert collection.health().problems == ()
    index.close()


def test_what_was_gathered_of_a_document_that_went_goes_with_it(tmp_path: Path) -> None:
    index = filled(tmp_path)
    collection = index.collection()
    reindex = collection.reindex()
    texts = reindex.texts(10)
    keyed = computed(texts)
    reindex.put(dict(list(keyed.items())[:3])).result()
    collection.delete_many(["1 to 3", "3 to 3", "4 to 2"]).result()
    reindex.put(keyed).result()
    reindex.put({key: passages(one_.text, [1]) for key, one_ in zip(keyed, texts, strict=True)}).result()
    reindex.put(keyed).result()  # what comes again takes the place of what came before
    with collection.store.readers.reading() as connection:
        assert select(connection, "SELECT count(*) FROM fresh") == [(2,)]
    assert reindex.finish()
    check_content(collection, {"3 to 1": AFTER["3 to 1"], "1 to 1": AFTER["1 to 1"]})
    assert collection.health().problems == ()
    index.close()


def test_the_model_before_goes_on_with_what_another_has_begun(tmp_path: Path) -> None:
    index = filled(tmp_path)
    reindex = index.collection().reindex()
    reindex.put(computed(reindex.texts(3))).result()
    index.close()
    index = open_index(tmp_path)
    check_vectors(index.collection(), BEFORE)
    index.collection().put_many([entry(id_, BEFORE[id_], name=id_) for id_ in ("1 to 3", "3 to 3")]).result()
    index.collection().put_many([document(str(number), 300 + number) for number in range(5)]).result()
    index.collection().delete_many([str(number) for number in range(5)]).result()
    assert index.collection().health().problems == ()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b")
    reindex = index.collection().reindex()
    assert reindex.progress() == Progress(5, 1)
    while texts := reindex.texts(1):
        reindex.put(computed(texts)).result()
    assert reindex.finish()
    check_content(index.collection(), AFTER)
    check_vectors(index.collection(), AFTER)
    assert index.collection().health().problems == ()
    index.close()


def test_a_model_of_another_length_of_vectors_takes_over(tmp_path: Path) -> None:
    old = Index(tmp_path, "model-a", 8)
    spans = ((0, 4), (3, 8))
    text = "the text"
    content = entry("a", [1], text).content
    rows = np.eye(8, dtype=np.float32)[:2]
    old.collection().put(Entry(content, Passages(rows, spans))).result()
    old.close()
    index = open_index(tmp_path, fingerprint="model-b")
    reindex = index.collection().reindex()
    reindex.put({one_.key: passages(one_.text, [1, 2, 3]) for one_ in reindex.texts(1)}).result()
    found = index.collection().get("a", Include(vector=True, passages=True))
    assert found is not None
    assert [(p.start, p.end) for p in found.passages or ()] == list(spans)
    assert reindex.finish()
    assert [hit.id for hit in index.collection().search(Query(vector=one(3)))] == ["a"]
    assert index.collection().health().problems == ()
    index.close()


@pytest.mark.parametrize("fingerprint", ["model-a", "model-b"])
@pytest.mark.parametrize(
    "given",
    [
        Passages(np.stack([one(1), one(2)]), ((0, 4), (4, 5))),
        Passages(np.stack([one(1), one(2)]), ()),
        Passages(np.stack([one(1), 2 * one(2)]), ((0, 4), (4, len("the text of 1 to 3")))),
        Passages(np.empty((0, len(one(1))), np.float32)),
    ],
)
def test_what_is_no_cut_of_the_text_is_refused(tmp_path: Path, fingerprint: str, given: Passages) -> None:
    filled(tmp_path).close()
    index = open_index(tmp_path, fingerprint=fingerprint)
    reindex = index.collection().reindex()
    first, *_ = reindex.texts(10)
    with pytest.raises((DocumentError, VectorError)):
        reindex.put({first.key: given}).result()
    assert reindex.progress() == Progress(5, 0)
    check_content(index.collection(), BEFORE)
    assert index.collection().health().problems == ()
    index.close()
