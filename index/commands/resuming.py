"""Keeps an import's progress in a small file beside its input, so that the same command continues where it stopped.

The file is for one input, one server and one collection; an input that has changed is read from its beginning.
"""

import contextlib
import os
import zlib
from pathlib import Path

import msgspec

from index.commands.terminal import Terminal


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an import of a file of this size and time has done: everything up to and including `line`."""

    size_bytes: int
    changed_ns: int
    line: int = 0
    indexed: int = 0
    refused: int = 0
    truncated: int = 0


class Resuming:
    """The progress of one import. Where it cannot be kept, that is printed once, and the import continues."""

    def __init__(self, source: Path | None, target: str, terminal: Terminal) -> None:
        self.path: Path | None = None
        self._terminal = terminal
        self._fresh = Progress(0, 0)
        if source is not None and source.is_file():
            self.path = source.with_name(f"{source.name}.{zlib.crc32(os.fsencode(target)):08x}.importing")
            found = source.stat()
            self._fresh = Progress(found.st_size, found.st_mtime_ns)
        self.progress = self._fresh

    def find(self) -> None:
        """Continue where an earlier import stopped, if there was one."""
        if self.path is None:
            return
        try:
            earlier = msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return
        if (earlier.size_bytes, earlier.changed_ns) != (self._fresh.size_bytes, self._fresh.changed_ns):
            self._terminal.say(f"the input has changed since {self.path} was written: from the beginning again")
            return
        self.progress = earlier
        self._terminal.say(f"going on after line {earlier.line:,}, as {self.path} says")

    def skip_to(self, line: int) -> None:
        """Begin with this line, whatever was done before."""
        self.progress = msgspec.structs.replace(self._fresh, line=line - 1)

    def advance(self, line: int, *, indexed: int, refused: int, truncated: int) -> None:
        """Note that everything up to a line is done, and what has come of all lines so far."""
        self.progress = msgspec.structs.replace(
            self.progress, line=line, indexed=indexed, refused=refused, truncated=truncated
        )
        if self.path is None:
            return
        temporary = self.path.with_name(f"{self.path.name}.tmp")
        try:
            temporary.write_bytes(msgspec.json.encode(self.progress))
            temporary.rename(self.path)
        except OSError as error:
            self._terminal.say(
                f"{self.path} cannot be written ({error.strerror}); cut off, go on with --resume-from LINE"
            )
            self.path = None

    def finish(self) -> None:
        """Remove the file, since everything is done."""
        if self.path is None:
            return
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
