"""The whole sequence of a search against a naive one: filter, words or cosines, threshold, group, choose, page."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from index import Collection, Entry, Hit, Include, Passages, Query, QueryError, check_content
from index.documents.query import MAX_TOP_K
from index.search.choosing import FIRST_GROUPED
from index.search.diversity import EQUAL
from index.search.found import MAX_DEPTH
from index.search.fusion import FUSED_ROWS, depth_for
from tests.index.harness import open_index, spans_of
from tests.index.made_up import filter_, metadata
from tests.index.oracle import MISSING, kind, matches
from tests.index.vectors import NDIM, Rows, clustered, unit

MODES = ("vector", "text", "hybrid")
WORDS = ("apple", "pear", "plum", "fig", "lime", "note", "about", "thing", "garden", "house")
FIELDS = ("a", "b", "c", "path", "missing")
DOCUMENTS, SEARCHES = 90, 60  # fewer documents than are fused, so that every ranking is whole


class Documents:
    """A collection of documents of one to four passages, and the same by id."""

    def __init__(self, seed: int, count: int = DOCUMENTS) -> None:
        self.index = open_index(None)
        self.collection = self.index.collection()
        random_ = random.Random(seed)
        self.entries: dict[str, Entry] = {}
        rows = clustered(4 * count, seed, clusters=6)
        for number in range(count):
            text = " ".join(random_.choices(WORDS, k=random_.randint(4, 30)))
            facts = metadata(random_, whole=True) | {
                "path": random_.choice(("work/", "home/", "wörk/")) + str(number % 7)
            }
            passages = random_.randint(1, 4)
            vectors = Passages(rows[4 * number : 4 * number + passages], spans_of(len(text), passages))
            self.entries[str(number)] = Entry(check_content(str(number), text, facts), vectors)
        self.collection.put_many(list(self.entries.values())).result()
        assert self.collection.wait_for_words(60)

    def facts(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.entries[id_].content.metadata)
        return found

    def rows(self, id_: str) -> Rows:
        return self.entries[id_].passages.rows


@pytest.fixture(scope="module", params=[1, 2])
def documents(request: pytest.FixtureRequest) -> Iterator[Documents]:
    made = Documents(request.param)
    yield made
    made.index.close()


def asked_of(random_: random.Random, mode: str) -> Query:
    """A search of which much is asked."""
    low = {"vector": 0.1, "text": 1.0, "hybrid": 0.3}[mode]
    filters = (
        None,
        None,
        {"path": {"$prefix": random_.choice(("w", "work/", "wörk/3", ""))}},
        filter_(random_, whole=True),
    )
    group_by = random_.choice((None, *FIELDS))
    return Query(
        mode=mode,  # type: ignore[arg-type]
        vector=unit(clustered(1, random_.randrange(10_000), clusters=6)[0]),
        text=" ".join(random_.choices(WORDS, k=random_.randint(1, 3))),
        top_k=random_.choice((1, 3, 10, 30, 100)),
        offset=random_.choice((0, 0, 1, 5, 20)),
        threshold=random_.choice((None, -1.0, low)),
        filter=random_.choice(filters),
        group_by=group_by,
        per_group=random_.choice((1, 1, 2, 3)) if group_by is not None else 1,
        diversity=random_.choice((None, None, 0.0, 0.2, 0.5, 0.9, 1.0)),
        without=random_.choice((None, None, "3", "nobody")),
    )


def whole_ranking(documents: Documents, query: Query) -> list[tuple[str, float]]:
    """All documents that match, best first. Scores of words are the search's own; cosines are made here."""
    allowed = {id_ for id_ in documents.entries if query.filter is None or matches(query.filter, documents.facts(id_))}
    assert query.vector is not None
    if query.mode == "vector":
        scores = {id_: float((documents.rows(id_).astype(np.float64) @ query.vector).max()) for id_ in allowed}
        return sorted(((id_, scores[id_]) for id_ in allowed - {query.without}), key=lambda row: (-row[1], int(row[0])))
    plain = Query(mode=query.mode, vector=query.vector, text=query.text, filter=query.filter, without=query.without)
    hits = documents.collection.search(msgspec.structs.replace(plain, top_k=MAX_TOP_K))
    assert {hit.id for hit in hits} <= allowed - {query.without}
    return [(hit.id, hit.score) for hit in hits]


def group_of(documents: Documents, id_: str, field: str) -> Any:
    value = documents.facts(id_).get(field, MISSING)
    return (kind(value), value) if kind(value) != "other" else (id_, "alone")


def grouped(documents: Documents, ranking: list[tuple[str, float]], query: Query) -> list[tuple[str, float]]:
    if query.group_by is None:
        return ranking
    left: list[tuple[str, float]] = []
    for row in ranking:
        group = group_of(documents, row[0], query.group_by)
        better = [other for other, _ in left if group_of(documents, other, query.group_by) == group]
        if len(better) < query.per_group:
            left.append(row)
    return left


def chosen(documents: Documents, ranking: list[tuple[str, float]], query: Query) -> list[tuple[str, float]]:
    if query.diversity is None:
        return ranking
    among = ranking[: max(50, 4 * (query.offset + query.top_k))]
    greatest = 1.0 if query.mode == "vector" else max((score for _, score in among), default=0)
    vectors = {id_: vector_of(documents, id_, query) for id_, _ in among}
    made: list[tuple[str, float]] = []
    while among:
        values = []
        for id_, score in among:
            likeness = max((float(vectors[id_] @ vectors[other]) for other, _ in made), default=0.0)
            relevance = score / greatest if greatest > 0 else 0.0
            values.append((1 - query.diversity) * relevance - query.diversity * likeness)
        made.append(among.pop(next(place for place, value in enumerate(values) if value >= max(values) - EQUAL)))
    return made


def vector_of(documents: Documents, id_: str, query: Query) -> Any:
    assert query.vector is not None
    rows = documents.rows(id_).astype(np.float64)
    if query.mode != "text":
        return rows[int(np.argmax(rows @ query.vector))]
    mean = rows.sum(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("mode", MODES)
def test_searches_mean_what_the_naive_one_says(documents: Documents, mode: str) -> None:
    random_ = random.Random(f"{mode}")
    differing = seen = 0
    for _ in range(SEARCHES):
        query = asked_of(random_, mode)
        outcome = documents.collection.outcome(query)
        left = grouped(documents, whole_ranking(documents, query), query)
        bounded = [row for row in left if row[1] >= query.lowest_score]
        page = slice(query.offset, query.offset + query.top_k)
        expected = chosen(documents, bounded, query)[page]
        assert [hit.id for hit in outcome.hits] == [id_ for id_, _ in expected], query
        assert [hit.score for hit in outcome.hits] == pytest.approx([score for _, score in expected], abs=1e-5)
        assert outcome.below == len(left[page]) - len(bounded[page]), query
        seen += len(expected)
        differing += [id_ for id_, _ in expected] != [id_ for id_, _ in bounded[page]]
    assert seen > SEARCHES
    assert differing > SEARCHES / 10


def ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


@pytest.mark.parametrize("mode", MODES)
def test_pages_follow_each_other(documents: Documents, mode: str) -> None:
    asked = Query(mode=mode, vector=documents.rows("5")[0], text="apple pear", top_k=60)  # type: ignore[arg-type]
    for more in ({}, {"group_by": "path"}, {"without": "5"}):
        asked = msgspec.structs.replace(asked, **more)
        whole = ids(documents.collection.search(asked))
        pages = [
            ids(documents.collection.search(msgspec.structs.replace(asked, top_k=7, offset=offset)))
            for offset in range(0, 60, 7)
        ]
        assert [id_ for page in pages for id_ in page][: len(whole)] == whole
        assert len(whole) > 7


@pytest.mark.parametrize("mode", MODES)
def test_what_comes_along_is_what_was_asked_for(documents: Documents, mode: str) -> None:
    asked = Query(mode=mode, vector=documents.rows("5")[0], text="apple", top_k=20)  # type: ignore[arg-type]
    whole = documents.collection.search(asked)
    bare = documents.collection.search(msgspec.structs.replace(asked, texts=False, metadata=False, max_bytes=1))
    rich = documents.collection.search(msgspec.structs.replace(asked, vectors=True))
    assert len(whole) == 20
    for hit, one_, more in zip(whole, bare, rich, strict=True):
        content = documents.entries[hit.id].content
        assert (hit.text, hit.vector, hit.characters) == (content.text, None, len(content.text))
        assert (one_.text, one_.metadata, one_.characters) == ("", {}, len(content.text))
        assert (one_.id, one_.score, one_.passage) == (hit.id, hit.score, hit.passage)
        stored = documents.collection.get(hit.id, Include(vector=True))
        assert stored is not None
        assert more.vector is not None
        assert more.vector.tobytes() == np.asarray(stored.vector).tobytes()
    size = sum(len(hit.text.encode()) + len(documents.entries[hit.id].content.metadata) for hit in whole)
    for most, extra in ((size, {}), (size + 20 * 4 * NDIM, {"vectors": True})):
        query = msgspec.structs.replace(asked, max_bytes=most, **extra)
        assert len(documents.collection.search(query)) == 20
        with pytest.raises(QueryError, match="take more than"):
            documents.collection.search(msgspec.structs.replace(query, max_bytes=most - 1))


@pytest.fixture(scope="module")
def many() -> Iterator[Collection]:
    """Documents by nearness, of which the first thousand, or nearly MAX_DEPTH, are of one group, and others alone."""
    index = open_index(None)
    count = MAX_DEPTH + 1_000
    rows = np.zeros((count, NDIM), np.float32)
    rows[:, 0] = np.linspace(0.99, 0.1, count)
    rows[:, 1] = np.sqrt(1 - rows[:, 0] ** 2)

    def made(n: int) -> Entry:
        facts = {"group": max(0, n - 999), "most": max(0, n - MAX_DEPTH + 2), "all": max(0, n - MAX_DEPTH + 1)}
        return Entry(check_content(str(n), "apple", facts), Passages(rows[n : n + 1]))

    for start in range(0, count, 1_000):
        index.collection().put_many([made(n) for n in range(start, min(count, start + 1_000))]).result()
    assert index.collection().wait_for_words(120)
    yield index.collection()
    index.close()


def near() -> Rows:
    row = np.zeros(NDIM, np.float32)
    row[0] = 1
    return row


@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_groups_are_looked_for_as_deep_as_it_takes_and_no_deeper_than_is_said(many: Collection, mode: str) -> None:
    def found(**asked: Any) -> list[str]:
        query = Query(mode=mode, vector=near(), text="apple", **asked)  # type: ignore[arg-type]
        return ids(many.search(query))

    assert FIRST_GROUPED < 1_000
    assert found(group_by="group", top_k=1) == ["0"]
    assert found(group_by="group", top_k=10) == ["0", *map(str, range(1_000, 1_009))]
    assert found(group_by="group", top_k=2, offset=3) == ["1002", "1003"]
    assert found(group_by="group", top_k=3, per_group=2) == ["0", "1", "1000"]
    assert found(group_by="group", top_k=3, without="0") == ["1", "1000", "1001"]
    assert found(group_by="most", top_k=3) == ["0", str(MAX_DEPTH - 1)]
    assert found(group_by="all", top_k=3) == ["0"]
    assert found(group_by="all", top_k=3, without="1") == ["0", str(MAX_DEPTH)]
    assert found(group_by="missing", top_k=1_000) == found(top_k=1_000)


def test_groups_of_equal_matches_are_found_too(many: Collection) -> None:
    hits = many.search(Query(mode="text", text="apple", group_by="group", top_k=50))
    assert len({hit.metadata["group"] for hit in hits}) == len(hits) == 50


@pytest.mark.parametrize("mode", MODES)
def test_a_thousand_are_chosen_from_four_thousand(many: Collection, mode: str) -> None:
    hits = many.search(Query(mode=mode, vector=near(), text="apple", top_k=1_000, diversity=1))  # type: ignore[arg-type]
    assert len({hit.id for hit in hits}) == 1_000
    if mode == "vector":  # the farthest of those looked at is least like the first
        assert ids(hits[:2]) == ["0", str(4_000 - 1)]


def test_depths_of_fusion_are_steps() -> None:
    assert [depth_for(wanted, MAX_DEPTH) for wanted in (1, 100, 101, 200, 201, 1_001, 4_000, 4_096)] == [
        *(FUSED_ROWS, 100, 200, 200, 400, 1_600, MAX_DEPTH, MAX_DEPTH)
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"offset": -1}, "offset must be 0 at least"),
        ({"offset": 991}, "at most 1000; they are 1001"),
        ({"top_k": 1_001}, "top_k must be 1 to 1000"),
        ({"group_by": ""}, "group_by must name a field"),
        ({"group_by": "\ud800"}, "group_by must name a field"),
        ({"per_group": 2}, "without group_by"),
        ({"group_by": "a", "per_group": 0}, "per_group must be 1 to 100"),
        ({"group_by": "a", "per_group": 101}, "per_group must be 1 to 100"),
        ({"diversity": -0.1}, "diversity must be 0 to 1"),
        ({"diversity": 1.1}, "diversity must be 0 to 1"),
        ({"diversity": float("nan")}, "diversity must be 0 to 1"),
        ({"snippet": 19}, "20 to 2000"),
        ({"snippet": 2_001}, "20 to 2000"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(documents: Documents, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        documents.collection.search(Query(mode="text", text="apple", **asked))


def test_the_bounds_themselves_can_be_asked(documents: Documents) -> None:
    for asked in (
        {"offset": 990},
        {"group_by": "a", "per_group": 100},
        {"diversity": 0},
        {"diversity": 1},
        {"snippet": 20},
        {"snippet": 2_000},
    ):
        documents.collection.search(Query(mode="text", text="apple", **asked))
