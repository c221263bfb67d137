"""Folders and a real server: they come to be alike, whatever changes or is killed; what is in them is found."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.index.commands.running import command, run
from tests.running import RunningServer, start_server
from tests.tiny import TINY, export_tiny

pytestmark = pytest.mark.e2e

WORDS = ["a", "cat", "sleeps", "on", "the", "warm", "roof", "while", "rain", "falls", "over", "the", "quiet", "town"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_tiny(tmp_path_factory.mktemp("models"))


@pytest.fixture
def server(models: Path, tmp_path: Path) -> Iterator[RunningServer]:
    with start_server("--models", str(models), "--model", TINY, "--data", str(tmp_path / "data")) as running:
        yield running


def fill(folder: Path, count: int) -> Path:
    """Write notes, ten a folder."""
    for number in range(count):
        path = folder / f"{number // 10:03}" / f"{number:04}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Note {number}\n\n{' '.join(WORDS[: number % 15])} {number}\n")
    return folder


def stored(server: RunningServer, name: str = "notes") -> dict[str, str]:
    """The texts that the server has, by the path of their file."""
    found: dict[str, str] = {}
    after = None
    with server.client() as client:
        while True:
            page = client.get(
                f"/collections/{name}/index", params={"limit": 1000} | ({} if after is None else {"after": after})
            ).json()
            found |= {one["metadata"]["path"]: one["text"] for one in page["documents"]}
            after = page["next"]
            if after is None:
                return found


def texts(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.md")}


def import_(server: RunningServer, *arguments: object) -> int:
    return run("import", *arguments, "--url", server.url, "--collection", "notes")


def summary(capsys: pytest.CaptureFixture[str]) -> str:
    return re.sub(r"; [0-9.,]+ s$", "", capsys.readouterr().out.splitlines()[-1])


def test_a_folder_and_its_collection_come_to_be_alike(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = fill(tmp_path / "notes", 1_200)  # more than a page
    assert import_(server, notes) == 1
    assert "`import --create` makes one" in capsys.readouterr().err
    assert import_(server, notes, "--create") == 0
    assert summary(capsys) == "1,200 new, 0 changed, 0 unchanged, 0 deleted, 0 refused, 0 cut"
    assert stored(server) == texts(notes)
    (notes / "000" / "0003.md").write_text("changed")
    (notes / "000" / "0004.md").rename(notes / "renamed.md")
    shutil.rmtree(notes / "010")
    assert import_(server, notes, "--prune", "--yes") == 0
    assert summary(capsys) == "1 new, 1 changed, 1,188 unchanged, 11 deleted, 0 refused, 0 cut"
    assert stored(server) == texts(notes)
    assert import_(server, notes, "--prune") == 0
    assert summary(capsys) == "0 new, 0 changed, 1,190 unchanged, 0 deleted, 0 refused, 0 cut"


def test_two_folders_live_in_one_collection(server: RunningServer, tmp_path: Path) -> None:
    one, other = fill(tmp_path / "one", 30), fill(tmp_path / "other", 5)
    assert import_(server, one, other, "--create") == 0
    shutil.rmtree(other / "000")
    (other / "left.md").write_text("left")
    assert import_(server, other, "--prune", "--yes") == 0
    with server.client() as client:
        assert client.get("/collections/notes").json()["documents"] == 31


def test_rows_of_tables_are_documents_of_their_own(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.ndjson"
    rows = [{"id": str(n), "text": f"row {n}", "year": 2000 + n} for n in range(20)]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert import_(server, table, "--create") == 0
    rows[3]["year"] = 1999
    table.write_text("".join(json.dumps(row) + "\n" for row in rows[:15]))
    assert import_(server, table, "--prune", "--yes") == 0
    assert summary(capsys) == "0 new, 1 changed, 14 unchanged, 5 deleted, 0 refused, 0 cut"
    with server.client() as client:
        found = client.get("/collections/notes/index", params={"id": "3"}).json()
    assert (found["metadata"]["year"], found["metadata"]["source"]) == (1999, str(table))


def test_a_text_that_the_server_refuses_is_told_by_its_files_name(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = fill(tmp_path / "notes", 3)
    (notes / "long.md").write_text("x" * 1_100_000)
    assert import_(server, notes, "--create") == 1
    assert len(stored(server)) == 3
    assert capsys.readouterr().out.startswith(f"{notes}/long.md: ")


def test_an_import_killed_midway_is_ended_by_the_same_command(server: RunningServer, tmp_path: Path) -> None:
    notes = fill(tmp_path / "notes", 4_000)
    line = command("import", notes, "--url", server.url, "--collection", "notes", "--create")
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
        until(lambda: count(server) >= 1_000)
        process.send_signal(signal.SIGKILL)
    assert count(server) < 4_000
    assert import_(server, notes) == 0
    assert stored(server) == texts(notes)


def test_a_watched_folder_and_its_collection_stay_alike(server: RunningServer, tmp_path: Path) -> None:
    notes = fill(tmp_path / "notes", 30)
    arguments = ("--url", server.url, "--collection", "notes", "--create", "--prune", "--yes", "--watch")
    with subprocess.Popen(command("import", notes, *arguments)) as process:
        until(lambda: count(server) == 30)
        (notes / "new.md").write_text("new")
        (notes / "000" / "0001.md").write_text("changed")
        (notes / "001" / "0011.md").unlink()
        until(lambda: stored(server) == texts(notes))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_what_is_in_a_folder_is_found_from_the_shell(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    notes = fill(tmp_path / "notes", 20)
    (notes / "house").mkdir()
    (notes / "house" / "boiler.md").write_text("# The boiler\n\nThe plumber services the boiler each May.\n")
    assert import_(server, notes, "--create") == 0
    capsys.readouterr()
    search = ("search", "plumber boiler", "--url", server.url, "--collection", "notes", "--mode", mode)
    only = ("--filter", '{"path": {"$prefix": "house/"}}')
    assert run(*search, *only) == 0
    first, *below = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" 1  -?[0-9.]+  The boiler  house/boiler\.md", first)
    assert any("plumber" in line for line in below)
    assert run(*search, "--top-k", 3, "--json") == 0
    hits = json.loads(capsys.readouterr().out)
    assert len(hits) <= 3
    assert all(set(hit) <= {"id", "score", "metadata", "snippet", "passage"} for hit in hits)
    assert any(hit["metadata"]["path"] == "house/boiler.md" for hit in hits) or mode == "vector"
    assert run(*search, "--filter", '{"path": "no such"}') == 0
    assert capsys.readouterr().err == "nothing found in the collection 'notes'\n"
    assert run(*search, "--filter", '{"path": {"$no": 1}}') == 1


def count(server: RunningServer) -> int:
    with server.client() as client:
        return int(client.get("/collections/notes").json().get("documents", 0))


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end_s = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def computed(server: RunningServer) -> int:
    """How many tokens the model has read since the start."""
    with server.client() as client:
        found = re.search(r"^vecd_computed_tokens_total (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def test_of_ten_thousand_notes_only_what_has_changed_is_computed(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = fill(tmp_path / "notes", 10_000)
    assert import_(server, notes, "--create") == 0
    capsys.readouterr()
    before = computed(server)
    assert import_(server, notes) == 0
    assert summary(capsys) == "0 new, 0 changed, 10,000 unchanged, 0 deleted, 0 refused, 0 cut"
    notes.rename(tmp_path / "moved")  # the same texts under other ids
    moved = tmp_path / "moved"
    assert import_(server, moved) == 0
    assert summary(capsys) == "10,000 new, 0 changed, 0 unchanged, 0 deleted, 0 refused, 0 cut"
    assert computed(server) == before
    (moved / "000" / "0003.md").write_text("changed")
    (moved / "000" / "0004.md").unlink()
    assert import_(server, moved, "--prune", "--yes") == 0
    assert summary(capsys) == "0 new, 1 changed, 9,998 unchanged, 1 deleted, 0 refused, 0 cut"
    with server.client() as client:
        alone = client.post("/embed", json={"texts": ["changed"], "cache": False}).json()["tokens"][0]
        assert client.get("/collections/notes").json()["documents"] == 19_999
    assert computed(server) - before == 2 * alone  # once for the note, once for this
