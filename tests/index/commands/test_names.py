"""A data folder may have any name that the system takes: no command takes part of it for something else."""

import json
import os
from pathlib import Path

import pytest

from index import Query
from tests.index.commands.running import fill, run
from tests.index.harness import loaded, open_index
from tests.index.vectors import one

NAMES = (
    b"not \xff utf-8 \xfe",
    b"new\nline",
    b"quo\"te's",
    b"per%41cent",
    b"que?mode=ro",
    b"ha#sh",
    b"back\\slash",
    b"%",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_works_whatever_the_folder_is_called(
    tmp_path: Path, name: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, copy, new = (tmp_path / os.fsdecode(name + end) for end in (b"", b" copy", b" new"))
    fill(folder, count=600)
    assert run("doctor", folder) == 0
    assert run("stats", "--data", folder) == 0
    assert run("backup", copy, "--data", folder) == 0
    assert run("restore", copy, "--data", new) == 0
    assert run("restore", copy, "--data", folder, "--replace") == 0
    assert run("export", tmp_path / os.fsdecode(name + b".ndjson"), "--data", new) == 0
    assert run("export", tmp_path / os.fsdecode(name + b".ndjson"), "--data", new, "--skip-damaged") == 0
    capsys.readouterr()
    for command in ("doctor", "stats"):
        assert run(command, "--data", folder, "--json") == 0
        assert json.loads(capsys.readouterr().out)["collections"]["default"]["documents"] == 600


@pytest.mark.parametrize("name", NAMES)
def test_snapshots_are_written_and_read_there(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    fill(folder, count=600)
    index = open_index(folder)
    assert loaded(index)
    stats = index.collection().stats()
    assert (stats.viewed, stats.rejected_snapshots) == (600, ())
    assert index.collection().search(Query(vector=one(5), top_k=1))[0].id == "5"
    assert index.collection().health().problems == ()
    index.close()
