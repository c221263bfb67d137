"""The commands on data folders that earlier versions wrote and none of this one has opened: read as they are."""

import json
import shutil
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from index import Include, Index, Passages
from index.store.checksums import checksum
from index.store.schema import MIGRATIONS, WITH_PASSAGES, version
from index.store.vector_rows import insert_vectors
from tests.index.commands.running import DATABASE, content, lines_of, run
from tests.index.harness import spans_of
from tests.index.test_folders import FOLDERS, with_passages
from tests.index.vectors import Rows, unit

OLD = ("first", "second")
LONG = "a text of more than a hundred bytes, " * 5
LONG_KEY = 1_000


@pytest.fixture(params=[*OLD, "third", "fourth"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDERS / name / "data", tmp_path / "data"))


@pytest.fixture
def expected(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDERS / name / "expected.json").read_bytes()))


def versions(folder: Path) -> set[int]:
    """The schemas of a folder's databases."""
    found = set()
    for file in folder.glob("collections/*/documents.sqlite"):
        connection = apsw.Connection(str(file))
        found.add(version(connection))
        connection.close()
    return found


def test_all_is_read_and_nothing_is_changed(
    data: Path, expected: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = databases(data)
    for name, collection in expected["collections"].items():
        documents = {given["id"]: given for given in map(with_passages, collection["documents"])}
        file = tmp_path / f"{name}.ndjson"
        assert run("export", file, "--data", data, "--collection", name, "--vectors") == 0
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        assert {line["id"] for line in lines} == set(documents)
        for line in lines:
            given = documents[line["id"]]
            assert (line["text"], line["metadata"]) == (given["text"], given["metadata"])
            assert (np.array(line["vector"], np.float32) == np.array(given["vector"], np.float32)).all()
            assert ("expires_at" in line) == (line["id"] in collection.get("expires", {}))
            assert ("passages" in line) == (len(given["passages"]) > 1)
            assert exact(line.get("passages", given["passages"])) == exact(given["passages"])
        assert run("export", file.with_suffix(".parquet"), "--data", data, "--collection", name, "--vectors") == 0
        capsys.readouterr()
        assert run("stats", "--data", data, "--json") == 0
        stats = json.loads(capsys.readouterr().out)["collections"][name]
        several = sum(len(given["passages"]) for given in documents.values())
        assert (stats["documents"], stats["passages"]) == (len(documents), several)
        assert stats["stale"] == len(collection.get("stale", []))
    assert run("doctor", data) == 0
    assert all(": well; " in line for line in lines_of(capsys))
    assert databases(data) == before


def exact(every: list[dict[str, Any]]) -> list[tuple[int, int, bytes]]:
    """Passages with their vectors as float32, however many digits they were written with."""
    return [(one["start"], one["end"], np.array(one["vector"], np.float32).tobytes()) for one in every]


def databases(folder: Path) -> dict[str, bytes]:
    """The databases themselves: a reader leaves an empty log beside one."""
    return {file: found for file, found in content(folder).items() if file.endswith(".sqlite")}


def test_backup_and_restore_bring_them_as_they_are(data: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    before = versions(data)
    assert run("backup", tmp_path / "copy", "--data", data) == 0
    assert versions(tmp_path / "copy") == before
    assert run("restore", tmp_path / "copy", "--data", tmp_path / "new") == 0
    index = Index(tmp_path / "new", expected["fingerprint"], expected["ndim"], expected["variant"])
    for name, collection in expected["collections"].items():
        assert index.collection(name).health().problems == ()
        found = index.collection(name).documents(Include(vector=True))
        assert {one.id: one.text for one in found} == {given["id"]: given["text"] for given in collection["documents"]}
    index.close()


def add(data: Path, vector: Rows) -> None:
    """Write a document as an earlier version did."""
    connection = apsw.Connection(str(data / DATABASE))
    with connection:
        values = (LONG_KEY, "long", LONG, b"{}", checksum(LONG_KEY, "long", LONG, b"{}"))
        connection.execute("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", values)
        insert_vectors(connection, [(LONG_KEY, vector)], 1)
    connection.close()


@pytest.mark.parametrize("name", OLD, indirect=True)
def test_long_texts_of_before_are_cut_anew(
    data: Path, expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    vector = unit(np.arange(1, expected["ndim"] + 1, dtype=np.float32))
    add(data, vector)
    assert run("stats", "--data", data, "--json") == 0
    assert json.loads(capsys.readouterr().out)["collections"]["default"]["stale"] == 1
    index = Index(data, expected["fingerprint"], expected["ndim"], expected["variant"])
    collection = index.collection()
    texts = {given["id"]: given["text"] for given in expected["collections"]["default"]["documents"]}
    stored = collection.unchanged(texts | {"long": LONG})
    assert {id_ for id_, one in stored.items() if one.stale} == {"long"}
    assert collection.health().problems == ()
    reindex = collection.reindex()
    (lacking,) = reindex.texts(10)
    assert lacking.passages is not None
    assert (lacking.passages.rows == vector[None]).all()
    rows = np.eye(expected["ndim"], dtype=np.float32)[:3]
    reindex.put({lacking.key: Passages(rows, spans_of(len(LONG), 3), 1)}).result()
    assert reindex.finish()
    found = collection.get("long", Include(passages=True))
    assert found is not None
    assert [(one.start, one.end) for one in found.passages or ()] == list(spans_of(len(LONG), 3))
    assert collection.health().problems == ()
    index.close()
    assert versions(data) == {len(MIGRATIONS)}
    assert len(MIGRATIONS) >= WITH_PASSAGES
