"""Remembers which files were read, by their size and time, so that a pass after a pass reads only what has changed."""

import time
from collections.abc import Callable

import msgspec

from index.commands.imports.scanning import Found

# A file that was written so shortly before it was read may be written again without another time.
SETTLED_NS = 2 * 10**9


class Seen(msgspec.Struct, frozen=True):
    """A file as it was read, and how many documents the server should have of it at least.

    `changed_ns` is that of a file that could not be read: other permissions may mend it, and leave its time.
    """

    size_bytes: int
    modified_ns: int
    documents: int
    changed_ns: int | None = None


class Memory:
    """What passes over one source have read."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._files: dict[str, Seen] = {}
        self._clock_ns = clock_ns

    def has(self, file: Found, documents: int) -> bool:
        """Say whether a file needs no reading: it is as it was, and the server still has its documents."""
        seen = self._files.get(file.relative)
        if seen is None or documents < seen.documents:
            return False
        if seen.changed_ns not in {None, file.changed_ns}:
            return False
        return (seen.size_bytes, seen.modified_ns) == (file.size_bytes, file.modified_ns)

    def note(self, file: Found, documents: int) -> None:
        """Remember a file that was read, unless it is too young to be sure of."""
        if self._clock_ns() - file.modified_ns > SETTLED_NS:
            self._files[file.relative] = Seen(file.size_bytes, file.modified_ns, documents)

    def note_bad(self, file: Found) -> None:
        """Remember a file that could not be read."""
        self._files[file.relative] = Seen(file.size_bytes, file.modified_ns, 0, file.changed_ns)

    def keep(self, file: Found, before: "Memory") -> None:
        """Remember a file as before."""
        self._files[file.relative] = before._files[file.relative]

    def lessen(self, path: str) -> None:
        """Expect one document less of a file, since it was refused."""
        if (seen := self._files.get(path)) is not None and seen.documents:
            self._files[path] = msgspec.structs.replace(seen, documents=seen.documents - 1)
