"""Documents of several passages: whatever is done, each is found by its best passage, and comes whole or not at all."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import Entry, Include, Passages, Query
from tests.index.harness import entry, open_index, through_graph, vector_of
from tests.index.vectors import NDIM, one, unit
from tests.index.walk import Walk


@pytest.mark.parametrize(("seed", "steps"), [(1, 150), (2, 150), pytest.param(3, 2_000, marks=pytest.mark.e2e)])
def test_whatever_is_done_each_document_is_found_by_its_best_passage(tmp_path: Path, seed: int, steps: int) -> None:
    random_, walk = random.Random(seed), Walk(tmp_path, seed)
    weights: dict[Callable[[Walk], None], int] = {
        Walk.put: 6, Walk.patch: 2, Walk.delete: 2, Walk.delete_matching: 1, Walk.restart: 1, Walk.snapshot: 1,
        Walk.compact: 1, Walk.search: 8, Walk.search_otherwise: 2, Walk.compare: 1,
    }  # fmt: skip
    for step in random_.choices(list(weights), list(weights.values()), k=steps):
        step(walk)
    walk.compare()
    walk.close()
    assert walk.found.found >= 0.99 * walk.found.wanted, walk.found


def test_what_comes_along_with_a_document_is_what_was_asked_for() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([entry("several", [1, 2, 3]), entry("whole", [4])]).result()
    found = {(one_.id, vector, passages): one_ for vector in (False, True) for passages in (False, True)
             for one_ in collection.list_after(include=Include(vector, passages))}  # fmt: skip
    mean = unit((one(1).astype(np.float64) + one(2) + one(3)).astype(np.float32))
    for id_, vector in (("several", mean), ("whole", one(4))):
        assert (found[id_, False, False].vector, found[id_, False, False].passages) == (None, None)
        assert found[id_, True, False].passages is None
        assert np.allclose(vector_of(found[id_, True, True]), vector, atol=1e-6)
        assert (vector_of(found[id_, True, False]) == vector_of(found[id_, True, True])).all()
        assert found[id_, False, True].vector is None
        passages = found[id_, False, True].passages
        assert passages is not None
        assert [one_.vector for one_ in passages] == [None] * len(passages)
        assert "".join(found[id_, False, True].text[one_.start : one_.end] for one_ in passages).startswith("the ")
    assert [(p.start, p.end) for p in found["whole", False, True].passages or ()] == [(0, len("the text of whole"))]
    assert len(found["several", True, True].passages or ()) == 3
    index.close()


@pytest.mark.parametrize("include", [Include(vector=True), Include(passages=True), Include(vector=True, passages=True)])
def test_a_page_ends_before_the_vectors_of_its_passages_are_too_many(include: Include) -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([entry(str(n), range(40 if n == 1 else 4), "x" * 100) for n in range(6)]).result()
    pages, last, most = [], "", 10 * 4 * NDIM
    while page := collection.list_after(last, 10, include, max_bytes=most):
        pages.append([found.id for found in page])
        last = page[-1].id
    assert pages == [["0"], ["1"], ["2", "3"], ["4", "5"]]
    assert len(collection.list_after(limit=10, max_bytes=most)) == 6
    index.close()


def test_a_writer_that_is_held_up_lets_a_snapshot_be_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("indexer.PENDING_ROWS", 10), ("upkeep.SNAPSHOT_CHANGES", 100), ("pace.USUAL_ROW_S", 1.0)):
        monkeypatch.setattr(f"index.view.{name}", value)
    index = open_index(tmp_path / "data")
    collection = index.collection()
    collection.put(entry("several", range(600), "x" * 1_200)).result(60)
    collection.put(entry("whole", [4])).result(60)
    index.close()


def test_opposite_passages_have_a_mean_all_the_same() -> None:
    index = open_index(None)
    text = "two halves"
    collection = index.collection()
    content = entry("a", [1], text).content
    collection.put(Entry(content, Passages(np.stack([one(1), -one(1)]), ((0, 5), (5, 10))))).result()
    found = collection.get("a", Include(vector=True))
    assert found is not None
    assert (vector_of(found) == one(1)).all()
    index.close()


def test_a_document_of_thousands_of_passages_hides_no_other(tmp_path: Path) -> None:
    count = 5_000
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put_many([entry(f"other/{number}", [number]) for number in range(30)]).result()
    text = "".join(f"{number:07} " for number in range(count))
    spans = tuple((8 * number, 8 * number + 8) for number in range(count))
    noise = np.random.default_rng(1).normal(size=(count, len(one(1)))).astype(np.float32)
    rows = unit(one(3)[None] + 0.02 * noise)
    collection.put(Entry(entry("long", [1], text).content, Passages(rows, spans))).result()
    for _ in range(2):
        asked = Query(vector=one(3), top_k=10, threshold=-1)
        for hits in (collection.search(asked), through_graph(collection, asked)):
            assert [hit.id for hit in hits[:2]] == ["other/3", "long"]
            assert len({hit.id for hit in hits}) == 10
            best = int(np.argmax(rows @ one(3)))
            assert hits[1].passage is not None
            assert hits[1].passage.start == 8 * best
        index.close()
        index = open_index(tmp_path)
        collection = index.collection()
    assert len(collection.memory.vectors) == count + 30
    assert collection.delete("long").result() == 1
    assert len(collection.memory.vectors) == 30
    assert collection.health().problems == ()
    index.close()


@pytest.mark.parametrize("kept", ["as it was", "of another variant", "of another text"])
def test_what_is_there_already_is_told(tmp_path: Path, kept: str) -> None:
    index = open_index(tmp_path, variant="int8")
    index.collection().put_many([entry("a", [1, 2], cutting=1), entry("b", [3], cutting=7)]).result()
    index.close()
    index = open_index(tmp_path, variant="fp32" if kept == "of another variant" else "int8")
    text = "another text" if kept == "of another text" else "the text of a"
    found = index.collection().unchanged({"a": text, "b": "the text of b", "c": "none"})
    assert [(id_, one_.stale, len(one_.passages)) for id_, one_ in sorted(found.items())] == {
        "as it was": [("a", False, 2), ("b", True, 1)],
        "of another variant": [],
        "of another text": [("b", True, 1)],
    }[kept]
    index.close()
