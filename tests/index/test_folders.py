"""Data folders that earlier versions wrote are opened by this one, and answer what they answered then."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from index import Collection, Document, Hit, Include, Index, Query
from index.documents.passages import whole

FOLDERS = Path(__file__).parent / "folders"
WITH_STOP_WORDS = {"first"}


class Expected(msgspec.Struct, frozen=True):
    """What the version that wrote the folder answered."""

    fingerprint: str
    ndim: int
    variant: str
    collections: dict[str, dict[str, Any]]


@pytest.fixture(params=["first", "second", "third", "fourth"])
def expected(request: pytest.FixtureRequest) -> Expected:
    return msgspec.json.decode((FOLDERS / request.param / "expected.json").read_bytes(), type=Expected)


@pytest.fixture
def index(request: pytest.FixtureRequest, expected: Expected, tmp_path: Path) -> Iterator[Index]:
    folder = shutil.copytree(FOLDERS / request.node.callspec.params["expected"] / "data", tmp_path / "data")
    found = Index(folder, expected.fingerprint, expected.ndim, expected.variant)
    yield found
    found.close()


def test_collections_are_there_and_none_is_foreign(index: Index, expected: Expected) -> None:
    assert index.names() == sorted(expected.collections)
    for name in expected.collections:
        collection = index.collection(name)
        assert collection.fingerprint == expected.fingerprint
        assert not collection.foreign
        assert collection.health().ok


def test_documents_are_the_same_to_the_bit(index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        found = list(index.collection(name).documents(Include(vector=True, passages=True)))
        assert [plain(document) for document in found] == [with_passages(given) for given in collection["documents"]]
        assert index.collection(name).count_by_variant() == collection["variants"]
        expires = {document.id: document.expires_ms for document in found if document.expires_ms is not None}
        assert expires == collection.get("expires", {})


def test_searches_find_the_same(request: pytest.FixtureRequest, index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        for search in collection["searches"]:
            found = answer(index.collection(name), search["query"])
            before = [hit["id"] for hit in search["hits"]]
            if request.node.callspec.params["expected"] in WITH_STOP_WORDS and search["query"]["mode"] == "text":
                assert found  # what held nothing else is not found any more
                before = [id_ for id_ in before if id_ in dict(found)]
            assert [id_ for id_, _ in found] == before
            assert found_at(index.collection(name), search) == passages_of(search, collection["documents"])
            if (
                search["query"]["mode"] != "text"
            ):  # a word's weight is tantivy's, and Unicode's version decides on words
                scores = [hit["score"] for hit in search["hits"]]
                assert [score for _, score in found] == pytest.approx(scores, abs=1e-6)


def test_words_are_in_no_table(index: Index, expected: Expected) -> None:
    for name in expected.collections:
        with index.collection(name).store.readers.reading() as connection:
            tables = {str(table) for (table,) in connection.execute("SELECT name FROM sqlite_schema")}
        assert not {table for table in tables if table.startswith(("texts", "terms"))}


def test_a_graph_that_an_earlier_version_wrote_is_built_anew(index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        found = index.collection(name)
        assert found.wait_until_viewed(30)
        assert found.stats().viewed == sum(collection["variants"].values())
        assert all("other parameters" in rejected for rejected in found.stats().rejected_snapshots)


def test_documents_are_written_as_ever(index: Index, expected: Expected) -> None:
    for name in expected.collections:
        collection = index.collection(name)
        before = collection.count()
        vector = np.eye(expected.ndim, dtype=np.float32)[0]
        collection.put(Document("new", "a new one", {"n": 1}, vector)).result()
        assert collection.search(Query(vector=vector, top_k=1))[0].id == "new"
        assert collection.count() == before + 1
        assert collection.health().ok


def test_under_another_variant_they_are_searched_reused_by_none_and_reindexed_to_one(
    request: pytest.FixtureRequest, expected: Expected, tmp_path: Path
) -> None:
    folder = shutil.copytree(FOLDERS / request.node.callspec.params["expected"] / "data", tmp_path / "data")
    index = Index(folder, expected.fingerprint, expected.ndim, "another")
    before = {
        name: {variant: count for variant, count in one["variants"].items() if variant != "given"}
        for name, one in expected.collections.items()
    }
    assert index.count_others() == before
    for name, one in expected.collections.items():
        collection = index.collection(name)
        assert not collection.foreign
        for search in one["searches"]:
            assert answer(collection, search["query"])
        assert collection.unchanged({given["id"]: given["text"] for given in one["documents"]}) == {}
        vector = np.eye(expected.ndim, dtype=np.float32)[0]
        collection.put(Document("new", "a new one", {}, vector)).result()
        assert collection.unchanged({"again": "a new one"}).keys() == {"again"}
        reindex = collection.reindex()
        while texts := reindex.texts(5):
            reindex.put({lacking.key: whole(vector) for lacking in texts}).result()
        assert reindex.finish()
        assert collection.count_by_variant().keys() <= {"another", "given"}
    assert index.count_others() == {}
    index.close()


def test_what_other_settings_cut_is_known(index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        stored = index.collection(name).unchanged({given["id"]: given["text"] for given in collection["documents"]})
        given = set(collection.get("given", []))
        assert stored.keys() == {one["id"] for one in collection["documents"]} - given
        assert [id_ for id_, one in stored.items() if one.stale] == collection.get("stale", [])


def plain(document: Document) -> dict[str, Any]:
    assert document.vector is not None
    return {
        "id": document.id,
        "text": document.text,
        "metadata": document.metadata,
        "vector": document.vector.tolist(),
        "passages": [
            {"start": one.start, "end": one.end, "vector": None if one.vector is None else one.vector.tolist()}
            for one in document.passages or ()
        ],
    }


def with_passages(given: dict[str, Any]) -> dict[str, Any]:
    """A document as it is now; what was written before there were passages is one as a whole."""
    whole = {"start": 0, "end": len(given["text"]), "vector": given["vector"]}
    return {"passages": [whole]} | given


def passages_of(search: dict[str, Any], documents: list[dict[str, Any]]) -> list[list[int]]:
    """Where the best passage of each hit by vector stands."""
    lengths = {given["id"]: len(given["text"]) for given in documents}
    if search["query"]["mode"] != "vector":
        return []
    return [hit.get("passage", [0, lengths[hit["id"]]]) for hit in search["hits"]]


def found_at(collection: Collection, search: dict[str, Any]) -> list[list[int]]:
    hits = asked(collection, search["query"])
    if search["query"]["mode"] != "vector":
        return []
    return [[hit.passage.start, hit.passage.end] for hit in hits if hit.passage is not None]


def answer(collection: Collection, query: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in asked(collection, query)]


def asked(collection: Collection, query: dict[str, Any]) -> list[Hit]:
    """Search as those versions did: in mode vector with a threshold, in mode hybrid by ranks."""
    row = np.array(query["vector"], np.float32) if "vector" in query else None
    ways = {"vector": row, "threshold": 0.5 if query["mode"] == "vector" else None, "fusion": "rrf"}
    return collection.search(Query(**(ways | query | {"vector": row})))
