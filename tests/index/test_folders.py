"""Data folders that earlier versions wrote are opened by this one, and answer what they answered then."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from index import Collection, Document, Include, Index, Query

FOLDERS = Path(__file__).parent / "folders"
WITH_STOP_WORDS = {"first"}


class Expected(msgspec.Struct, frozen=True):
    """What the version that wrote the folder answered."""

    fingerprint: str
    ndim: int
    variant: str
    collections: dict[str, dict[str, Any]]


@pytest.fixture(params=["first", "second"])
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
        found = list(index.collection(name).documents(Include(vector=True)))
        assert [plain(document) for document in found] == collection["documents"]
        assert index.collection(name).count_by_variant() == collection["variants"]


def test_searches_find_the_same(request: pytest.FixtureRequest, index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        for search in collection["searches"]:
            found = answer(index.collection(name), search["query"])
            before = [hit["id"] for hit in search["hits"]]
            if request.node.callspec.params["expected"] in WITH_STOP_WORDS and search["query"]["mode"] == "text":
                assert found  # what held nothing else is not found any more
                before = [id_ for id_ in before if id_ in dict(found)]
            assert [id_ for id_, _ in found] == before
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


def test_snapshots_are_loaded_unless_another_usearch_wrote_them(index: Index, expected: Expected) -> None:
    for name, collection in expected.collections.items():
        stats = index.collection(name).stats()
        if not any("other parameters" in rejected for rejected in stats.rejected_snapshots):
            assert stats.rejected_snapshots == ()
            assert stats.viewed == len(collection["documents"])


def test_documents_are_written_as_ever(index: Index, expected: Expected) -> None:
    for name in expected.collections:
        collection = index.collection(name)
        before = collection.count()
        vector = np.eye(expected.ndim, dtype=np.float32)[0]
        collection.put(Document("new", "a new one", {"n": 1}, vector)).result()
        assert collection.search(Query(vector=vector, top_k=1))[0].id == "new"
        assert collection.count() == before + 1
        assert collection.health().ok


def plain(document: Document) -> dict[str, Any]:
    assert document.vector is not None
    return {
        "id": document.id,
        "text": document.text,
        "metadata": document.metadata,
        "vector": document.vector.tolist(),
    }


def answer(collection: Collection, query: dict[str, Any]) -> list[tuple[str, float]]:
    """Search as those versions did: in mode vector with a threshold, in mode hybrid by ranks."""
    row = np.array(query["vector"], np.float32) if "vector" in query else None
    ways = {"vector": row, "threshold": 0.5 if query["mode"] == "vector" else None, "fusion": "rrf"}
    return [(hit.id, hit.score) for hit in collection.search(Query(**(ways | query | {"vector": row})))]
