"""A commit of the words' index that is cut off leaves files that the index does not name: they are no damage."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from index import Query
from index.words.analysis import Analysis
from index.words.folder import problems_in
from index.words.opening import existing
from index.words.postings import POSTINGS_ERRORS, Postings
from tests.disks import files_of_at_most
from tests.index.harness import open_index
from tests.index.words.test_copies import check, fill, words_folder

COUNT = 20


def made(folder: Path, count: int = COUNT) -> Path:
    """Return a folder with an index of so many documents, whose keys begin at 0."""
    folder.mkdir()
    postings = Postings(Analysis(), folder)
    for key in range(count):
        postings.add(key, f"word{key} common")
    postings.commit()
    postings.rest()
    return folder


def without(folder: Path, keys: Sequence[int]) -> None:
    postings = Postings(Analysis(), folder)
    postings.remove(keys)
    postings.commit()
    postings.rest()


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """Return a folder in which a commit was cut off while it wrote which documents are deleted."""
    before = made(tmp_path / "before")
    after = tmp_path / "after"
    shutil.copytree(before, after)
    without(after, [3])
    (deletes,) = after.glob("*.del")
    (before / deletes.name).write_bytes(deletes.read_bytes()[:20])
    shutil.copy(after / ".managed.json", before)  # is written first
    return before


def test_what_a_commit_left_when_it_was_cut_off_is_no_damage(cut_off: Path) -> None:
    assert list(problems_in(cut_off)) == []


def test_the_commit_that_was_cut_off_can_be_made_again(cut_off: Path) -> None:
    postings = existing(cut_off, Analysis())
    assert postings is not None
    postings.remove([3])
    postings.commit()
    assert postings.reading(0).keys().tolist() == [key for key in range(COUNT) if key != 3]
    postings.rest()
    assert list(problems_in(cut_off)) == []


def test_a_commit_that_failed_can_be_made_again(tmp_path: Path) -> None:
    """The disk takes the names of the files, and not the numbers of the deleted documents."""
    many = 20_000  # a bit each
    postings = Postings(Analysis(), made(tmp_path / "words", many))
    postings.remove([3])
    with files_of_at_most(1_500), pytest.raises(POSTINGS_ERRORS, match="File too large"):
        postings.commit()
    postings.stop()
    (half,) = (tmp_path / "words").glob("*.del")
    assert 0 < half.stat().st_size <= 1_500
    assert list(problems_in(tmp_path / "words")) == []
    postings.remove([3])
    postings.commit()
    assert postings.reading(0).keys().tolist() == [key for key in range(many) if key != 3]
    postings.rest()


def test_files_of_a_segment_that_was_never_committed_are_no_damage(tmp_path: Path) -> None:
    folder = made(tmp_path / "words")
    for path in list(folder.glob("*.*")):
        if path.suffix in {".idx", ".term", ".store"}:
            (folder / f"{'a' * 32}{path.suffix}").write_bytes(path.read_bytes()[:50])
    assert list(problems_in(folder)) == []
    assert existing(folder, Analysis()) is not None


def test_deletions_that_are_lost_or_damaged_are_told(tmp_path: Path) -> None:
    folder = made(tmp_path / "words")
    without(folder, [3])
    (deletes,) = folder.glob("*.del")
    whole = deletes.read_bytes()
    deletes.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert list(problems_in(folder)) == [f"words/{deletes.name} is damaged: its checksum differs"]
    deletes.unlink()
    assert len(list(problems_in(folder))) == 1
    assert existing(folder, Analysis()) is None


def test_a_start_goes_on_where_a_commit_was_cut_off(tmp_path: Path) -> None:
    fill(tmp_path)
    before = words_folder(tmp_path)
    segment = next(before.glob("*.fast")).stem
    (before / f"{segment}.1923.del").write_bytes(b"\x01\x02")
    index = open_index(tmp_path)
    check(index, set(range(60)))
    index.collection().delete("7").result()
    assert index.collection().wait_for_words(60)
    assert index.collection().search(Query(mode="text", text="word7")) == []
    index.close()
    assert words_folder(tmp_path) == before
