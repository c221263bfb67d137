"""The index of words is a copy that may be lost, damaged, cut off or another's: documents are found all the same."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from index import Collection, Index, Query, SettingsChange
from index.documents.settings import Language
from index.documents.vector import Model
from index.store.clock import Clock
from index.store.disk import Disk
from index.store.layout import DATABASE_FILE
from index.store.shared import Shared
from index.words.analysis import Analysis
from index.words.folder import problems_in
from index.words.opening import DELETED_DOCUMENTS
from index.words.postings import Postings
from tests.disks import SmallDisk, small_disk
from tests.index.fakes import PointedDisk
from tests.index.harness import FINGERPRINT, document, open_index
from tests.index.vectors import NDIM

HOME = Path("collections", "default")
COUNT = 60
KILLED = """
import os, pathlib
from tests.index.harness import document, open_index
collection = open_index(pathlib.Path({folder!r})).collection()
collection.put_many([document(str(n), n, f"word{{n}} common") for n in range(40)]).result()
assert collection.wait_for_words(60)
collection.put_many([document(str(n), n, f"word{{n}} common") for n in range(40, 60)]).result()
collection.delete("7").result()
os.kill(os.getpid(), 9)
"""


def fill(folder: Path, count: int = COUNT) -> None:
    index = open_index(folder)
    collection = index.collection()
    for start in range(0, count, 20):
        collection.put_many([document(str(n), n, f"word{n} common") for n in range(start, start + 20)]).result()
        assert collection.wait_for_words(60)
    index.close()


def words_folder(folder: Path) -> Path:
    (found,) = (folder / HOME).glob("words-*")
    return found


def check(index: Index, there: set[int]) -> None:
    """Each document that is there is found by its own word and by the common one, before the index has it and after."""
    collection = index.collection()
    for _ in range(2):
        for n in range(COUNT + 20):
            hits = collection.search(Query(mode="text", text=f"word{n}"))
            assert [hit.id for hit in hits] == ([str(n)] if n in there else [])
        common = collection.search(Query(mode="text", text="common", top_k=1000))
        assert {hit.id for hit in common} == set(map(str, there))
        assert collection.wait_for_words(60)
    assert collection.health().ok
    assert collection.stats().words_failure is None
    assert collection.well


def check_folder(folder: Path, there: set[int]) -> None:
    index = open_index(folder)
    check(index, there)
    index.close()
    assert list(problems_in(words_folder(folder))) == []


def test_a_start_takes_the_index_that_is_there(tmp_path: Path) -> None:
    fill(tmp_path)
    before = words_folder(tmp_path)
    check_folder(tmp_path, set(range(COUNT)))
    assert words_folder(tmp_path) == before


def test_what_was_written_before_a_kill_is_found_after_it(tmp_path: Path) -> None:
    code = KILLED.format(folder=str(tmp_path))
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == -9
    before = words_folder(tmp_path)
    check_folder(tmp_path, set(range(COUNT)) - {7})
    assert words_folder(tmp_path) == before


def test_documents_come_and_go_without_the_index(tmp_path: Path) -> None:
    fill(tmp_path)
    index = open_index(tmp_path)
    index.collection().words.pause()
    index.collection().put_many([document(str(n), n, f"word{n} common") for n in range(COUNT, COUNT + 10)]).result()
    index.collection().delete_many(["3", "59", "60"]).result()
    index.close()
    check_folder(tmp_path, set(range(COUNT + 10)) - {3, 59, 60})


def test_what_was_committed_though_it_was_refused_is_there_once(tmp_path: Path) -> None:
    refusals = [OSError(5, "refused")]

    def refuse(point: str) -> None:
        if point == "after_words" and refusals:
            raise refusals.pop()

    index = open_index(tmp_path, PointedDisk(refuse))
    index.collection().put_many([document(str(n), n, f"word{n} common") for n in range(COUNT)]).result()
    assert not index.collection().wait_for_words(60)
    check(index, set(range(COUNT)))
    assert not refusals
    index.close()
    check_folder(tmp_path, set(range(COUNT)))


def test_an_index_that_has_a_document_twice_is_made_anew(tmp_path: Path) -> None:
    fill(tmp_path)
    before = words_folder(tmp_path)
    postings = Postings(Analysis(), before)
    postings.add(COUNT, "word59 common")
    postings.commit()
    postings.rest()
    check_folder(tmp_path, set(range(COUNT)))
    assert words_folder(tmp_path) != before


def removed(folder: Path) -> None:
    shutil.rmtree(folder)


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def without_meta(folder: Path) -> None:
    (folder / "meta.json").unlink()


def meta_garbled(folder: Path) -> None:
    (folder / "meta.json").write_bytes(b"\xff\xfe{")


def meta_of_nothing(folder: Path) -> None:
    (folder / "meta.json").write_bytes((folder / "meta.json").read_bytes().replace(b'"max_doc": 20', b'"max_doc": 21'))


def cut_short(folder: Path) -> None:
    for path in folder.glob("*.idx"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bits_flipped(folder: Path) -> None:
    random_ = random.Random(5)
    for path in folder.glob("*.*"):
        content = bytearray(path.read_bytes())
        if content and path.suffix not in {".json", ".lock"}:
            content[random_.randrange(content.rindex(b'{"version"'))] ^= 1 << random_.randrange(8)
            path.write_bytes(content)


def exchanged(folder: Path) -> None:
    """Checksums are right, and no file is what its name says."""
    for path in folder.glob("*.idx"):
        shutil.copy(path.with_suffix(".term"), path)
        shutil.copy(path.with_suffix(".fast"), path.with_suffix(".pos"))


def without_places(folder: Path) -> None:
    for path in folder.glob("*.pos"):
        path.unlink()


@pytest.mark.parametrize(
    "harm",
    [removed, emptied, without_meta, meta_garbled, meta_of_nothing, cut_short, bits_flipped, without_places, exchanged],
    ids=lambda harm: harm.__name__,
)
def test_what_is_lost_or_damaged_is_built_again(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    fill(tmp_path)
    before = words_folder(tmp_path)
    harm(before)
    check_folder(tmp_path, set(range(COUNT)))
    assert words_folder(tmp_path) != before


@pytest.mark.parametrize("suffix", ["idx", "pos", "term", "store", "fast", "fieldnorm"])
def test_any_flipped_bit_is_seen(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, 20)
    random_ = random.Random(suffix)
    (path,) = words_folder(tmp_path).glob(f"*.{suffix}")
    whole = path.read_bytes()
    assert list(problems_in(path.parent)) == []
    for _ in range(50):
        content = bytearray(whole)
        content[random_.randrange(content.rindex(b'{"version"'))] ^= 1 << random_.randrange(8)
        path.write_bytes(content)
        assert len(list(problems_in(path.parent))) >= 1
    path.write_bytes(whole)
    assert list(problems_in(path.parent)) == []


def test_a_database_put_back_from_a_backup_is_not_searched_by_the_words_of_what_came_later(tmp_path: Path) -> None:
    fill(tmp_path / "data", 20)
    index = open_index(tmp_path / "data")
    index.backup(tmp_path / "backup")
    index.collection().put_many([document("x", 1, "word5 later"), document("y", 2, "word6 later")]).result()
    assert index.collection().wait_for_words(60)
    index.close()
    shutil.copy(tmp_path / "backup" / HOME / DATABASE_FILE, tmp_path / "data" / HOME / DATABASE_FILE)
    index = open_index(tmp_path / "data")
    index.collection().put_many([document(str(n), n, f"word{n} common") for n in range(20, 40)]).result()
    check(index, set(range(40)))
    index.close()


def test_a_database_of_an_earlier_day_is_not_searched_by_the_words_of_a_later_one(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    earlier = (tmp_path / HOME / DATABASE_FILE).read_bytes()
    index = open_index(tmp_path)
    index.collection().put_many([document("x", 1, "word5 later"), document("y", 2, "word6 later")]).result()
    assert index.collection().wait_for_words(60)
    index.close()
    (tmp_path / HOME / DATABASE_FILE).write_bytes(earlier)
    check_folder(tmp_path, set(range(20)))


def test_an_index_that_lacks_documents_that_it_should_have_is_made_whole(tmp_path: Path) -> None:
    """Deletions that were lost, with the log that held them: the documents are there again."""
    fill(tmp_path)
    earlier = (tmp_path / HOME / DATABASE_FILE).read_bytes()
    index = open_index(tmp_path)
    index.collection().delete_many(["5", "30"]).result()
    assert index.collection().wait_for_words(60)
    index.close()
    (tmp_path / HOME / DATABASE_FILE).write_bytes(earlier)
    check_folder(tmp_path, set(range(COUNT)))


def test_an_index_of_which_most_is_deleted_is_built_again_at_a_start(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    everything = [document(str(n), n, f"word{n} common") for n in range(DELETED_DOCUMENTS + 70)]
    collection.put_many(everything).result()
    assert collection.wait_for_words(60)
    collection.delete_many([one.id for one in everything[10:]]).result()
    assert collection.wait_for_words(60)
    before = words_folder(tmp_path)
    index.close()
    check_folder(tmp_path, set(range(10)))
    assert words_folder(tmp_path) != before


def test_another_language_has_other_words(tmp_path: Path) -> None:
    model = Model(FINGERPRINT, NDIM, "")
    before = None
    changes: list[tuple[Language | None, list[str]]] = [
        ("english", []), ("german", ["1"]), (None, []), ("german", ["1"])
    ]  # fmt: skip
    for language, found in changes:
        collection = Collection("notes", tmp_path, model, Disk(), Clock(), Shared())
        assert collection.configure(SettingsChange(language=language)).result().language == language
        collection.put(document("1", 1, "viele Häuser")).result()
        assert collection.wait_for_words(60)
        assert [hit.id for hit in collection.search(Query(mode="text", text="Hauses"))] == found
        collection.close()
        (folder,) = tmp_path.glob("words-*")
        assert folder != before
        before = folder


def test_a_dropped_collections_words_go_with_it(tmp_path: Path) -> None:
    fill(tmp_path)
    index = open_index(tmp_path)
    index.drop("default")
    check(index, set())
    index.collection().put(document("3", 3, "word3 common")).result()
    check(index, {3})
    index.close()
    assert len(list((tmp_path / "collections").iterdir())) == 1


def test_a_backup_names_no_words(tmp_path: Path) -> None:
    fill(tmp_path / "data", 20)
    index = open_index(tmp_path / "data")
    index.backup(tmp_path / "backup")
    index.close()
    assert [path.name for path in (tmp_path / "backup" / HOME).iterdir()] == [DATABASE_FILE]
    connection = apsw.Connection(str(tmp_path / "backup" / HOME / DATABASE_FILE))
    assert connection.execute("SELECT count(*) FROM meta WHERE name = 'words'").fetchall() == [(0,)]
    connection.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 24) as found:
        yield found


def test_where_there_is_no_room_for_the_index_documents_are_found_all_the_same(disk: SmallDisk) -> None:
    index = open_index(disk.folder / "data")
    collection = index.collection()
    collection.put_many([document(str(n), n, f"word{n} common") for n in range(20)]).result()
    disk.fill(spare_bytes=0)
    assert not collection.wait_for_words(1)
    failure = collection.stats().words_failure
    assert failure is not None
    assert [hit.id for hit in collection.search(Query(mode="text", text="word7"))] == ["7"]
    disk.make_room()
    assert collection.wait_for_words(60)
    assert collection.stats().words_failure is None
    assert [hit.id for hit in collection.search(Query(mode="text", text="word7"))] == ["7"]
    index.close()


def test_a_folder_that_cannot_be_written_has_its_words_in_memory(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    shutil.rmtree(words_folder(tmp_path))

    class Refusing(Disk):
        def make_folder(self, folder: Path) -> None:
            if folder.name.startswith("words-"):
                raise OSError(28, "No space left on device")
            super().make_folder(folder)

    index = open_index(tmp_path, Refusing())
    collection = index.collection()
    assert collection.wait_for_words(60)
    assert "No space left" in str(collection.stats().words_failure)
    assert [hit.id for hit in collection.search(Query(mode="text", text="word7"))] == ["7"]
    assert collection.stats().words_pending == 0
    index.close()
    check_folder(tmp_path, set(range(20)))
