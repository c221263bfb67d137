"""What the tests of the commands share: a command run here or in a process of its own, folders, and how they end."""

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from index import Document
from index.__main__ import main
from index.store.layout import LOCK_FILE
from tests.index.harness import document, open_index

DATABASE = Path("collections") / "default" / "documents.sqlite"
KILLED = """
import os, pathlib
from tests.index.commands.running import fill
fill(pathlib.Path({folder!r}), end="kill")
"""
# What is easily lost or changed on the way: ids that look like paths, empty texts, numbers at their limits.
ODD = (
    Document("a/b", "plain", {"n": 1}),
    Document("..", "", {}),
    Document("/", "line\nline\r\n\u2028\u2029\x85", {"nested": {"a": [1, None, True, {"b": "\u2028"}]}}),
    Document("🎉 emoji\n\tid", "naïve 東京 \U0010ffff\x01\x7f", {"big": 2**63 - 1, "small": -(2**63), "f": 1e-308}),
    Document("\u00e9", "composed", {"1.0": 1.0, "": "", "quote\"d\\": [0.1, 1e22, -0.0, 10**18]}),
    Document("e\u0301", "decomposed", {}),
    Document("-", '{"id": "no"}', {"vector": [1, 2], "id": "inner"}),
)  # fmt: skip


def run(*arguments: object) -> int:
    """Run a command in this process."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return int(ended.code or 0)


def command(*arguments: object) -> list[str]:
    """The command line of a command in a process of its own."""
    return [sys.executable, "-m", "index", *map(str, arguments)]


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was answered on stdout."""
    return capsys.readouterr().out.removesuffix("\n").split("\n")


def fill(folder: Path, count: int = 40, documents: Sequence[Document] = (), end: str = "close") -> None:
    """Write documents, with a snapshot of the view; end well, or by SIGKILL."""
    index = open_index(folder)
    collection = index.collection()
    collection.put_many([document(str(n), n, f"the text of {n}", n=n) for n in range(count)]).result()
    for number, one in enumerate(documents):
        collection.put(Document(one.id, one.text, one.metadata, document("", 100 + number).vector)).result()
    collection.snapshot()
    assert collection.wait_until_viewed(10)
    if end == "kill":
        collection.delete_many(["0", "1"]).result()
        os.kill(os.getpid(), 9)
    index.close()


def fill_and_kill(folder: Path) -> None:
    """Make a folder whose process died of SIGKILL: 38 documents are there, in the write-ahead log alone."""
    for name, found in killed().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(found)
    (folder / LOCK_FILE).touch()


@functools.cache
def killed() -> dict[str, bytes]:
    """Have a process write documents and kill itself, once for all tests."""
    with tempfile.TemporaryDirectory() as name:
        code = KILLED.format(folder=name)
        assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == -9
        return content(Path(name))


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but its lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def ids(folder: Path, name: str = "default") -> list[str]:
    """The ids of a collection, which is well."""
    index = open_index(folder)
    found = [one.id for one in index.collection(name).list_after(limit=1000)]
    assert index.collection(name).health().ok
    index.close()
    return found
