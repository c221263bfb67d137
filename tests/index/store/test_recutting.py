"""Texts cut anew by the same model: one document after the other, while everything goes on."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from index import Collection, Include, Lacking, Passages, Progress, Query
from index.store.queries import select
from tests.index.harness import entry, open_index, passages, same_as_entry, through_graph
from tests.index.vectors import one

OTHERS = 2  # the number of other settings than those of now
BEFORE = {"1 to 3": [1], "3 to 1": [11, 12, 13], "3 to 3": [21, 22, 23], "as it was": [31, 32], "whole": [41]}
AFTER = {"1 to 3": [101, 102, 103], "3 to 1": [111], "3 to 3": [121, 122, 123]}
NEW = [51, 52]


def filled(folder: Path) -> None:
    index = open_index(folder)
    index.collection().put_many(
        [entry(id_, seeds, cutting=OTHERS, name=id_) for id_, seeds in BEFORE.items()] + [entry("new", NEW, cutting=1)]
    ).result()
    index.close()


def cut_anew(lacking: Sequence[Lacking]) -> dict[int, Passages]:
    """What the settings of now make of these texts; the passages that stay are put as they were given."""
    made = {}
    for found in lacking:
        id_ = found.text.removeprefix("the text of ")
        assert found.passages is not None
        assert len(found.passages) == len(BEFORE[id_])
        made[found.key] = passages(found.text, AFTER[id_], cutting=1) if id_ in AFTER else found.passages
    return made


def key_of(collection: Collection, id_: str) -> int:
    with collection.store.readers.reading() as connection:
        return int(select(connection, "SELECT key FROM docs WHERE id = ?", id_)[0][0])


def check(collection: Collection, seeds_by_id: dict[str, list[int]]) -> None:
    """See that documents have these passages, and are found by each of them, by words and by filters."""
    for id_, seeds in seeds_by_id.items():
        given = entry(id_, seeds) if id_ == "new" else entry(id_, seeds, name=id_)
        found = collection.get(id_, Include(vector=True, passages=True))
        assert found is not None
        assert same_as_entry(found, given)
        spans = given.passages.spans or ((0, len(given.content.text)),)
        for seed, span in zip(seeds, spans, strict=True):
            for query in (Query(vector=one(seed), top_k=1), Query(vector=one(seed), top_k=1, filter={"name": id_})):
                for hits in (collection.search(query), through_graph(collection, query)):
                    assert [(hit.id, hit.passage and (hit.passage.start, hit.passage.end)) for hit in hits] == (
                        [] if id_ == "new" and query.filter else [(id_, span)]
                    )
        hits = collection.search(Query(mode="text", text=f'"text of {id_}"'))
        assert [hit.id for hit in hits] == [id_]


@pytest.mark.parametrize("restarts", [False, True])
def test_documents_that_other_settings_cut_are_cut_anew(tmp_path: Path, restarts: bool) -> None:
    filled(tmp_path)
    index = open_index(tmp_path)
    kept = key_of(index.collection(), "as it was")
    check(index.collection(), BEFORE | {"new": NEW})
    done = 0
    while texts := index.collection().reindex().texts(2):
        assert index.collection().reindex().progress() == Progress(6, 1 + done)
        index.collection().reindex().put(cut_anew(texts)).result()
        done += len(texts)
        assert not restarts or done == len(BEFORE) or not index.collection().reindex().finish()
        if restarts:
            index.close()
            index = open_index(tmp_path)
    assert done == len(BEFORE)
    assert index.collection().reindex().finish()
    for viewed in (False, True):
        check(index.collection(), BEFORE | AFTER | {"new": NEW})
        assert viewed or index.collection().wait_until_viewed(30)
    assert key_of(index.collection(), "as it was") == kept  # what stays is not written again
    texts_by_id = {id_: f"the text of {id_}" for id_ in (*BEFORE, "new")}
    assert {id_: one_.stale for id_, one_ in index.collection().unchanged(texts_by_id).items()} == dict.fromkeys(
        texts_by_id, False
    )
    assert index.collection().health().problems == ()
    index.close()
    index = open_index(tmp_path)
    check(index.collection(), BEFORE | AFTER | {"new": NEW})
    assert index.collection().reindex().finish()
    assert index.collection().health().problems == ()
    index.close()


def test_what_is_written_meanwhile_stays(tmp_path: Path) -> None:
    filled(tmp_path)
    index = open_index(tmp_path)
    collection = index.collection()
    reindex = collection.reindex()
    texts = reindex.texts(10)
    assert len(texts) == len(BEFORE)
    collection.delete("3 to 3").result()
    collection.put(entry("3 to 1", [71, 72, 73, 74], cutting=1, name="3 to 1")).result()
    collection.patch("1 to 3", {"patched": True}).result()
    reindex.put(cut_anew(texts)).result()
    assert reindex.texts(10) == []
    assert reindex.finish()
    assert collection.get("3 to 3") is None
    found = collection.get("1 to 3", Include(passages=True))
    assert found is not None
    assert found.metadata == {"name": "1 to 3", "patched": True}
    assert len(found.passages or ()) == 3
    assert [hit.id for hit in collection.search(Query(vector=one(102), filter={"patched": True}))] == ["1 to 3"]
    check(collection, {"3 to 1": [71, 72, 73, 74], "as it was": BEFORE["as it was"], "whole": BEFORE["whole"]})
    assert collection.delete_matching({"name": "1 to 3"}).result() == 1
    assert collection.health().problems == ()
    index.close()


def test_those_of_another_variant_have_no_passages_that_could_stay(tmp_path: Path) -> None:
    filled(tmp_path)
    index = open_index(tmp_path, variant="fp32")
    reindex = index.collection().reindex()
    texts = reindex.texts(10)
    assert [one_.passages for one_ in texts] == [None] * 6
    made = {one_.key: passages(one_.text, [1_000 + one_.key, 2_000 + one_.key], cutting=1) for one_ in texts}
    reindex.put(made).result()
    assert reindex.finish()
    assert index.collection().count_by_variant() == {"fp32": 12}
    assert index.collection().health().problems == ()
    index.close()


def test_the_same_vectors_at_other_places_are_another_cut(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(entry("a", [1, 2], cutting=OTHERS)).result()
    reindex = collection.reindex()
    (lacking,) = reindex.texts(10)
    assert lacking.passages is not None
    spans = ((0, 3), (2, len(lacking.text)))
    reindex.put({lacking.key: msgspec.structs.replace(lacking.passages, spans=spans)}).result()
    assert reindex.finish()
    found = collection.get("a", Include(passages=True))
    assert found is not None
    assert [(one_.start, one_.end) for one_ in found.passages or ()] == list(spans)
    assert collection.health().problems == ()
    index.close()
