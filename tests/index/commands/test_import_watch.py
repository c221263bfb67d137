"""import --watch: what is saved arrives, whatever the server does meanwhile, and signals end it well."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.commands.imports.given import Source
from index.commands.imports.memory import SETTLED_NS, Memory
from index.commands.imports.scanning import Found
from index.commands.imports.watching import state_of, touched_by
from tests.index.commands.fake_server import FakeServer, busy, fake_server
from tests.index.commands.running import command, run

WAIT_S = 60.0  # far longer than anything here takes


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


class Watching:
    """A watch in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", out: Path) -> None:
        self.process = process
        self._out = out
        self.error = ""
        self.all: list[str] = []

    def lines(self) -> list[str]:
        """What was answered so far."""
        return self._out.read_text().splitlines()

    def told(self, beginning: str) -> None:
        """Wait for a line."""
        until(lambda: any(line.startswith(beginning) for line in self.lines()))


@contextlib.contextmanager
def watching(server: FakeServer, *arguments: object, end: int = signal.SIGTERM) -> Iterator[Watching]:
    """Watch until the block ends; then `all` is what was answered, and `error` what was said beside it."""
    line = command("import", *arguments, "--url", server.url, "--watch")
    with (
        tempfile.NamedTemporaryFile() as out,
        subprocess.Popen(line, stdout=out, stderr=subprocess.PIPE, text=True) as process,
    ):
        watch = Watching(process, Path(out.name))
        try:
            yield watch
            assert process.poll() is None
        finally:
            process.send_signal(end)
            _, watch.error = process.communicate(timeout=WAIT_S)
        watch.all = watch.lines()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("a")
    return folder


def texts(server: FakeServer) -> dict[str, str]:
    return {one["metadata"]["path"]: one["text"] for one in list(server.kept.values())}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_what_is_saved_arrives_and_a_signal_ends_it_with_the_summary(notes: Path, end: int) -> None:
    with fake_server() as server, watching(server, notes, end=end) as watch:
        until(lambda: texts(server) == {"a.md": "a"})
        (notes / "sub").mkdir()
        (notes / "sub" / "b.md").write_text("b")
        until(lambda: texts(server) == {"a.md": "a", "sub/b.md": "b"})
        (notes / "saved").write_text("another a")
        (notes / "saved").rename(notes / "a.md")
        until(lambda: texts(server) == {"a.md": "another a", "sub/b.md": "b"})
        watch.told("0 new, 1 changed, 1 unchanged")
    assert watch.process.returncode == 0
    assert "Traceback" not in watch.error
    assert watch.all[-1].startswith("2 new, 1 changed, 1 unchanged, 0 deleted, 0 refused")


def test_files_that_did_not_change_are_not_read_again(notes: Path) -> None:
    old = notes / "old.md"
    old.write_text("old")
    os.utime(old, (1, 1))
    with fake_server() as server, watching(server, notes):
        until(lambda: len(server.kept) == 2)
        old.write_text("new")
        os.utime(old, (1, 1))  # as large and as old as before: not read, so what it says is not seen
        (notes / "b.md").write_text("b")
        until(lambda: len(server.kept) == 3)
        assert texts(server)["old.md"] == "old"
        server.kept.pop(str(old))  # gone from the server, it is read and sent again
        (notes / "c.md").write_text("c")
        until(lambda: texts(server).get("old.md") == "new")


def test_what_vanishes_is_deleted_where_that_is_wanted_and_agreed(notes: Path) -> None:
    (notes / "b.md").write_text("b")
    with fake_server() as server:
        with watching(server, notes, "--prune", "--yes") as watch:
            until(lambda: len(server.kept) == 2)
            (notes / "a.md").unlink()
            until(lambda: list(texts(server)) == ["b.md"])
            watch.told("0 new, 0 changed, 1 unchanged, 1 deleted")
        assert watch.all[-1].startswith("2 new, 0 changed, 1 unchanged, 1 deleted")
        asked = len(server.asked)
        assert run("import", notes, "--url", server.url, "--watch", "--prune") == 1
        assert len(server.asked) == asked


@pytest.mark.e2e
def test_a_server_that_is_away_is_waited_for(notes: Path) -> None:
    with fake_server() as server:
        server.script = [busy(503)]
        with watching(server, notes, "--patience", 0.1) as watch:
            until(lambda: not server.script)
            (notes / "b.md").write_text("b")
            until(lambda: len(server.kept) == 2)
            server.script = [busy(503)]
            (notes / "c.md").write_text("c")
            until(lambda: len(server.kept) == 3)  # by itself, after a while
    assert watch.process.returncode == 0
    assert watch.error.count("Watching goes on") == 2


def test_what_no_waiting_mends_ends_it(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert run("import", notes.parent / "away", "--url", server.url, "--watch") == 1
    assert "there is nothing to watch" in capsys.readouterr().err


def test_a_bad_file_is_told_once_and_holds_up_nothing(notes: Path) -> None:
    (notes / "bad.md").write_bytes(b"\xff")
    with fake_server() as server, watching(server, notes) as watch:
        until(lambda: len(server.kept) == 1)
        for name in ("b.md", "c.md"):
            (notes / name).write_text(name)
            until(lambda: name in texts(server))  # noqa: B023 - called at once
        (notes / "bad.md").write_text("good")
        until(lambda: texts(server).get("bad.md") == "good")
        watch.told("1 new, 0 changed, 3 unchanged, 0 deleted, 0 refused")
    assert len([line for line in watch.all if "bad.md: is not UTF-8" in line]) == 1
    assert watch.all[-1].startswith("4 new, 0 changed, 3 unchanged, 0 deleted, 1 refused")


def test_an_empty_folder_is_told_once_and_holds_up_nothing(notes: Path) -> None:
    (notes / "sub").mkdir()
    (notes / "sub" / "b.md").write_text("b")
    with fake_server() as server:
        with watching(server, notes, "--prune", "--yes") as watch:
            watch.told("2 new")
            (notes / "sub" / "b.md").unlink()
            watch.told("0 new, 0 changed, 1 unchanged, 0 deleted")
            for name in ("c.md", "d.md"):
                (notes / name).write_text(name)
                until(lambda: name in texts(server))  # noqa: B023 - called at once
        assert "sub/b.md" in texts(server)
    assert watch.error.count("sub is empty, though 1 document came from it") == 1


def test_a_named_file_and_a_folder_are_watched_at_once_and_each_by_itself(notes: Path, tmp_path: Path) -> None:
    file = tmp_path / "lone.md"
    file.write_text("lone")
    with fake_server() as server, watching(server, notes, file):
        until(lambda: len(server.kept) == 2)
        for text in ("once", "twice"):  # each time another file takes its place
            (tmp_path / "saved").write_text(text)
            (tmp_path / "saved").rename(file)
            until(lambda: texts(server)["lone.md"] == text)  # noqa: B023 - called at once
        server.asked.clear()
        (notes / "b.md").write_text("b")
        until(lambda: len(server.kept) == 3)
        assert not any("lone.md" in one.path for one in server.asked)


@pytest.mark.e2e
def test_a_folder_that_is_exchanged_for_another_is_still_watched(notes: Path, tmp_path: Path) -> None:
    with fake_server() as server, watching(server, notes):
        until(lambda: len(server.kept) == 1)
        notes.rename(tmp_path / "away")
        time.sleep(0.7)  # it may see that the folder is away, or not
        notes.mkdir()
        (notes / "b.md").write_text("b")
        until(lambda: len(server.kept) == 2)
        (notes / "c.md").write_text("c")
        until(lambda: len(server.kept) == 3)


@pytest.mark.e2e
def test_while_nothing_changes_nothing_is_asked(notes: Path) -> None:
    with fake_server() as server, watching(server, notes):
        until(lambda: len(server.kept) == 1)
        (notes / "b.md").write_text("b")
        until(lambda: len(server.kept) == 2)
        time.sleep(1.5)  # what the pass itself touched, if anything, has been seen by then
        server.asked.clear()
        (notes / ".hidden.md").write_text("x")
        time.sleep(2)
        assert server.asked == []


def test_what_a_change_touches(tmp_path: Path) -> None:
    sources = [Source("a", "/x/a"), Source("b", "/x/b.md")]
    assert touched_by(["/x/a/n.md", "/x/c", "/x/a/.git/HEAD"], sources) == {"/x/a"}
    assert touched_by(["/x/a/.git/HEAD", "/x/ab"], sources) == set()
    assert touched_by(["/x/b.md", "/x/a"], sources) == {"/x/a", "/x/b.md"}


def test_a_state_tells_a_file_from_another_in_its_place_and_a_folder_from_its_content(tmp_path: Path) -> None:
    file = tmp_path / "f"
    assert state_of(str(file)) is None
    file.write_text("a")
    before, folder = state_of(str(file)), state_of(str(tmp_path))
    file.write_text("ab")
    (tmp_path / "g").write_text("g")
    assert state_of(str(file)) != before
    assert state_of(str(tmp_path)) == folder


def test_a_file_is_not_read_again_only_where_that_is_certain() -> None:
    file = Found("/n/a.md", "a.md", "md", 5, 1_000)
    memory = Memory(clock_ns=lambda: 1_000 + SETTLED_NS)
    memory.note(file, 1)
    assert not memory.has(file, 1)  # written just before it was read
    memory = Memory(clock_ns=lambda: 1_001 + SETTLED_NS)
    memory.note(file, 2)
    assert memory.has(file, 2)
    assert not memory.has(file, 1)  # the server has lost one
    assert not memory.has(Found("/n/a.md", "a.md", "md", 6, 1_000), 2)
    assert not memory.has(Found("/n/a.md", "a.md", "md", 5, 1_001), 2)
    memory.lessen("a.md")
    assert memory.has(file, 1)
    memory = Memory()
    memory.note_bad(Found("/n/a.md", "a.md", "md", 5, 1_000, 7))
    assert memory.has(Found("/n/a.md", "a.md", "md", 5, 1_000, 7), 0)
    assert not memory.has(Found("/n/a.md", "a.md", "md", 5, 1_000, 8), 0)  # it may be readable now
