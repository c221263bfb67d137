"""The data folder: one owner, collections by name, backups; what is damaged or newer is refused with what to do."""

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from index import (
    CollectionNameError,
    DamagedError,
    FolderInUseError,
    Index,
    NewerSchemaError,
    Query,
    StorageFullError,
    UnknownCollectionError,
)
from tests.index.harness import document, open_index
from tests.index.vectors import one

DATABASE = Path("collections") / "default" / "documents.sqlite"


def fill(folder: Path, count: int = 20) -> None:
    index = open_index(folder)
    index.collection().put_many([document(str(n), n) for n in range(count)]).result()
    index.close()


def test_a_second_process_on_the_folder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    code = f"from tests.index.harness import open_index; from pathlib import Path; open_index(Path({str(tmp_path)!r}))"
    second = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert "FolderInUseError" in second.stderr
    with pytest.raises(FolderInUseError, match=r"in use by process \d+; stop that one"):
        open_index(tmp_path)
    index.close()
    open_index(tmp_path).close()


def test_collections_are_made_listed_kept_and_dropped(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.create("other-1").put(document("a", 1)).result()
    assert index.create("other-1").count() == 1
    assert index.names() == ["default", "other-1"]
    assert index.collection().count() == 0
    index.close()
    index = open_index(tmp_path)
    assert index.collection("other-1").count() == 1
    index.drop("other-1")
    with pytest.raises(UnknownCollectionError, match="other-1"):
        index.collection("other-1")
    assert index.create("other-1").count() == 0
    index.collection().put(document("a")).result()
    index.drop("default")
    assert index.collection().count() == 0
    index.close()
    assert sorted(path.name for path in (tmp_path / "collections").iterdir()) == ["default", "other-1"]


def test_what_is_left_of_a_dropped_collection_is_removed_at_the_start(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    (tmp_path / "collections" / ".dropped-0" / "inner").mkdir(parents=True)
    open_index(tmp_path).close()
    assert [path.name for path in (tmp_path / "collections").iterdir()] == ["default"]


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "a" * 65, "é", "a\n", "a b"])
def test_other_names_are_refused(name: str) -> None:
    index = open_index(None)
    for use in (index.create, index.collection, index.drop):
        with pytest.raises(CollectionNameError, match="1 to 64"):
            use(name)
    index.close()


def test_in_memory_two_indexes_know_nothing_of_each_other() -> None:
    one_, two = open_index(None), open_index(None)
    one_.collection().put(document("a")).result()
    assert two.collection().count() == 0
    one_.close()
    two.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    connection = apsw.Connection(str(tmp_path / DATABASE))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerSchemaError, match="schema 99"):
        open_index(tmp_path)


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / DATABASE).write_bytes(b"something else" * 1000)
    with pytest.raises(DamagedError, match="restore"):
        open_index(tmp_path)
    open_index(tmp_path / "elsewhere").close()


def test_a_damaged_vector_is_refused_at_the_start(tmp_path: Path) -> None:
    fill(tmp_path)
    path = tmp_path / DATABASE
    content = path.read_bytes()
    vector = one(3).tobytes()
    assert content.count(vector) == 1
    path.write_bytes(content.replace(vector, vector[:40] + bytes([vector[40] ^ 1]) + vector[41:]))
    with pytest.raises(DamagedError, match="checksum differs"):
        open_index(tmp_path)


def test_a_damaged_document_is_never_returned(tmp_path: Path) -> None:
    fill(tmp_path)
    path = tmp_path / DATABASE
    content = path.read_bytes()
    assert content.count(b"the text of 3") == 1
    path.write_bytes(content.replace(b"the text of 3", b"the toxt of 3"))
    index = open_index(tmp_path)
    collection = index.collection()
    with pytest.raises(DamagedError, match="'3' is damaged"):
        collection.get("3")
    with pytest.raises(DamagedError):
        collection.search(Query(vector=one(3)))
    assert collection.get("4") is not None
    assert collection.health().problems == ("the document '3' (key 4) is damaged: its checksum differs",)
    index.close()


def test_a_backup_is_made_while_everything_goes_on_and_can_be_served(tmp_path: Path) -> None:
    index = open_index(tmp_path / "data")
    index.create("other").put(document("o", 1)).result()
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(500)]).result()
    futures = [collection.put(document(f"later{n}", 1_000 + n)) for n in range(50)]
    index.backup(tmp_path / "backup")
    for future in futures:
        future.result()
    with pytest.raises(StorageFullError, match="is there already"):
        index.backup(tmp_path / "backup")
    index.close()
    copy = open_index(tmp_path / "backup")
    assert copy.collection().count() >= 500
    assert copy.collection().search(Query(vector=one(7), top_k=1))[0].id == "7"
    assert copy.collection().health().problems == ()
    assert copy.collection("other").count() == 1
    copy.close()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(StorageFullError, match="cannot be made"):
        Index(tmp_path / "file", "model", 4)
