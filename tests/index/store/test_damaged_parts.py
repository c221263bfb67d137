"""Rows of passages whose number is none that a document can have, and rows that are gone: told as damage."""

from pathlib import Path

import apsw
import pytest

from index import DamagedError, Include, Query
from index.store.layout import DATABASE_FILE
from tests.index.harness import entry, open_index, same_as_entry
from tests.index.vectors import one

DATABASE = Path("collections") / "default" / DATABASE_FILE


def damage(folder: Path, statement: str) -> None:
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("parts", ["7", "0", "-3", "2.5", "'x'", "x'00'", str(2**50), str(2**62)])
def test_a_number_that_cannot_be_is_refused_at_the_start(tmp_path: Path, parts: str) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([entry("a", [1, 2, 3]), entry("b", [4, 5, 6]), entry("c", [7])]).result()
    index.close()
    damage(tmp_path, f"UPDATE passages SET parts = {parts} WHERE doc = 6")
    with pytest.raises(DamagedError, match="key 6 are damaged"):
        open_index(tmp_path)


def test_a_row_that_is_gone_is_told_by_a_search(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put_many([entry("a", [1, 2, 3]), entry("b", [4, 5, 6])]).result()
    damage(tmp_path, "DELETE FROM passages")
    with pytest.raises(DamagedError, match="key 6 are damaged"):
        collection.search(Query(vector=one(4), top_k=1))
    index.close()


@pytest.mark.parametrize("parts", ["5", "2"])
def test_no_other_document_loses_vectors_with_one_whose_number_is_wrong(tmp_path: Path, parts: str) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    whole = entry("a", [1, 2, 3])
    collection.put_many([whole, entry("b", [4, 5, 6])]).result()
    damage(tmp_path, f"UPDATE passages SET parts = {parts} WHERE doc = 6")
    for future in (collection.delete("b"), collection.put(entry("b", [7]))):
        with pytest.raises(DamagedError, match="key 6 are damaged"):
            future.result()
    found = collection.get("a", Include(vector=True, passages=True))
    assert found is not None
    assert same_as_entry(found, whole)
    index.close()


@pytest.mark.parametrize("lost", ["ndim", "fingerprint"])
def test_documents_whose_model_is_not_told_any_more_are_damaged(tmp_path: Path, lost: str) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([entry("a", [1])]).result()
    index.close()
    damage(tmp_path, f"DELETE FROM meta WHERE name = '{lost}'")
    with pytest.raises(DamagedError, match="of which model its vectors are"):
        open_index(tmp_path)
