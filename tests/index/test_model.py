"""The collection against a dict: whatever is done, in whatever order, with restarts between, both hold the same."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from index import Document, Include, Query
from tests.index.harness import document, nearest, open_index, same, vector_of
from tests.index.oracle import matches
from tests.index.vectors import one

IDS = st.sampled_from(["a", "b", "a/b", "..", "😀", "batch", "x" * 512])
SEEDS = st.integers(0, 1_000)
METADATA = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([1, 2.5, "s", True, None, ["s", 1]]), max_size=2)
FILTERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"x": 1},
        {"y": {"$ne": "s"}},
        {"$or": [{"x": {"$gt": 1}}, {"z": {"$contains": "s"}}]},
        {"$not": {"z": {"$exists": True}}},
        {"x": {"$in": [1, True, "s"]}, "y": {"$nin": [2.5]}},
    ]
)


class Machine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.index = open_index(self.folder)
        self.model: dict[str, Document] = {}

    @property
    def collection(self) -> Any:
        return self.index.collection()

    @rule(id_=IDS, seed=SEEDS, metadata=METADATA)
    def put(self, id_: str, seed: int, metadata: dict[str, Any]) -> None:
        given = document(id_, seed, f"word{seed}", **metadata)
        self.collection.put(given).result()
        self.model[id_] = given

    @rule(ids=st.lists(IDS, max_size=5), seed=SEEDS, metadata=METADATA)
    def put_many(self, ids: list[str], seed: int, metadata: dict[str, Any]) -> None:
        given = [document(id_, seed + n, f"word{seed}", **metadata) for n, id_ in enumerate(ids)]
        assert self.collection.put_many(given).result() == len(set(ids))
        self.model.update({one_.id: one_ for one_ in given})

    @rule(id_=IDS, patch=METADATA)
    def patch(self, id_: str, patch: dict[str, Any]) -> None:
        found = self.collection.patch(id_, patch).result()
        if id_ not in self.model:
            assert found is None
            return
        old = self.model[id_]
        merged = {k: v for k, v in {**old.metadata, **patch}.items() if k not in patch or v is not None}
        assert found.metadata == merged
        self.model[id_] = Document(id_, old.text, merged, old.vector)

    @rule(id_=IDS)
    def delete(self, id_: str) -> None:
        assert self.collection.delete(id_).result() == (self.model.pop(id_, None) is not None)

    @rule(filter_=FILTERS)
    def delete_matching(self, filter_: dict[str, Any]) -> None:
        gone = [id_ for id_, found in self.model.items() if matches(filter_, found.metadata)]
        assert self.collection.delete_matching(filter_).result() == len(gone)
        for id_ in gone:
            del self.model[id_]

    @rule(seed=SEEDS, filter_=st.one_of(st.none(), FILTERS), count=st.integers(1, 5))
    def search(self, seed: int, filter_: dict[str, Any] | None, count: int) -> None:
        allowed = {id_: d for id_, d in self.model.items() if filter_ is None or matches(filter_, d.metadata)}
        query = one(seed)
        hits = self.collection.search(Query(vector=query, top_k=count, threshold=-1, filter=filter_))
        expected = nearest(allowed, query, count)
        scores = [float(vector_of(allowed[id_]) @ query) for id_ in expected]
        assert np.allclose([hit.score for hit in hits], scores, atol=1e-5)
        assert all(hit.id in allowed and hit.metadata == allowed[hit.id].metadata for hit in hits)

    @rule(seed=SEEDS)
    def search_text(self, seed: int) -> None:
        hits = self.collection.search(Query(mode="text", text=f"word{seed}", top_k=100))
        assert {hit.id for hit in hits} == {id_ for id_, d in self.model.items() if d.text == f"word{seed}"}

    @rule()
    def restart(self) -> None:
        self.index.close()
        self.index = open_index(self.folder)

    @rule()
    def snapshot(self) -> None:
        self.collection.wait_until_viewed(30)
        self.collection.snapshot()

    @invariant()
    def the_same_documents_are_there(self) -> None:
        found = list(self.collection.documents(Include(vector=True)))
        assert [d.id for d in found] == sorted(self.model, key=str.encode)
        assert all(same(d, self.model[d.id]) for d in found)
        assert self.collection.count() == len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "index"):
            problems = self.collection.health().problems
            self.index.close()
            shutil.rmtree(self.folder)
            assert problems == ()


@pytest.mark.parametrize("examples", [8, pytest.param(40, marks=pytest.mark.e2e)])
def test_whatever_is_done_both_hold_the_same(examples: int) -> None:
    steps = settings(max_examples=examples, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Machine, settings=steps)
