"""A random walk through all that can be done to documents of several passages, beside a dict and brute force."""

import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from index import Collection, Entry, Include, Query
from index.documents.metadata import encode_metadata
from index.documents.passages import Span
from index.documents.query import Hit
from tests.index.harness import entry, loaded, open_index, same_as_entry, through_graph
from tests.index.oracle import matches
from tests.index.vectors import Rows, one, unit

MOST_PASSAGES, SEEDS = 6, 400  # so few seeds that passages of different documents are equal now and then
IDS = [f"id/{number}" for number in range(150)]
FILTERS: list[dict[str, Any] | None] = [None, {"n": {"$lt": 3}}, {"kind": "a"}, {"n": 4, "kind": "b"}, {"n": 99}]
ATOL = 1e-5

Naive = dict[str, Entry]  # by id, in the order in which they were put
Best = tuple[str, float, Span]


class Found(msgspec.Struct):
    """How many documents searches through the graph were to find, and how many they did."""

    wanted: int = 0
    found: int = 0


def ranked(naive: Naive, query: Rows, filter_: dict[str, Any] | None) -> list[Best]:
    """All documents that match, best first, each with the score and the span of its best passage."""
    found = []
    for id_, given in naive.items():
        if filter_ is None or matches(filter_, metadata_of(given)):
            scores = given.passages.rows.astype(np.float64) @ query
            best = int(np.argmax(np.round(scores, 6)))  # of equal passages the first
            spans = given.passages.spans or ((0, len(given.content.text)),)
            found.append((id_, float(scores[best]), spans[best]))
    return sorted(found, key=lambda best: -round(best[1], 6))


def metadata_of(given: Entry) -> dict[str, Any]:
    return dict(msgspec.json.decode(given.content.metadata))


def plain(hits: list[Hit]) -> list[Best]:
    assert all(hit.passage is not None for hit in hits)
    return [(hit.id, hit.score, (hit.passage.start, hit.passage.end)) for hit in hits if hit.passage is not None]


class Walk:
    """A folder and a dict that the same is done to, step by step."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._random = folder, random.Random(seed)
        self._index = open_index(folder)
        self.naive: Naive = {}
        self.found = Found()

    @property
    def collection(self) -> Collection:
        return self._index.collection()

    def made(self, id_: str) -> Entry:
        seeds = [self._random.randrange(SEEDS) for _ in range(self._random.randint(1, MOST_PASSAGES))]
        facts: dict[str, Any] = {"n": self._random.randrange(8), "kind": self._random.choice("abc")}
        return entry(id_, seeds, f"word{seeds[0]} of {id_}, {len(seeds)} passages", **facts)

    def put(self) -> None:
        given = [self.made(id_) for id_ in self._random.choices(IDS, k=self._random.randint(1, 12))]
        self.collection.put_many(given).result()
        last = {one_.content.id: one_ for one_ in given}
        for id_ in last:
            self.naive.pop(id_, None)
        self.naive |= last

    def patch(self) -> None:
        id_ = self._random.choice(IDS)
        patch = {"kind": self._random.choice("abc"), "patched": True}
        assert (self.collection.patch(id_, patch).result() is not None) == (id_ in self.naive)
        if id_ in self.naive:
            given = self.naive[id_]
            metadata = encode_metadata(metadata_of(given) | patch)
            self.naive[id_] = Entry(msgspec.structs.replace(given.content, metadata=metadata), given.passages)

    def delete(self) -> None:
        ids = self._random.choices(IDS, k=3)
        gone = {id_ for id_ in ids if self.naive.pop(id_, None) is not None}
        assert self.collection.delete_many(ids).result() == len(gone)

    def delete_matching(self) -> None:
        filter_ = {"n": self._random.randrange(8), "kind": self._random.choice("abc")}
        gone = [id_ for id_, given in self.naive.items() if matches(filter_, metadata_of(given))]
        assert self.collection.delete_matching(filter_).result() == len(gone)
        for id_ in gone:
            del self.naive[id_]

    def restart(self) -> None:
        self._index.close()
        self._index = open_index(self._folder)
        assert self._random.random() < 0.5 or loaded(self._index)
        assert self.collection.stats().rejected_snapshots == ()

    def snapshot(self) -> None:
        assert self.collection.wait_until_viewed(30)
        self.collection.snapshot()
        assert self.collection.wait_until_viewed(30)

    def compact(self) -> None:
        vectors = self.collection.memory.vectors
        self.collection.pause()
        assert vectors.compact(vectors.graph, vectors.graph, vectors.clock)
        self.collection.resume()
        assert vectors.dead == 0

    def search(self) -> None:
        query = unit(one(self._random.randrange(SEEDS)) + self._random.choice([0, 0.5]) * one(SEEDS + 1))
        filter_ = self._random.choice(FILTERS)
        top_k = self._random.choice([1, 3, 10, 1000])
        expected = ranked(self.naive, query, filter_)[:top_k]
        asked = Query(vector=query, top_k=top_k, threshold=-1, filter=filter_)
        found = plain(self.collection.search(asked))
        assert [(id_, span) for id_, _, span in found] == [(id_, span) for id_, _, span in expected]
        assert np.allclose([score for _, score, _ in found], [score for _, score, _ in expected], atol=ATOL)
        near = {(id_, span) for id_, _, span in plain(through_graph(self.collection, asked))}
        self.found.wanted += len(expected)
        self.found.found += len(near & {(id_, span) for id_, _, span in expected})

    def search_otherwise(self) -> None:
        seed = self._random.randrange(SEEDS)
        expected = {id_ for id_, given in self.naive.items() if given.content.text.startswith(f"word{seed} ")}
        hits = self.collection.search(Query(mode="text", text=f"word{seed}", top_k=1000))
        assert {hit.id for hit in hits} == expected
        assert all(hit.passage is None for hit in hits)
        fused = self.collection.search(Query(mode="hybrid", text=f"word{seed}", vector=one(seed), top_k=5))
        best = {id_: span for id_, _, span in ranked(self.naive, one(seed), None)}
        assert len({hit.id for hit in fused}) == len(fused) == min(5, len(self.naive))
        for hit in fused:
            assert hit.passage is None or (hit.passage.start, hit.passage.end) == best[hit.id]

    def compare(self) -> None:
        """See that the same documents are there, with the same passages and vectors."""
        found = list(self.collection.documents(Include(vector=True, passages=True)))
        assert [one_.id for one_ in found] == sorted(self.naive, key=str.encode)
        assert all(same_as_entry(one_, self.naive[one_.id]) for one_ in found)
        texts = {id_: given.content.text for id_, given in self.naive.items()}
        stored = self.collection.unchanged(texts | dict.fromkeys(list(texts)[:3], "another"))
        assert sorted(stored) == sorted(list(texts)[3:])
        for id_, one_ in stored.items():
            assert not one_.stale
            assert one_.passages.spans == self.naive[id_].passages.spans
            assert (one_.passages.rows == self.naive[id_].passages.rows).all()

    def close(self) -> None:
        assert self.collection.wait_until_viewed(30)
        problems = self.collection.health().problems
        rows = sum(len(given.passages) for given in self.naive.values())
        assert sum(self.collection.count_by_variant().values()) == len(self.collection.memory.vectors) == rows
        self._index.close()
        assert problems == ()
