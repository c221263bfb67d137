"""Readers that unpack what a file brings run in a process of their own for each file, bounded in memory and time.

`ask` starts the process; `answer` is what the process does. What is wrong with one file ends nothing else.
"""

import contextlib
import io
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from index.sources.records import Record, SourceError
from index.sources.titles import title_of

MAX_FILE_BYTES = 256 << 20
MAX_CHARACTERS = 16 << 20  # more than a document holds
MEMORY_BYTES = 2 << 30
ROOT = Path(__file__).resolve().parent.parent.parent


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file's text and title, or why there is none."""

    text: str = ""
    title: str = ""
    error: str = ""


def ask(module: str, path: Path, form: str, seconds: float, memory_bytes: int) -> Found:
    """Return what the module's process made of the file, or raise SourceError if it ended or was ended before."""
    command = [sys.executable, "-m", module, str(memory_bytes)]
    try:
        with path.open("rb") as file:
            done = subprocess.run(  # noqa: S603 - this program itself
                command, stdin=file, capture_output=True, timeout=seconds, check=False, cwd=ROOT
            )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"cannot be read as {form}: it took more than {seconds:g} s") from error
    try:
        return msgspec.json.decode(done.stdout, type=Found)
    except msgspec.DecodeError as error:
        raise SourceError(f"cannot be read as {form}: it takes too much memory, or its library fails on it") from error


def records_of(path: Path, found: Found) -> Iterator[Record]:
    """Yield the text as one record, or nothing if there is none; raise SourceError if the process told why."""
    if found.error:
        raise SourceError(found.error)
    if found.text:
        yield Record(found.text, {"title": title_of(path, found.title)})


def answer(extract: Callable[[BinaryIO], Found]) -> None:
    """Read stdin and answer on stdout, in no more memory than the argument says, in bytes."""
    memory_bytes = int(sys.argv[1])
    with contextlib.suppress(ValueError, OSError):  # where the system has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    file = io.FileIO(sys.stdin.fileno(), closefd=False)
    with io.BufferedReader(file) as stream:
        sys.stdout.buffer.write(msgspec.json.encode(extract(stream)))
