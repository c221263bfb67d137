"""Settings of a collection: kept through kills, copies and damage; a change of language mixes no two analyses."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from index import (
    Collection,
    CollectionSettingsError,
    DamagedError,
    PassageSettings,
    Query,
    Settings,
    SettingsChange,
    StorageFullError,
)
from index.documents.settings import Language
from index.store.disk import Disk
from index.words.folder import problems_in
from tests.index.commands.running import DATABASE, run
from tests.index.harness import document, open_index

GERMAN = SettingsChange(language="german")
# Killed by the disk as soon as the change is committed: the index of words of before is still there.
KILLED = """
import os, pathlib
from index import SettingsChange
from tests.index.fakes import PointedDisk
from tests.index.harness import document, open_index
armed = []
disk = PointedDisk(lambda point: os.kill(os.getpid(), 9) if armed and point == {point!r} else None)
collection = open_index(pathlib.Path({folder!r}), disk).collection()
collection.put(document("1", 1, "viele Häuser")).result()
assert collection.wait_for_words(60)
armed.append(True)
collection.configure(SettingsChange(language="german", threshold=0.25)).result()
assert collection.wait_for_words(60)
"""


@pytest.fixture(params=["disk", "memory"])
def collection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Collection]:
    index = open_index(tmp_path if request.param == "disk" else None)
    yield index.collection()
    index.close()


def found(collection: Collection, text: str) -> set[str]:
    return {hit.id for hit in collection.search(Query(mode="text", text=text, top_k=1000))}


def row_of(database: Path) -> str | None:
    connection = apsw.Connection(str(database))
    rows = connection.execute("SELECT value FROM meta WHERE name = 'settings'").fetchall()
    connection.close()
    return str(rows[0][0]) if rows else None


def set_row(database: Path, value: object) -> None:
    connection = apsw.Connection(str(database))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('settings', ?)", (value,))
    connection.close()


def test_what_is_changed_is_changed_and_the_rest_stays(collection: Collection) -> None:
    assert collection.settings == Settings()
    assert collection.configure(SettingsChange(threshold=0.25)).result() == Settings(threshold=0.25)
    assert collection.configure(GERMAN).result() == Settings(language="german", threshold=0.25)
    assert collection.configure(SettingsChange(threshold=None)).result() == Settings(language="german", threshold=None)
    assert collection.configure(SettingsChange()).result() == collection.settings
    assert collection.settings == Settings(language="german", threshold=None)
    assert collection.stats().settings == collection.settings


def test_the_cutting_counts_the_changes_of_passages_and_no_other(collection: Collection) -> None:
    for passages, cutting in (
        (PassageSettings(), 1),  # as they are
        (PassageSettings(64, 8), 2),
        (PassageSettings(64, 8), 2),
        (None, 3),
        (PassageSettings(), 4),
    ):
        assert collection.configure(SettingsChange(passages=passages)).result().cutting == cutting
        assert collection.configure(SettingsChange(threshold=cutting, language=None)).result().cutting == cutting
        assert collection.settings.passages == passages


@pytest.mark.parametrize(
    "change",
    [
        SettingsChange(passages=PassageSettings(15, 0)),
        SettingsChange(passages=PassageSettings(64, 33)),
        SettingsChange(passages=PassageSettings(64, -1)),
        SettingsChange(language="klingon"),  # type: ignore[arg-type]
        SettingsChange(threshold=float("nan")),
        SettingsChange(threshold=float("inf")),
    ],
)
def test_what_no_collection_can_have_is_refused(collection: Collection, change: SettingsChange) -> None:
    with pytest.raises(CollectionSettingsError):
        collection.configure(change)
    assert collection.settings == Settings()


def test_settings_are_there_after_a_start_and_gone_with_the_collection(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    wanted = index.collection().configure(SettingsChange(PassageSettings(64, 8), "german", 0.25)).result()
    index.create("other").configure(SettingsChange(language=None)).result()
    index.close()
    index = open_index(tmp_path)
    assert index.collection().settings == wanted == Settings(PassageSettings(64, 8), "german", 0.25, 2)
    assert index.collection("other").settings == Settings(language=None)
    index.drop("default")
    index.drop("other")
    assert index.collection().settings == index.create("other").settings == Settings()
    index.close()


def test_a_backup_has_the_settings_and_restoring_it_brings_them_back(tmp_path: Path) -> None:
    index = open_index(tmp_path / "data")
    index.collection().put(document("1", 1, "viele Häuser")).result()
    wanted = index.collection().configure(SettingsChange(None, "german", 0.25)).result()
    index.close()
    assert run("backup", tmp_path / "copy", "--data", tmp_path / "data") == 0
    index = open_index(tmp_path / "data")
    index.collection().configure(SettingsChange(PassageSettings(), "french", None)).result()
    index.close()
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "data", "--replace") == 0
    index = open_index(tmp_path / "data")
    assert index.collection().settings == wanted
    assert found(index.collection(), "Hauses") == {"1"}
    index.close()


@pytest.mark.parametrize("point", ["after_commit", "before_words", "after_words"])
def test_a_kill_during_a_change_of_language_leaves_it_changed(tmp_path: Path, point: str) -> None:
    code = KILLED.format(folder=str(tmp_path), point=point)
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == -9
    index = open_index(tmp_path)
    assert index.collection().settings == Settings(language="german", threshold=0.25)
    assert found(index.collection(), "Hauses") == {"1"}
    assert index.collection().wait_for_words(60)
    assert found(index.collection(), "Hauses") == {"1"}
    assert index.collection().health().ok
    index.close()
    (words,) = tmp_path.glob("collections/default/words-*")
    assert list(problems_in(words)) == []


def test_a_change_of_language_leaves_one_whole_index(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put_many([document(str(n), n, f"viele Häuser {n}") for n in range(50)]).result()
    languages: list[Language | None] = ["german", "english", "german", None, "german"]
    for language in languages:
        collection.configure(SettingsChange(language=language)).result()
        assert len(found(collection, "Hauses")) == (50 if language == "german" else 0)
    collection.delete("7").result()
    assert collection.wait_for_words(60)
    assert len(found(collection, "Hauses")) == 49
    assert collection.health().ok
    index.close()
    (words,) = tmp_path.glob("collections/default/words-*")
    assert list(problems_in(words)) == []
    assert run("doctor", tmp_path) == 0


def test_languages_changed_back_before_they_were_committed_leave_an_index_that_is_named(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(document("1", 1, "many houses")).result()
    assert collection.wait_for_words(60)
    release = threading.Event()
    collection.store.writer.submit(lambda *_: release.wait(60), 0)
    changes = [collection.configure(SettingsChange(language=one)) for one in ("german", "english")]
    release.set()
    assert [one.result().language for one in changes] == ["german", "english"]
    assert found(collection, "housing") == {"1"}
    index.close()
    assert run("doctor", tmp_path) == 0


def test_searches_during_a_change_are_of_one_analysis(collection: Collection) -> None:
    """In German both texts hold the stem of the query, in English none: never one of them alone."""
    collection.put_many([document("a", 1, "viele Häuser"), document("b", 2, "alte Häuser")]).result()
    assert collection.wait_for_words(60)
    faults: list[object] = []
    ended = threading.Event()

    def search() -> None:
        while not ended.is_set():
            if (ids := found(collection, "Hauses")) not in (set(), {"a", "b"}):
                faults.append(ids)

    def write() -> None:
        while not ended.is_set():
            collection.put(document("a", 1, "viele Häuser")).result()

    threads = [threading.Thread(target=one) for one in (search, search, write)]
    for thread in threads:
        thread.start()
    for number in range(12):
        language: Language = "english" if number % 2 else "german"
        collection.configure(SettingsChange(language=language)).result()
        assert found(collection, "Hauses") == (set() if number % 2 else {"a", "b"})
    ended.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert collection.wait_for_words(60)
    assert collection.well
    assert collection.health().ok


def test_a_search_that_has_begun_goes_on_with_the_analysis_before(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(document("1", 1, "many houses")).result()
    assert collection.wait_for_words(60)
    lexicon = collection.words.lexicon
    sought, reading = lexicon.sought("housing"), lexicon.keeper.current()
    collection.configure(SettingsChange(language=None)).result()
    assert found(collection, "housing") == set()
    assert reading.holding(next(iter(sought.stems))) == 1  # though its folder has gone
    assert lexicon.keeper.ready
    index.close()


def test_a_change_of_language_while_the_files_are_left_alone_touches_none(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(document("1", 1, "viele Häuser")).result()
    assert collection.wait_for_words(60)
    collection.pause()
    before = sorted(tmp_path.rglob("words-*"))
    collection.configure(GERMAN).result()
    assert found(collection, "Hauses") == {"1"}
    assert sorted(tmp_path.rglob("words-*")) == before
    collection.resume()
    assert found(collection, "Hauses") == {"1"}
    assert collection.wait_for_words(60)
    assert collection.well
    index.close()
    assert run("doctor", tmp_path) == 0


class FullDisk(Disk):
    """Has no room for a new folder once it is full."""

    full = False

    def make_folder(self, path: Path) -> None:
        if self.full:
            raise StorageFullError("no room")
        super().make_folder(path)


def test_where_the_new_index_cannot_be_written_it_is_kept_in_memory(tmp_path: Path) -> None:
    disk = FullDisk()
    index = open_index(tmp_path, disk)
    collection = index.collection()
    collection.put(document("1", 1, "viele Häuser")).result()
    disk.full = True
    collection.configure(GERMAN).result()
    assert found(collection, "Hauses") == {"1"}
    assert "no room" in str(collection.stats().words_failure)
    assert collection.well
    index.close()


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{}",
        b"\xff",
        7,
        '{"settings": {}, "crc": 1}',
        '{"settings": [], "crc": 0}',
        lambda row: row.replace("german", "french"),
        lambda row: row.replace("0.25", "0.26"),
        lambda row: row.replace("cutting", "cuttinh"),
        lambda row: row[:-5],
    ],
)
def test_a_damaged_row_is_found(tmp_path: Path, damaged: object, capsys: pytest.CaptureFixture[str]) -> None:
    index = open_index(tmp_path)
    index.collection().configure(SettingsChange(language="german", threshold=0.25)).result()
    index.close()
    row = row_of(tmp_path / DATABASE)
    assert row is not None
    assert json.loads(row)["settings"]["language"] == "german"
    set_row(tmp_path / DATABASE, damaged(row) if callable(damaged) else damaged)
    with pytest.raises(DamagedError, match="settings"):
        open_index(tmp_path)
    assert run("doctor", tmp_path) == 1
    assert "the settings of the collection are damaged" in capsys.readouterr().out
    set_row(tmp_path / DATABASE, row)
    index = open_index(tmp_path)
    assert index.collection().settings == Settings(language="german", threshold=0.25)
    index.close()


def test_a_database_of_before_has_no_row_until_something_is_changed(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().configure(SettingsChange(language="english")).result()
    index.close()
    assert row_of(tmp_path / DATABASE) is None
