"""Search by words: what is ranked where a word is nearly everywhere, and after a document was damaged."""

from pathlib import Path

import apsw

from index import Collection, Document, Index, Query
from index.filters.parsing import parse_filter
from index.words.ranking import rank_by_words
from tests.index.harness import document, open_index
from tests.index.vectors import one

DATABASE = Path("collections", "default", "documents.sqlite")


def found(collection: Collection, words: str) -> list[str]:
    return sorted(hit.id for hit in collection.search(Query(mode="text", text=words)))


def test_of_more_than_are_ranked_the_newest_are() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n, "common and more beside it", n=n) for n in range(30)]).result()
    collection.put(Document("last", "common", {"n": 30}, one(30))).result()
    for filter_ in (None, {"n": {"$gte": 0}}):
        condition = None if filter_ is None else parse_filter(filter_)
        with collection.store.readers.reading() as connection:
            keys = [key for key, _ in rank_by_words(connection, "common", condition, wanted=10, ranked_rows=10)]
        assert keys[0] == 31
        assert set(keys) <= set(range(22, 32))
    index.close()


def damaged(folder: Path) -> Index:
    """An index of which one document has another text than its words were gathered from."""
    index = open_index(folder)
    index.collection().put_many([document("bad", 1, "apple pie"), document("good", 2, "apple juice")]).result()
    index.close()
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute("UPDATE docs SET text = 'apqle pie' WHERE id = 'bad'")
    connection.close()
    return open_index(folder)


def test_a_damaged_document_that_is_put_again_is_found_by_its_words(tmp_path: Path) -> None:
    index = damaged(tmp_path)
    collection = index.collection()
    collection.put(document("bad", 1, "apple tart")).result()
    assert (found(collection, "apple"), found(collection, "pie"), found(collection, "tart")) == (
        ["bad", "good"],
        [],
        ["bad"],
    )
    assert collection.health().problems == ()
    index.close()


def test_a_damaged_document_that_is_deleted_is_found_no_more(tmp_path: Path) -> None:
    index = damaged(tmp_path)
    collection = index.collection()
    assert collection.delete("bad").result() == 1
    assert (found(collection, "apple"), found(collection, "pie")) == (["good"], [])
    assert collection.health().problems == ()
    index.close()
