"""A database of an earlier schema with a damaged page: what can still be read of it is read."""

import json
import shutil
import struct
from pathlib import Path

import apsw
import pytest

from index.store.checksums import checksum
from index.store.queries import single
from tests.index.commands.running import DATABASE, run
from tests.index.test_folders import FOLDERS

PAGE_BYTES = 4096
ADDED = 2_000


def with_a_damaged_page(data: Path) -> None:
    """Add documents until their table has many pages, and overwrite one of those."""
    database = data / DATABASE
    connection = apsw.Connection(str(database))
    rows = [(key, f"added {key}", "a text, " * 20, b"{}") for key in range(1_000, 1_000 + ADDED)]
    with connection:
        connection.executemany("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", [(*row, checksum(*row)) for row in rows])
    root = int(single(connection, "SELECT rootpage FROM sqlite_schema WHERE name = 'docs'"))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    content = bytearray(database.read_bytes())
    page = content[(root - 1) * PAGE_BYTES : root * PAGE_BYTES]
    (cell,) = struct.unpack_from(">H", page, 12 + 2 * 10)  # https://sqlite.org/fileformat2.html#b_tree_pages
    (child,) = struct.unpack_from(">I", page, cell)
    content[(child - 1) * PAGE_BYTES : child * PAGE_BYTES] = b"\xab" * PAGE_BYTES
    database.write_bytes(content)


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_documents_on_other_pages_are_saved(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.ndjson"
    shutil.copytree(FOLDERS / name / "data", data)
    with_a_damaged_page(data)
    assert run("export", file, "--data", data, "--skip-damaged") == 1
    saved = {json.loads(line)["id"] for line in file.read_bytes().splitlines()}
    assert ADDED * 0.9 < len([id_ for id_ in saved if id_.startswith("added")]) < ADDED
    assert "left out" in capsys.readouterr().err
