"""stats: what is there, also of a folder in use; one that cannot be read hides no other."""

import json
from pathlib import Path

import apsw
import pytest

from index import PassageSettings, SettingsChange
from tests.index.commands.running import DATABASE, fill, lines_of, run
from tests.index.harness import document, open_index


def test_stats_tell_what_is_there_also_of_a_folder_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(str(n), n) for n in range(7)]).result()
    assert run("stats", "--data", tmp_path) == 0
    assert capsys.readouterr().out.startswith("default: 7 documents; 32 dimensions; model model-a; database ")
    assert run("stats", "--data", tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["collections"]["default"]["documents"] == 7
    index.close()


def test_stats_tell_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = open_index(tmp_path)
    for change, told in (
        (SettingsChange(), "200 tokens that share 50; words in english; threshold never set"),
        (
            SettingsChange(PassageSettings(64, 8), "german", 0.25),
            "64 tokens that share 8; words in german; threshold 0.25",
        ),
        (SettingsChange(None, None, None), "no passages; words of no language; no threshold"),
    ):
        index.collection().configure(change).result()
        assert run("stats", "--data", tmp_path) == 0
        assert capsys.readouterr().out.endswith(f"{told}\n")
    assert run("stats", "--data", tmp_path, "--json") == 0
    settings = json.loads(capsys.readouterr().out)["collections"]["default"]["settings"]
    assert settings == {"passages": None, "language": None, "threshold": None, "cutting": 3}
    index.close()


def test_stats_tell_the_others_where_one_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path, 3)
    index = open_index(tmp_path)
    index.create("other")
    index.close()
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 1000)
    assert run("stats", "--data", tmp_path) == 1
    lines = lines_of(capsys)
    assert lines[0].startswith("other: 0 documents")
    assert "is damaged" in lines[1]


def test_a_newer_schema_and_one_that_was_never_made_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path, 3)
    for version, told in ((99, "newer vecd (schema 99"), (0, "no tables yet")):
        connection = apsw.Connection(str(tmp_path / DATABASE))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        assert run("export", "-", "--data", tmp_path) == 1
        assert told in capsys.readouterr().err
