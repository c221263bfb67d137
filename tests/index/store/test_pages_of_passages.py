"""Pages of documents with their passages: as large as they may be, vectors counted, and all documents once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Collection, Include
from tests.index.harness import entry, open_index
from tests.index.vectors import NDIM

VECTOR_BYTES = 4 * NDIM
TEXT = "a text of some letters, which is cut"
PARTS = {"a": 3, "b": 1, "c": 5, "d": 30, "e": 2, "f": 1}
BYTES = len(TEXT) + len(b"{}")
WITH_VECTORS = (Include(vector=True), Include(passages=True), Include(vector=True, passages=True))


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    index = open_index(tmp_path)
    seeds = iter(range(100))
    entries = [entry(id_, [next(seeds) for _ in range(count)], TEXT) for id_, count in PARTS.items()]
    index.collection().put_many(entries).result()
    yield index.collection()
    index.close()


def pages(collection: Collection, include: Include, max_bytes: int | None) -> list[list[str]]:
    found: list[list[str]] = []
    while page := collection.list_after(found[-1][-1] if found else "", 100, include, max_bytes):
        found.append([one.id for one in page])
    return found


@pytest.mark.parametrize("include", WITH_VECTORS)
def test_vectors_count(collection: Collection, include: Include) -> None:
    most = 4 * BYTES + 9 * VECTOR_BYTES
    assert pages(collection, include, most) == [["a", "b", "c"], ["d"], ["e", "f"]]
    assert pages(collection, include, 3 * BYTES + 9 * VECTOR_BYTES) == [["a", "b", "c"], ["d"], ["e", "f"]]
    assert pages(collection, include, 3 * BYTES + 9 * VECTOR_BYTES - 1) == [["a", "b"], ["c"], ["d"], ["e", "f"]]
    assert pages(collection, include, 1) == [[id_] for id_ in PARTS]
    assert pages(collection, include, None) == [list(PARTS)]


def test_without_them_texts_and_metadata_do(collection: Collection) -> None:
    assert pages(collection, Include(), 4 * BYTES) == [["a", "b", "c", "d"], ["e", "f"]]
